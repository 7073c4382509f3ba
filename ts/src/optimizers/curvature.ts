// Estimates of the Hessian's diagonal, for rules that look at it: u⊙H·u with random signs u, where H·u is the gradient of
// ⟨g, u⟩. More graph, which the core computes only in the steps whose rule wants it.

import { cast, greater, mul, randomUniform, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tracer } from '../graph/trace.js';
import type { Variable } from '../variable.js';
import type { Optimizer } from './optimizer.js';
import { memoryOf } from './state.js';

/**
 * An estimate for each of the variables whose rule wants one, drawn anew in each step: what `uHu` is on average over all
 * signs is the diagonal (Hutchinson 1989). `gradients` are those of `loss`; the random streams have the variables' names.
 */
export function curvatureOf(
  optimizer: Optimizer,
  tracer: Tracer,
  loss: Tensor,
  variables: readonly Variable[],
): ReadonlyMap<Variable, Tensor> {
  if (!optimizer.needs.has('curvature')) return new Map();
  memoryOf(optimizer).meet(variables);
  const kept = variables.map((variable) => ({ variable, ...memoryOf(optimizer).of(variable) }));
  const curious = kept.filter(({ part }) => part?.settings.declaration.needs === 'curvature');
  return tracer.run(() => {
    const values = curious.map(({ variable }) => tracer.variable(variable));
    const gradients = tracer.gradients([loss], values);
    const signs = curious.map(({ name }, i) => {
      const drawn = randomUniform((values[i] as Tensor).shape, { low: -1, high: 1, name: `curvature of ${name}` });
      return sub(mul(cast(greater(drawn, 0), 'float32'), 2), 1);
    });
    const products = tracer.gradients(
      gradients.map((gradient, i) => sum(mul(gradient, signs[i] as Tensor))),
      values,
    );
    return new Map(curious.map(({ variable }, i) => [variable, mul(products[i] as Tensor, signs[i] as Tensor)]));
  });
}
