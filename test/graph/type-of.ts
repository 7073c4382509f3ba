// What shape rules make of a function of a batch. No engine runs here.

import { DescendError } from '../../ts/src/errors.js';
import type { Operand, Tensor } from '../../ts/src/graph/tensor.js';
import { Tracer } from '../../ts/src/graph/trace.js';

/** The type of what `fn` makes of a batch of `shape`, or the error's text. */
export function typeOf(shape: readonly number[], fn: (x: Tensor) => Operand): string {
  const tracer = new Tracer();
  const x = tracer.batch(shape, 'float32');
  try {
    return String(
      tracer.operand(
        tracer.run(() => fn(x)),
        'result',
      ),
    );
  } catch (error) {
    if (error instanceof DescendError) return `${error.code} ${error.message}`;
    throw error;
  }
}
