// The one gate for shapes that users hand in: a checked copy or an error, before anything is allocated.
// Refuses dimensions that are not whole numbers in 0 … 2^31 - 1, more than 16 of them, and totals beyond 2^53 - 1.

import { type DescendError, describeValue, fail } from '../errors.js';

/** The most dimensions an array may have. */
export const MAX_RANK = 16;
const MAX_DIMENSION = 2 ** 31 - 1;

/** A checked copy of `shape`. Throws `INVALID_SHAPE`; `what` names the thing that has the shape. */
export function checkShape(shape: unknown, what: string): number[] {
  const typed = ArrayBuffer.isView(shape) && !(shape instanceof DataView);
  if (!Array.isArray(shape) && !typed) {
    throw fail('INVALID_SHAPE', what, 'a shape such as [60000, 28, 28]', describeValue(shape));
  }
  const source = shape as ArrayLike<unknown>;
  const rank = source.length;
  if (!(rank <= MAX_RANK)) {
    throw fail('INVALID_SHAPE', what, `a shape of at most ${MAX_RANK} dimensions`, `${String(rank)} dimensions`);
  }
  const checked: number[] = [];
  for (let axis = 0; axis < rank; axis++) checked.push(checkDimension(source[axis], axis, what));
  elementCount(checked, what);
  return checked;
}

function checkDimension(size: unknown, axis: number, what: string): number {
  // `+ 0` turns a harmless -0 into 0.
  if (Number.isInteger(size) && (size as number) >= 0 && (size as number) <= MAX_DIMENSION) return (size as number) + 0;
  const hint = size === -1 ? 'sizes are not inferred here, give the number' : undefined;
  throw fail(
    'INVALID_SHAPE',
    what,
    `dimension ${axis} to be a whole number from 0 to 2^31 - 1`,
    describeValue(size),
    hint,
  );
}

/** The number of elements of a checked shape; 1 for `[]`. Throws `INVALID_SHAPE` beyond 2^53 - 1. */
export function elementCount(shape: readonly number[], what: string): number {
  // Zeros are left out of the bound so that the verdict does not depend on where a zero stands.
  let bound = 1;
  let empty = false;
  for (const size of shape) {
    if (size === 0) empty = true;
    else bound *= size;
    if (bound > Number.MAX_SAFE_INTEGER) {
      throw fail('INVALID_SHAPE', what, 'fewer than 2^53 elements', `shape ${formatShape(shape)}`);
    }
  }
  return empty ? 0 : bound;
}

/** `[2, 3]`, as messages write shapes. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** The error for `shape` not holding exactly `length` elements. */
export function lengthMismatch(what: string, shape: readonly number[], length: number): DescendError {
  const count = elementCount(shape, what);
  return fail('SHAPE_MISMATCH', what, `${count} elements for shape ${formatShape(shape)}`, `${length} elements`);
}
