// How far predictions are off.

import { mean, square, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { sameAs } from '../losses/align.js';
import { MeanMetric } from './metric.js';

/** The mean of `(target − prediction)²`. */
export class MeanSquaredError extends MeanMetric {
  static override readonly className: string = 'MeanSquaredError';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mean(square(sub(yPred, sameAs(yTrue, yPred, this.name))), { axis: -1 });
  }
}
