// Formulas that several losses and metrics are made of, as compositions of ops.

import { add, cast, clip, div, equal, exp, log, max, mul, sqrt, square, sub, sum, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';

/** Keras's `epsilon`: what keeps divisors and arguments of logarithms off 0. */
export const EPSILON = 1e-7;

/** `x`, at least `low`. */
export function atLeast(x: Tensor, low: number): Tensor {
  return clip(x, low, Number.POSITIVE_INFINITY);
}

/** `x` to the power of `exponent` for x from 0 to 1: squares are exact, others within exponent · |ln x| + 2 ulp. */
export function power(x: Tensor, exponent: number): Tensor {
  return exponent === 2 ? square(x) : exp(mul(log(atLeast(x, 1e-30)), exponent));
}

/** `x` of length 1 along an axis; lengths below EPSILON count as EPSILON. */
export function normalized(x: Tensor, axis: number): Tensor {
  return div(x, sqrt(atLeast(sum(square(x), { axis, keepDims: true }), EPSILON ** 2)));
}

/** `target · prediction` of vectors of length 1: the cosine of the angle between them. */
export function cosine(target: Tensor, prediction: Tensor, axis: number): Tensor {
  return sum(mul(normalized(target, axis), normalized(prediction, axis)), { axis });
}

/** Labels 0 and 1 as −1 and 1; as they are where any other is among them. */
export function signs(labels: Tensor): Tensor {
  const binary = add(cast(equal(labels, 0), 'float32'), cast(equal(labels, 1), 'float32'));
  const others = max(sub(1, binary));
  return add(labels, mul(sub(1, others), sub(labels, 1)));
}

/** `x` with one axis moved to the end. */
export function withLast(x: Tensor, axis: number): Tensor {
  const rank = x.shape.length;
  const from = axis < 0 ? axis + rank : axis;
  if (from === rank - 1) return x;
  const others = x.shape.map((_, i) => i).filter((i) => i !== from);
  return transpose(x, [...others, from]);
}

/** `y (1 − s) + s / choices`: moves the share `s` of each target to an even spread. */
export function smoothed(y: Tensor, share: number, choices: number): Tensor {
  return share === 0 ? y : add(mul(y, 1 - share), share / choices);
}
