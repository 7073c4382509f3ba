// The losses of classifiers by margin. Targets are −1 and 1; where all of a batch are 0 and 1, these stand for them.

import { add, max, mul, relu, square, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { sameAs } from './align.js';
import { signs } from './formulas.js';
import { Loss } from './loss.js';
import { OutputLoss } from './regression.js';

/** `max(0, 1 − target · prediction)`, the mean over outputs; targets are −1 and 1 (or 0 and 1). */
export class Hinge extends OutputLoss {
  static override readonly className: string = 'Hinge';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    return relu(sub(1, mul(signs(target), prediction)));
  }
}

/** `max(0, 1 − target · prediction)²`, the mean over outputs; targets are −1 and 1 (or 0 and 1). */
export class SquaredHinge extends Hinge {
  static override readonly className: string = 'SquaredHinge';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    return square(super.each(target, prediction));
  }
}

/** `max(0, 1 + max((1 − target) · prediction) − Σ target · prediction)` over the classes; targets are 0 and 1. */
export class CategoricalHinge extends Loss {
  static override readonly className: string = 'CategoricalHinge';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = sameAs(yTrue, yPred, this.name);
    const right = sum(mul(target, yPred), { axis: -1 });
    const wrong = max(mul(sub(1, target), yPred), { axis: -1 });
    return relu(add(sub(wrong, right), 1));
  }
}
