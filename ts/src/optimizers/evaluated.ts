// Whether an optimizer has something better to evaluate than the weights, as few have: what computes it is fetched then.

import { later } from '../bring.js';
import type { Variable } from '../variable.js';
import type { Optimizer } from './optimizer.js';

/** The state of `ExponentialMovingAverage`. */
export const EMA = 'emaAverage';

/** Whether the optimizer keeps a mean of the weights that may take their place. */
export function averages(optimizer: Optimizer): boolean {
  return optimizer.parts.some((part) => part.states().some(({ name }) => name === EMA));
}

/**
 * What to evaluate in the place of weights, where the optimizer has something better: on their engine, valid until the
 * next step. Empty before the first.
 */
export async function evaluatedWeights(
  optimizer: Optimizer | undefined,
  weights: readonly Variable[],
): Promise<ReadonlyMap<Variable, Variable>> {
  if (!optimizer?.parts.some(({ settings }) => settings.between) || optimizer.steps === 0) return new Map();
  return await (await later()).placedBetween(optimizer, weights);
}
