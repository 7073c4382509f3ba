// The learning rate as callbacks change it: a number, never a schedule, which would be lost.

import { describeValue, fail } from '../errors.js';
import type { Network } from '../models/network.js';

/** The learning rate of a model's optimizer. Throws INVALID_VALUE where it is a schedule or a function. */
export function rateOf(model: Network, what: string): number {
  const { learningRate } = model.optimizer;
  if (typeof learningRate === 'number') return learningRate;
  const hint = 'use one or the other';
  throw fail('INVALID_VALUE', what, 'a learning rate that is a number', describeValue(learningRate), hint);
}
