// Distances between what is expected of chance: distributions and rates.

import { add, clip, div, log, mul, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { sameAs } from './align.js';
import { EPSILON } from './formulas.js';
import { Loss } from './loss.js';
import { OutputLoss } from './regression.js';

/** `Σ target · log(target / prediction)` over the last axis; both are clipped to [1e-7, 1]. */
export class KLDivergence extends Loss {
  static override readonly className: string = 'KLDivergence';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = clip(sameAs(yTrue, yPred, this.name), EPSILON, 1);
    return sum(mul(target, log(div(target, clip(yPred, EPSILON, 1)))), { axis: -1 });
  }
}

/** `prediction − target · log(prediction + 1e-7)`, the mean over outputs: for counts, of which the model gives the rate. */
export class Poisson extends OutputLoss {
  static override readonly className: string = 'Poisson';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    return sub(prediction, mul(target, log(add(prediction, EPSILON))));
  }
}
