// The loss times its scale, of which an optimizer with such a scale wants the gradients.

import { mul, slice, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tracer } from '../graph/trace.js';
import type { Variable } from '../variable.js';
import type { Optimizer } from './optimizer.js';
import { memoryOf } from './state.js';

/** `loss` times the optimizer's present scale, to be called while `tracer` traces or after; all variables know the scale. */
export function scaledLoss(optimizer: Optimizer, tracer: Tracer, loss: Tensor, variables: readonly Variable[]): Tensor {
  const { lossScale } = optimizer.around;
  if (lossScale === 1) return loss;
  if (typeof lossScale === 'number') return tracer.run(() => mul(loss, lossScale));
  memoryOf(optimizer).meet(variables);
  const kept = variables.map((variable) => memoryOf(optimizer).of(variable)).find(({ part }) => part !== undefined);
  const at = kept?.part?.states(optimizer.around).findIndex(({ name }) => name === 'lossScale') ?? -1;
  const scale = kept?.states[at];
  if (!scale) return loss;
  // A number is the sum of a pair of floats; the scale is the first number.
  return tracer.run(() => mul(loss, sum(slice(tracer.variable(scale), { axis: 0, start: 0, length: 1 }))));
}
