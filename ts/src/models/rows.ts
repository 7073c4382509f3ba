// What a user hands to fit, evaluate and predict, held against the model before anything happens: samples of the right
// shape, as many targets, a batch size. Nothing here copies; the numbers are still the user's.

import { type ArrayData, toArrayData } from '../data/arrays.js';
import { elementCount, formatShape } from '../data/shape.js';
import { describeValue, fail } from '../errors.js';

/** A typed array (with a shape: `{ data, shape }`) or nested arrays of numbers; the first axis counts samples. */
export type ArrayLikeData =
  | ArrayBufferView
  | readonly unknown[]
  | { readonly data: ArrayBufferView | readonly unknown[]; readonly shape?: readonly number[] };

/** Samples, or targets: an array, or one for each input or output, in a list or by their names. */
export type ArraysLikeData = ArrayLikeData | Readonly<Record<string, ArrayLikeData>>;

/** Samples: their number, and the shape of one. */
export interface Rows {
  readonly array: ArrayData;
  readonly count: number;
  readonly shape: readonly number[];
}

/** The samples in `x`. */
export function rowsOf(x: unknown, what: string): Rows {
  const array = toArrayData(x, what);
  const [count, ...shape] = array.shape;
  if (count === undefined) throw fail('SHAPE_MISMATCH', what, 'a first axis that counts samples', 'a single number');
  return { array, count, shape };
}

/** `x` as inputs of a model whose samples have `expected`; a missing or extra last axis of 1 is put right. */
export function inputsOf(x: unknown, expected: readonly number[] | undefined, what = 'x'): Rows {
  const rows = rowsOf(x, what);
  if (expected === undefined || same(rows.shape, expected)) return rows;
  const spare = same([...rows.shape, 1], expected) || same(rows.shape, [...expected, 1]);
  if (spare) return { ...rows, shape: expected };
  const wanted = `samples of shape ${formatShape(expected)}`;
  const got = `${rows.count} of shape ${formatShape(rows.shape)}`;
  throw fail('SHAPE_MISMATCH', what, wanted, got, hintFor(rows, expected));
}

function hintFor({ array, shape }: Rows, expected: readonly number[]): string | undefined {
  const size = elementCount(expected, 'x');
  if (shape.length === 0 && size > 1 && array.data.length % size === 0) {
    return `say the shape: { data: x, shape: ${formatShape([array.data.length / size, ...expected])} }`;
  }
  return elementCount(shape, 'x') === size ? 'reshape the data, or begin the model with Reshape or Flatten' : undefined;
}

/** Targets, one for each of `count` samples. */
export function targetsOf(y: unknown, count: number, what = 'y'): Rows {
  if (y === undefined) throw fail('INVALID_VALUE', what, 'targets', 'none', 'fit(x, y)');
  const rows = rowsOf(y, what);
  if (rows.count === count) return rows;
  throw fail('SHAPE_MISMATCH', what, `${count} targets, as many as there are samples in x`, String(rows.count));
}

/** At least one row. */
export function assertSome([rows]: readonly Rows[]): void {
  if (rows?.count === 0) throw fail('INVALID_VALUE', 'x', 'at least one sample', 'none');
}

/** A batch size: a whole number of at least 1, cut down to the number of rows. */
export function batchOf(batchSize: unknown, rows: number): number {
  if (!Number.isSafeInteger(batchSize) || (batchSize as number) < 1) {
    throw fail('INVALID_VALUE', 'batchSize', 'a whole number of at least 1', describeValue(batchSize));
  }
  return Math.max(1, Math.min(batchSize as number, rows));
}

/** The samples `from` … `to` − 1, sharing memory with all of them. */
export function part({ array, shape }: Rows, from: number, to: number): Rows {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = array.data.subarray(from * size, to * size);
  return { array: { ...array, data, shape: [to - from, ...shape] }, count: to - from, shape };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
