// Turns whatever holds a user's numbers into flat data, shape and dtype, or says what is wrong with it.
// The result may be a view of the user's memory: whoever keeps it copies it before the next await.

import { describeValue, fail } from '../errors.js';
import { flattenNested } from './nested.js';
import { checkShape, elementCount, lengthMismatch } from './shape.js';
import { castTyped, type FlatData, typedArrayName } from './typed.js';

export type { DType } from './typed.js';

/** Numbers with a shape, row-major. */
export interface ArrayData extends FlatData {
  shape: number[];
}

/**
 * Normalises `x`: a typed array (rank 1 unless `shape` is given), nested arrays of numbers or booleans, or either as
 * `{ data, shape }`, where nested data need no shape. Float64Array and Float16Array become float32 copies, integers of
 * other than 32 bits int32 copies, numbers float32, booleans bool; Float32Array, Int32Array and bytes are passed on
 * without a copy.
 * Throws INVALID_SHAPE, SHAPE_MISMATCH, INVALID_DTYPE, INVALID_VALUE (beyond int32), BUFFER_DETACHED.
 */
export function toArrayData(x: unknown, what: string, shape?: readonly number[]): ArrayData {
  if (isFlatOrNested(x)) return withShape(x, shape, what);
  if (typeof x === 'object' && x !== null && 'data' in x) {
    // Each property is read once: a getter may answer differently the second time.
    const { data, shape: own } = x as { data: unknown; shape?: unknown };
    const given = shape ?? own;
    if (Array.isArray(data)) return withShape(data, given, what);
    if (isFlatOrNested(data)) return withShape(data, checkShape(given, what), what);
  }
  const expected = 'a typed array, nested arrays of numbers, or { data, shape }';
  throw fail('INVALID_DTYPE', what, expected, describeValue(x), hintFor(x));
}

function isFlatOrNested(x: unknown): boolean {
  return typedArrayName(x) !== undefined || Array.isArray(x);
}

function hintFor(x: unknown): string | undefined {
  if (x instanceof ArrayBuffer) return 'wrap it in a typed array, such as new Float32Array(buffer)';
  if (typeof x === 'number') return 'put a single number into an array: [x]';
  return undefined;
}

// `shape` undefined means the data's own; anything else must be a valid shape of as many elements.
function withShape(data: unknown, shape: unknown, what: string): ArrayData {
  const own = Array.isArray(data) ? flattenNested(data, what) : vector(castTyped(data, what));
  if (shape === undefined) return own;
  const checked = checkShape(shape, what);
  if (elementCount(checked, what) !== own.data.length) throw lengthMismatch(what, checked, own.data.length);
  return { data: own.data, shape: checked, dtype: own.dtype };
}

function vector(flat: FlatData): ArrayData {
  return { data: flat.data, shape: [flat.data.length], dtype: flat.dtype };
}
