// The losses of regression: how far predictions are off.

import { abs, add, clip, div, log1p, mean, mul, softplus, square, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, from, type OptionTable } from '../options.js';
import { sameAs } from './align.js';
import { atLeast, cosine, EPSILON } from './formulas.js';
import { Loss, type LossOptions } from './loss.js';

/** The mean over outputs of something that each has of its own. */
export abstract class OutputLoss<Options extends LossOptions = LossOptions> extends Loss<Options> {
  /** The loss of each output, from targets and predictions of one shape. */
  protected abstract each(target: Tensor, prediction: Tensor): Tensor;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mean(this.each(sameAs(yTrue, yPred, this.name), yPred), { axis: -1 });
  }
}

/** `(target − prediction)²`, the mean over outputs. */
export class MeanSquaredError extends OutputLoss {
  static override readonly className: string = 'MeanSquaredError';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    return square(sub(prediction, target));
  }
}

/** `|target − prediction|`, the mean over outputs. */
export class MeanAbsoluteError extends OutputLoss {
  static override readonly className: string = 'MeanAbsoluteError';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    return abs(sub(prediction, target));
  }
}

/** `100 · |target − prediction| / max(|target|, 1e-7)`, the mean over outputs. */
export class MeanAbsolutePercentageError extends OutputLoss {
  static override readonly className: string = 'MeanAbsolutePercentageError';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    return mul(div(abs(sub(prediction, target)), atLeast(abs(target), EPSILON)), 100);
  }
}

/** `(log(1 + target) − log(1 + prediction))²`, the mean over outputs; what is below 1e-7 counts as 1e-7. */
export class MeanSquaredLogarithmicError extends OutputLoss {
  static override readonly className: string = 'MeanSquaredLogarithmicError';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    const logarithm = (x: Tensor): Tensor => log1p(atLeast(x, EPSILON));
    return square(sub(logarithm(prediction), logarithm(target)));
  }
}

/** `log cosh(prediction − target)`, the mean over outputs: a square near 0, an absolute value far from it. */
export class LogCosh extends OutputLoss {
  static override readonly className: string = 'LogCosh';

  protected override each(target: Tensor, prediction: Tensor): Tensor {
    const error = sub(prediction, target);
    return sub(add(error, softplus(mul(error, -2))), Math.LN2);
  }
}

/** Options of Huber. */
export interface HuberOptions extends LossOptions {
  /** Where the square ends. More than 0. Default 1. */
  delta?: number;
}

/**
 * `e² / 2` for errors up to `delta`, `delta · |e| − delta² / 2` beyond, the mean over outputs: outliers pull no harder
 * than `delta`. Huber 1964, https://doi.org/10.1214/aoms/1177703732
 */
export class Huber extends OutputLoss<HuberOptions> {
  static override readonly className: string = 'Huber';
  /** @internal */
  static override readonly options: OptionTable = { delta: [1, from(0)] };
  declare readonly delta: number;

  // With q, the part of |e| up to delta: q² / 2 + delta (|e| − q), in both cases.
  protected override each(target: Tensor, prediction: Tensor): Tensor {
    const size = abs(sub(prediction, target));
    const part = clip(size, 0, this.delta);
    return add(mul(square(part), 0.5), mul(sub(size, part), this.delta));
  }
}

/** Options of CosineSimilarity. */
export interface CosineSimilarityOptions extends LossOptions {
  /** The axis of the vectors. Default −1, the last. */
  axis?: number;
}

/** `−cos` of the angle between target and prediction: −1 for the same direction, 1 for the opposite, 0 for a vector of 0. */
export class CosineSimilarity extends Loss<CosineSimilarityOptions> {
  static override readonly className: string = 'CosineSimilarity';
  /** @internal */
  static override readonly options: OptionTable = { axis: [-1, axis] };
  declare readonly axis: number;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mul(cosine(sameAs(yTrue, yPred, this.name), yPred, this.axis), -1);
  }
}
