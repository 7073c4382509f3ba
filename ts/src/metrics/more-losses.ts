// The other losses as metrics: those that few applications name by a string.

import { mul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import * as distance from '../losses/distance.js';
import * as hinge from '../losses/hinge.js';
import type { Loss } from '../losses/loss.js';
import * as regression from '../losses/regression.js';
import type { UnitClass } from '../units.js';
import { LossMetric } from './losses.js';

/** The mean of `100 · |target − prediction| / max(|target|, 1e-7)`. */
export class MeanAbsolutePercentageError extends LossMetric {
  static override readonly className: string = 'MeanAbsolutePercentageError';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = regression.MeanAbsolutePercentageError;
}

/** The mean of `(log(1 + target) − log(1 + prediction))²`; what is below 1e-7 counts as 1e-7. */
export class MeanSquaredLogarithmicError extends LossMetric {
  static override readonly className: string = 'MeanSquaredLogarithmicError';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = regression.MeanSquaredLogarithmicError;
}

/** The mean of `log cosh(prediction − target)`. */
export class LogCoshError extends LossMetric {
  static override readonly className: string = 'LogCoshError';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = regression.LogCosh;
}

/** The mean cosine of the angle between target and prediction: 1 for the same direction (the loss of the name is −1). */
export class CosineSimilarity extends LossMetric<regression.CosineSimilarityOptions> {
  static override readonly className: string = 'CosineSimilarity';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = regression.CosineSimilarity;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mul(super.call(yTrue, yPred), -1);
  }
}

/** The mean of `max(0, 1 − target · prediction)`; targets are −1 and 1 (or 0 and 1). */
export class Hinge extends LossMetric {
  static override readonly className: string = 'Hinge';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = hinge.Hinge;
}

/** The mean of `max(0, 1 − target · prediction)²`; targets are −1 and 1 (or 0 and 1). */
export class SquaredHinge extends LossMetric {
  static override readonly className: string = 'SquaredHinge';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = hinge.SquaredHinge;
}

/** The mean of `max(0, 1 + max((1 − target) · prediction) − Σ target · prediction)` over the classes. */
export class CategoricalHinge extends LossMetric {
  static override readonly className: string = 'CategoricalHinge';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = hinge.CategoricalHinge;
}

/** The mean of `Σ target · log(target / prediction)`. */
export class KLDivergence extends LossMetric {
  static override readonly className: string = 'KLDivergence';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = distance.KLDivergence;
}

/** The mean of `prediction − target · log(prediction + 1e-7)`. */
export class Poisson extends LossMetric {
  static override readonly className: string = 'Poisson';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = distance.Poisson;
}
