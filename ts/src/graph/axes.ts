// Checks of the options that ops on axes share: which axes, and whole numbers. Refuses everything else by name.

import { describeValue, fail } from '../errors.js';
import { type Dim, type Shape, shapeText } from './dims.js';
import type { Tensor } from './tensor.js';

/** One axis or several; negative ones count from the last. Without any, all axes. */
export type Axes = number | readonly number[];

/** An axis of `x`, counted from the first. */
export function axisOf(axis: unknown, x: Tensor, what: string): number {
  const rank = x.shape.length;
  if (Number.isInteger(axis) && (axis as number) >= -rank && (axis as number) < rank) {
    return (axis as number) < 0 ? (axis as number) + rank : (axis as number) + 0;
  }
  throw fail('INVALID_VALUE', what, `an axis of ${shapeText(x.shape)}`, describeValue(axis));
}

/** Distinct axes in ascending order. */
export function axesOf(axes: Axes | undefined, x: Tensor, what: string): number[] {
  if (axes === undefined) return x.shape.map((_, axis) => axis);
  const list = (Array.isArray(axes) ? axes : [axes]).map((axis) => axisOf(axis, x, what));
  const distinct = [...new Set(list)].sort((a, b) => a - b);
  if (distinct.length === list.length) return distinct;
  throw fail('INVALID_VALUE', what, 'each axis once', describeValue(axes));
}

/** A list as it is; anything else (one tensor, most often) is refused. */
export function listOf<T>(xs: readonly T[], what: string): readonly T[] {
  // A copy without holes, which `map` would pass over.
  if (Array.isArray(xs)) return Array.from(xs);
  throw fail('INVALID_VALUE', what, 'a list', describeValue(xs), 'such as [a, b]');
}

/** The shape without `axes`, or with 1 in their places. */
export function reduced(shape: Shape, axes: readonly number[], keep: boolean): Dim[] {
  return shape.flatMap((dim, axis) => (!axes.includes(axis) ? [dim] : keep ? [1] : []));
}

/** The shape with another size on one axis. */
export function withAxis(shape: Shape, axis: number, size: Dim): Dim[] {
  return shape.map((dim, i) => (i === axis ? size : dim));
}

/** A whole number from `low` to `high`. */
export function wholeNumber(x: unknown, low: number, high: number, what: string): number {
  if (Number.isInteger(x) && (x as number) >= low && (x as number) <= high) return (x as number) + 0;
  throw fail('INVALID_VALUE', what, `a whole number from ${low} to ${high}`, describeValue(x));
}

/** A finite number for which `holds` is true; `expected` says which those are. */
export function numberThat(x: unknown, holds: (x: number) => boolean, expected: string, what: string): number {
  if (typeof x === 'number' && Number.isFinite(x) && holds(x)) return x;
  throw fail('INVALID_VALUE', what, expected, describeValue(x));
}
