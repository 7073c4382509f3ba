// Normal random numbers, as a composition of ops: the inverse of the normal distribution at uniform ones. It needs one
// uniform number each, and cuts the tails exactly where a truncated distribution ends.

import type { Shape } from '../graph/dims.js';
import { add, cast, clip, greater, log, mul, randomUniform, sqrt, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';

/** The share of a normal distribution within 2 standard deviations: erf(√2). */
const WITHIN_2 = 0.9544997361036416;
/** The float32 below 1. */
const BELOW_1 = 1 - 2 ** -24;
/** Standard deviation of the standard normal distribution cut at ±2. */
export const TRUNCATED_STDDEV = 0.8796256610342398;

// Giles 2011, "Approximating the erfinv function" (GPU Computing Gems), the float32 polynomials: relative error 4e-7.
const CENTRE = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/** Standard normal numbers; with `truncated` none beyond ±2, their standard deviation then being TRUNCATED_STDDEV. */
export function standardNormal(shape: Shape, stream: string, truncated: boolean): Tensor {
  const end = truncated ? WITHIN_2 : 1;
  const x = clip(randomUniform(shape, { low: -end, high: end, name: stream }), -BELOW_1, BELOW_1);
  const z = mul(erfInverse(x), Math.SQRT2);
  return truncated ? clip(z, -2, 2) : z;
}

function erfInverse(x: Tensor): Tensor {
  const w = mul(log(mul(sub(1, x), add(1, x))), -1);
  const far = cast(greater(w, 5), 'float32');
  const centre = mul(polynomial(CENTRE, sub(w, 2.5)), sub(1, far));
  return mul(x, add(centre, mul(polynomial(TAIL, sub(sqrt(w), 3)), far)));
}

// By Horner's rule, the highest power first.
function polynomial(coefficients: readonly number[], x: Tensor): Tensor {
  const [first, second, ...rest] = coefficients as [number, number, ...number[]];
  return rest.reduce((sum, c) => add(mul(sum, x), c), add(mul(x, first), second));
}
