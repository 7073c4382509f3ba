// Sizes of symbolic values: whole numbers, or coef · B^power, where B is the one free size of a plan (the batch).
// Refuses what the engine would refuse: more than 16 axes, more than 2³¹ − 1 elements, powers of B above 4.

import { MAX_RANK } from '../data/shape.js';
import { describeValue, fail } from '../errors.js';

const MAX_ELEMENTS = 2 ** 31 - 1;
const MAX_POWER = 4;

/** A size that depends on the batch: `coef · B^power`, with `power` at least 1. */
export class Batch {
  readonly coef: number;
  readonly power: number;

  constructor(coef: number, power: number) {
    this.coef = coef;
    this.power = power;
  }

  toString(): string {
    return `${this.coef === 1 ? '' : this.coef}B${this.power === 1 ? '' : `^${this.power}`}`;
  }
}

/** The batch itself. */
export const B: Batch = new Batch(1, 1);

/** One axis of a symbolic value. */
export type Dim = number | Batch;

/** Sizes, outermost first. */
export type Shape = readonly Dim[];

export const coefOf = (dim: Dim): number => (typeof dim === 'number' ? dim : dim.coef);
export const powerOf = (dim: Dim): number => (typeof dim === 'number' ? 0 : dim.power);

/** `coef · B^power` in its one form: nothing times B is 0, and B⁰ is a number. */
export function makeDim(coef: number, power: number): Dim {
  return power === 0 || coef === 0 ? coef : new Batch(coef, power);
}

export function sameDim(a: Dim, b: Dim): boolean {
  return coefOf(a) === coefOf(b) && powerOf(a) === powerOf(b);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis] as Dim));
}

/** Number of elements. The shape was checked when it was made. */
export function sizeOf(shape: Shape): Dim {
  return makeDim(
    shape.reduce<number>((coef, dim) => coef * coefOf(dim), 1),
    shape.reduce<number>((power, dim) => power + powerOf(dim), 0),
  );
}

/** `a / b` where that is a size, else undefined: what −1 stands for in a reshape. */
export function quotient(a: Dim, b: Dim): Dim | undefined {
  const [coef, power] = [coefOf(a) / coefOf(b), powerOf(a) - powerOf(b)];
  return Number.isInteger(coef) && power >= 0 ? makeDim(coef, power) : undefined;
}

/** `[2B, 3]`, as messages write shapes. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** A checked copy of a shape that may contain the batch. Throws INVALID_SHAPE; `what` names what has the shape. */
export function checkDims(shape: unknown, what: string): Dim[] {
  if (!Array.isArray(shape)) throw fail('INVALID_SHAPE', what, 'a shape such as [28, 28]', describeValue(shape));
  if (shape.length > MAX_RANK) {
    throw fail('INVALID_SHAPE', what, `a shape of at most ${MAX_RANK} axes`, `${shape.length} axes`);
  }
  // Unlike map, this does not pass over holes.
  const dims = Array.from(shape, (size: unknown, axis) => checkDim(size, axis, what));
  return limited(dims, what);
}

function checkDim(size: unknown, axis: number, what: string): Dim {
  if (size instanceof Batch) return size;
  if (Number.isInteger(size) && (size as number) >= 0 && (size as number) <= MAX_ELEMENTS) return (size as number) + 0;
  throw fail('INVALID_SHAPE', what, `axis ${axis} to be a whole number from 0 to 2^31 - 1`, describeValue(size));
}

/** The shape itself, unless a value of it would have more elements than the engine can index. */
export function limited<S extends Shape>(dims: S, what: string): S {
  const filled = dims.map((dim) => Math.max(coefOf(dim), 1)).reduce((coef, dim) => coef * dim, 1);
  const power = dims.reduce<number>((sum, dim) => sum + powerOf(dim), 0);
  if (filled > MAX_ELEMENTS || power > MAX_POWER) {
    throw fail('INVALID_SHAPE', what, `at most 2^31 - 1 elements and B^${MAX_POWER}`, `shape ${shapeText(dims)}`);
  }
  return dims;
}
