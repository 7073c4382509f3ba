// Losses as metrics: each the mean over samples of the loss of its name, with the loss's options but for `reduction`.

import type { ArrayData } from '../data/arrays.js';
import { unknownOption } from '../declaration.js';
import type { Tensor } from '../graph/tensor.js';
import * as crossentropy from '../losses/crossentropy.js';
import type { Loss, LossOptions } from '../losses/loss.js';
import * as regression from '../losses/regression.js';
import { type Config, classNameOf, type UnitClass } from '../units.js';
import { MeanMetric } from './metric.js';

/** A loss as a metric. */
export abstract class LossMetric<Options extends LossOptions = LossOptions> extends MeanMetric {
  /** @internal Which loss. */
  protected static readonly Loss: UnitClass<Loss>;
  readonly #loss: Loss;

  constructor(options: Omit<Options, 'reduction'> = {} as Options) {
    const { name, ...rest }: Config = { ...options };
    super(name === undefined ? {} : { name: name as string });
    if ('reduction' in rest) throw unknownOption(classNameOf(this), 'reduction', ['name']);
    const { Loss } = this.constructor as unknown as { Loss: new (options: object) => Loss };
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
  protected static override readonly Loss: UnitClass<Loss> = regression.MeanSquaredError;
}

/** The root of the mean of `(target − prediction)²`. */
export class RootMeanSquaredError extends LossMetric {
  static override readonly className: string = 'RootMeanSquaredError';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = regression.MeanSquaredError;

  override result(totals: readonly number[], rows: number): number {
    return Math.sqrt(super.result(totals, rows));
  }
}

/** The mean of `|target − prediction|`. */
export class MeanAbsoluteError extends LossMetric {
  static override readonly className: string = 'MeanAbsoluteError';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = regression.MeanAbsoluteError;
}

/** The mean of `−t log p − (1 − t) log(1 − p)`. */
export class BinaryCrossentropy extends LossMetric<crossentropy.CrossentropyOptions> {
  static override readonly className: string = 'BinaryCrossentropy';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = crossentropy.BinaryCrossentropy;
}

/** The mean of `−Σ target · log p`. */
export class CategoricalCrossentropy extends LossMetric<crossentropy.CrossentropyOptions> {
  static override readonly className: string = 'CategoricalCrossentropy';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = crossentropy.CategoricalCrossentropy;
}

/** The mean of `−log p[label]`; targets are whole numbers. */
export class SparseCategoricalCrossentropy extends LossMetric<crossentropy.ClassLossOptions> {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  /** @internal */
  protected static override readonly Loss: UnitClass<Loss> = crossentropy.SparseCategoricalCrossentropy;
}
