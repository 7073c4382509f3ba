// The losses of regression.

import { mean, square, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { sameAs } from './align.js';
import { Loss } from './loss.js';

/** `(target − prediction)²`, the mean over outputs. */
export class MeanSquaredError extends Loss {
  static override readonly className: string = 'MeanSquaredError';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mean(square(sub(yPred, sameAs(yTrue, yPred, this.name))), { axis: -1 });
  }
}
