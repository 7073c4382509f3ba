// Products of vectors with the derivatives of a function: of the Jacobian, forwards, and of the Hessian. Neither matrix is
// ever there; both are gradients of gradients.

import { describeValue, fail } from './errors.js';
import {
  checkVariables,
  evaluated,
  type Gradient,
  type LossFunction,
  type RandomOptions,
  traceLoss,
} from './functions.js';
import { sizeOf } from './graph/dims.js';
import { floating } from './graph/elementwise.js';
import { fill, reshape, stopGradient } from './graph/ops.js';
import type { Operand, Tensor } from './graph/tensor.js';
import { Tracer } from './graph/trace.js';
import { assertOptions } from './units.js';
import type { Variable } from './variable.js';

/**
 * The Hessian of `fn`, which gives one number, at `variables`, times a vector: of each variable a part, as arrays of its
 * size. Costs some two gradients: `∇(∇f · v)` (Pearlmutter 1994, https://doi.org/10.1162/neco.1994.6.1.147).
 */
export async function hessianVectorProduct(
  fn: LossFunction,
  variables: readonly Variable[],
  vectors: readonly Operand[],
  options: RandomOptions = {},
): Promise<Gradient[]> {
  const what = 'hessianVectorProduct';
  assertOptions(what, options, ['seed', 'iteration']);
  checkVariables(variables, what);
  const { tracer, grads } = traceLoss(fn, variables, what);
  const xs = variables.map((variable) => tracer.variable(variable));
  const products = tracer.run(() => {
    const directions = directionsOf(tracer, variables, vectors, what);
    return tracer.gradients(grads, xs, directions);
  });
  return (await evaluated(tracer, variables, { writes: products }, options, what)).arrays;
}

/**
 * The Jacobian of `fn`, which gives a tensor, at `variables`, times a vector: how the result changes along `vectors`, of each
 * variable a part. Takes two gradients: the product uᵀJ is linear in u, and its own derivative along it is Jv, whatever u
 * is (what forward mode computes in one pass).
 */
export async function jacobianVectorProduct(
  fn: () => Operand,
  variables: readonly Variable[],
  vectors: readonly Operand[],
  options: RandomOptions = {},
): Promise<Gradient> {
  const what = 'jacobianVectorProduct';
  assertOptions(what, options, ['seed', 'iteration']);
  checkVariables(variables, what);
  if (typeof fn !== 'function') throw fail('INVALID_VALUE', what, 'a function', describeValue(fn));
  const tracer = new Tracer();
  const y = floating(tracer.operand(tracer.run(fn), `${what}: result`), what);
  const xs = variables.map((variable) => tracer.variable(variable));
  const product = tracer.run(() => {
    const directions = directionsOf(tracer, variables, vectors, what);
    // Not known to be zero, lest what depends on it be left out.
    const u = stopGradient(fill(y.shape, 0));
    const back = tracer.gradients([y], xs, [u]);
    return tracer.gradients(back, [u], directions)[0] as Tensor;
  });
  return (await evaluated(tracer, variables, { writes: [product] }, options, what)).arrays[0] as Gradient;
}

function directionsOf(
  tracer: Tracer,
  variables: readonly Variable[],
  vectors: readonly Operand[],
  what: string,
): Tensor[] {
  if (!Array.isArray(vectors) || vectors.length !== variables.length) {
    const got = Array.isArray(vectors) ? `${vectors.length}` : describeValue(vectors);
    throw fail('INVALID_VALUE', `${what}: vectors`, `a list of ${variables.length}, one for each variable`, got);
  }
  return vectors.map((vector: Operand, i) => {
    const [{ shape, size }, v] = [variables[i] as Variable, tracer.operand(vector, `${what}: vectors`)];
    if (v.dtype === 'float32' && sizeOf(v.shape) === size) return reshape(v, shape);
    throw fail('SHAPE_MISMATCH', `${what}: vector ${i}`, `float32 numbers like ${variables[i]}`, String(v));
  });
}
