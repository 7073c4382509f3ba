// Nested JavaScript arrays to flat data: numbers become float32, booleans bool; rows may be typed arrays.
// Refuses ragged rows, holes, mixed kinds and more than 16 levels (so also an array that contains itself).

import { type DescendError, describeValue, fail } from '../errors.js';
import type { ArrayData } from './arrays.js';
import { elementCount, MAX_RANK } from './shape.js';
import { castTyped, type FlatData, typedArrayName } from './typed.js';

/** Flattens `rows`; the first element of each level sets the shape. `what` begins the path in messages. */
export function flattenNested(rows: readonly unknown[], what: string): ArrayData {
  const { shape, first } = measure(rows, what);
  const target = allocate(first, elementCount(shape, what), what);
  new Fill(shape, target, what).level(rows, 0);
  return { data: target.data, shape, dtype: target.dtype };
}

// Walks down the first elements. `first` is the first number, boolean or typed row; undefined when there is none.
function measure(rows: readonly unknown[], what: string): { shape: number[]; first: unknown } {
  const shape: number[] = [];
  let level: unknown = rows;
  while (Array.isArray(level)) {
    push(shape, level.length, what);
    if (level.length === 0) return { shape, first: undefined };
    level = level[0];
  }
  if (typedArrayName(level) !== undefined) push(shape, castTyped(level, what).data.length, what);
  return { shape, first: level };
}

function push(shape: number[], size: number, what: string): void {
  if (shape.length === MAX_RANK) {
    throw fail('INVALID_SHAPE', what, `at most ${MAX_RANK} levels of arrays`, 'more, or an array inside itself');
  }
  shape.push(size);
}

function allocate(first: unknown, count: number, what: string): FlatData {
  if (typeof first === 'boolean') return { data: new Uint8Array(count), dtype: 'bool' };
  if (typedArrayName(first) === undefined) return { data: new Float32Array(count), dtype: 'float32' };
  const { data, dtype } = castTyped(first, what);
  if (data instanceof Float32Array) return { data: new Float32Array(count), dtype };
  return { data: data instanceof Int32Array ? new Int32Array(count) : new Uint8Array(count), dtype };
}

class Fill {
  private position = 0;
  // Where the walk stands, as indices: the path is spelled out only for an error.
  private readonly at: number[] = [];
  private readonly shape: readonly number[];
  private readonly target: FlatData;
  private readonly what: string;

  constructor(shape: readonly number[], target: FlatData, what: string) {
    this.shape = shape;
    this.target = target;
    this.what = what;
  }

  level(value: unknown, depth: number): void {
    const size = this.shape[depth] as number;
    const last = depth === this.shape.length - 1;
    if (last && typedArrayName(value) !== undefined) {
      this.typedRow(value, size);
      return;
    }
    if (!Array.isArray(value)) throw this.ragged(size, describeValue(value));
    if (value.length !== size) throw this.ragged(size, String(value.length));
    if (last) {
      this.leaves(value, size);
      return;
    }
    for (let i = 0; i < size; i++) {
      this.at[depth] = i;
      this.level(value[i], depth + 1);
    }
    this.at.length = depth;
  }

  private leaves(row: readonly unknown[], size: number): void {
    const { data, dtype } = this.target;
    const kind = dtype === 'bool' ? 'boolean' : 'number';
    for (let i = 0; i < size; i++) {
      const value = row[i];
      if (typeof value !== kind) throw this.wrongLeaf(`${this.path()}[${i}]`, kind, value);
      data[this.position++] = Number(value);
    }
  }

  private typedRow(value: unknown, size: number): void {
    const row = castTyped(value, this.path());
    if (row.data.length !== size) throw this.ragged(size, String(row.data.length));
    const { data, dtype } = this.target;
    if (row.dtype !== dtype) {
      throw fail('INVALID_DTYPE', this.path(), `a row of ${dtype}, as the first row`, row.dtype);
    }
    data.set(row.data, this.position);
    this.position += size;
  }

  private path(): string {
    return this.what + this.at.map((index) => `[${index}]`).join('');
  }

  private ragged(size: number, got: string): DescendError {
    const hint = 'all rows must be equally long and deep';
    return fail('SHAPE_MISMATCH', this.path(), `${size} values, as in the rows before`, got, hint);
  }

  private wrongLeaf(path: string, kind: string, value: unknown): DescendError {
    if (Array.isArray(value)) {
      return fail('SHAPE_MISMATCH', path, `a ${kind}`, describeValue(value), 'all rows must be equally deep');
    }
    return fail('INVALID_DTYPE', path, `a ${kind}`, describeValue(value));
  }
}
