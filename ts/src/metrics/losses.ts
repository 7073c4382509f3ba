// Losses as metrics: each the mean over samples of the loss of its name, with the loss's options but for `reduction`.

import type { ArrayData } from '../data/arrays.js';
import { unknownOption } from '../declaration.js';
import { mul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import * as losses from '../losses/index.js';
import { type Config, classNameOf, type UnitClass } from '../units.js';
import { MeanMetric } from './metric.js';

/** A loss as a metric. */
export abstract class LossMetric<Options extends losses.LossOptions = losses.LossOptions> extends MeanMetric {
  /** @internal Which loss. */
  protected static readonly Loss: UnitClass<losses.Loss>;
  readonly #loss: losses.Loss;

  constructor(options: Omit<Options, 'reduction'> = {} as Options) {
    const { name, ...rest }: Config = { ...options };
    super(name === undefined ? {} : { name: name as string });
    if ('reduction' in rest) throw unknownOption(classNameOf(this), 'reduction', ['name']);
    const { Loss } = this.constructor as unknown as { Loss: new (options: object) => losses.Loss };
    this.#loss = new Loss({ ...rest, name: this.name });
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#loss.call(yTrue, yPred);
  }

  override assertTargets(y: ArrayData, outputShape: readonly number[]): void {
    this.#loss.assertTargets(y, outputShape);
  }

  override getConfig(): Config {
    const { reduction, ...config } = this.#loss.getConfig();
    return config;
  }
}

/** The mean of `(target − prediction)²`. */
export class MeanSquaredError extends LossMetric {
  static override readonly className: string = 'MeanSquaredError';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.MeanSquaredError;
}

/** The root of the mean of `(target − prediction)²`. */
export class RootMeanSquaredError extends LossMetric {
  static override readonly className: string = 'RootMeanSquaredError';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.MeanSquaredError;

  override result(totals: readonly number[], rows: number): number {
    return Math.sqrt(super.result(totals, rows));
  }
}

/** The mean of `|target − prediction|`. */
export class MeanAbsoluteError extends LossMetric {
  static override readonly className: string = 'MeanAbsoluteError';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.MeanAbsoluteError;
}

/** The mean of `100 · |target − prediction| / max(|target|, 1e-7)`. */
export class MeanAbsolutePercentageError extends LossMetric {
  static override readonly className: string = 'MeanAbsolutePercentageError';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.MeanAbsolutePercentageError;
}

/** The mean of `(log(1 + target) − log(1 + prediction))²`; what is below 1e-7 counts as 1e-7. */
export class MeanSquaredLogarithmicError extends LossMetric {
  static override readonly className: string = 'MeanSquaredLogarithmicError';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.MeanSquaredLogarithmicError;
}

/** The mean of `log cosh(prediction − target)`. */
export class LogCoshError extends LossMetric {
  static override readonly className: string = 'LogCoshError';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.LogCosh;
}

/** The mean cosine of the angle between target and prediction: 1 for the same direction (the loss of the name is −1). */
export class CosineSimilarity extends LossMetric<losses.CosineSimilarityOptions> {
  static override readonly className: string = 'CosineSimilarity';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.CosineSimilarity;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return mul(super.call(yTrue, yPred), -1);
  }
}

/** The mean of `max(0, 1 − target · prediction)`; targets are −1 and 1 (or 0 and 1). */
export class Hinge extends LossMetric {
  static override readonly className: string = 'Hinge';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.Hinge;
}

/** The mean of `max(0, 1 − target · prediction)²`; targets are −1 and 1 (or 0 and 1). */
export class SquaredHinge extends LossMetric {
  static override readonly className: string = 'SquaredHinge';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.SquaredHinge;
}

/** The mean of `max(0, 1 + max((1 − target) · prediction) − Σ target · prediction)` over the classes. */
export class CategoricalHinge extends LossMetric {
  static override readonly className: string = 'CategoricalHinge';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.CategoricalHinge;
}

/** The mean of `Σ target · log(target / prediction)`. */
export class KLDivergence extends LossMetric {
  static override readonly className: string = 'KLDivergence';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.KLDivergence;
}

/** The mean of `prediction − target · log(prediction + 1e-7)`. */
export class Poisson extends LossMetric {
  static override readonly className: string = 'Poisson';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.Poisson;
}

/** The mean of `−t log p − (1 − t) log(1 − p)`. */
export class BinaryCrossentropy extends LossMetric<losses.CrossentropyOptions> {
  static override readonly className: string = 'BinaryCrossentropy';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.BinaryCrossentropy;
}

/** The mean of `−Σ target · log p`. */
export class CategoricalCrossentropy extends LossMetric<losses.CrossentropyOptions> {
  static override readonly className: string = 'CategoricalCrossentropy';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.CategoricalCrossentropy;
}

/** The mean of `−log p[label]`; targets are whole numbers. */
export class SparseCategoricalCrossentropy extends LossMetric<losses.ClassLossOptions> {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  /** @internal */
  protected static override readonly Loss: UnitClass<losses.Loss> = losses.SparseCategoricalCrossentropy;
}
