// A user's function as a loss.

import { describeValue, fail } from '../errors.js';
import { Tensor } from '../graph/tensor.js';
import { Loss } from './loss.js';

/** A loss as a function of float32 targets and predictions; it may give a number for each sample or one for all. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The loss that a function is. */
export class FunctionLoss extends Loss {
  readonly fn: LossFunction;

  constructor(fn: LossFunction) {
    super({ name: fn.name || 'loss' });
    this.fn = fn;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const losses = this.fn(yTrue, yPred);
    if (losses instanceof Tensor) return losses;
    throw fail(
      'INVALID_VALUE',
      this.name,
      'a function that returns a tensor',
      describeValue(losses),
      'compose it of ops',
    );
  }
}
