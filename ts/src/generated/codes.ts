// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

/** Every error code with its meaning. Codes are stable, messages are not. */
export const CODES = {
  SHAPE_MISMATCH: 'Two shapes, or a shape and a number of elements, do not fit together.',
  INVALID_SHAPE: 'A shape is not a list of at most 16 whole numbers from 0 to 2^31 - 1, or is too large in total.',
  INVALID_DTYPE: 'A value or array is of a kind that cannot be used here.',
  INVALID_VALUE: 'A value is of the wrong kind or out of its range.',
  UNKNOWN_OPTION: 'An option of this name does not exist.',
  UNKNOWN_NAME: 'A string names no optimizer, loss, metric, activation, layer or schedule.',
  DUPLICATE_NAME: 'Two things that need names of their own share one.',
  LABEL_OUT_OF_RANGE: 'A class label is negative, fractional or not below the number of classes.',
  BUFFER_DETACHED: 'The memory behind an array was transferred away, or shrunk until the array lies outside it.',
  NON_FINITE: 'A gradient, a loss or a hyper-parameter is NaN or infinite.',
  NEEDS_LOSS: 'The optimizer looks at the loss, so gradients alone are not enough.',
  NEEDS_LOCAL_ENGINE: 'A synchronous call needs an engine in this thread; the present one answers asynchronously.',
  NOT_READY: 'A synchronous call came before `await ready()` had loaded an engine.',
  NOT_BUILT: 'A model has no weights yet, because its input shape is unknown.',
  NOT_COMPILED: 'A model was asked to train or evaluate before `compile`.',
  BUSY: 'The model or variable is in use by a call that has not finished.',
  DISPOSED: 'The model, variable or engine was disposed of and cannot be used again.',
  STATE_LOST: 'A failure in the middle of an update, or the end of their worker, left variables without a trustworthy value.',
  OUT_OF_MEMORY: 'There is not enough memory, or the memory limit is reached.',
  ENGINE_UNAVAILABLE: 'No engine could be loaded in this runtime; the message says why each one failed.',
  ENGINE_FAILED: 'The engine refused or failed a call that the library itself had prepared, or its worker ended.',
  ENGINE_PANIC: 'A defect of the engine stopped a call; other models are unharmed and the next call works.',
  PLAN_INVALID: 'The bytes of a compiled plan are malformed or contradict themselves.',
  FILE_FORMAT: 'A file or its bytes are not in the format they should have.',
  FILE_IO: 'A file could not be read or written.',
  PART_MISSING: 'A part is needed that is not loaded: it is on its way (seen by who looks at what `compile` waits for), or could not be fetched.',
  NOT_DIFFERENTIABLE: 'A gradient was asked through something that has none.',
  ABORTED: 'The call was aborted by its signal.',
} as const;

/** The stable name of a kind of failure, as in `DescendError.code`. */
export type ErrorCode = keyof typeof CODES;
