// What training and evaluation report beside the loss: numbers that add up over batches, so that the result does not
// depend on how the rows were batched.

import type { ArrayData } from '../data/arrays.js';
import type { Dim } from '../graph/dims.js';
import { cast, fill, mean, mul, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { weightsLike } from '../losses/align.js';
import { nameFrom, type OptionTable, readOptions } from '../options.js';
import { assertOptions, type Config, classNameOf, propertiesOf, snakeCase, type Unit } from '../units.js';

/** Options of every metric. */
export interface MetricOptions {
  /** The key in logs and history. Default: its class in snake_case. */
  name?: string;
}

/** A metric. Subclass `MeanMetric` for the mean of a value per sample, this for other numbers that add up. */
export abstract class Metric<Options extends MetricOptions = MetricOptions> implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Metric';
  /** @internal Options that the constructor reads into properties. */
  static readonly options: OptionTable = {};

  readonly name: string;
  readonly #own: readonly string[];

  /** `own` are the names of the options that the subclass reads itself, and keeps in properties of these names. */
  constructor(options: Options = {} as Options, own: readonly string[] = []) {
    const className = classNameOf(this);
    const table = (this.constructor as typeof Metric).options;
    this.#own = [...own, ...Object.keys(table)];
    assertOptions(className, options, ['name', ...this.#own]);
    this.name = nameFrom(options.name, snakeCase(className));
    readOptions(this, options, table, this.name);
  }

  /**
   * float32 tensors of fixed shapes that say what one batch contributes; each number of them is added up over batches,
   * in f64. `sampleWeight` is float32, of the shape of the targets or of their first axes; without it all weigh 1.
   */
  abstract statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[];

  /**
   * The metric, from the sums of its statistics (their numbers in order) over batches of `rows` rows in all. Several
   * numbers are reported under its name with `_0`, `_1` …
   */
  abstract result(totals: readonly number[], rows: number): number | readonly number[];

  /** Throws where `y` holds targets that the metric has no value for; `outputShape` is that of one prediction. */
  assertTargets(_y: ArrayData, _outputShape: readonly number[]): void {}

  getConfig(): Config {
    return propertiesOf(this, ['name', ...this.#own]);
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}

/** The mean of a value over samples, or Σ weight · value / Σ weight. Subclass it and write `call` to have your own. */
export abstract class MeanMetric<Options extends MetricOptions = MetricOptions> extends Metric<Options> {
  /** The value of each sample, or one scalar that is the mean of the batch. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    return meanOf(cast(this.call(yTrue, yPred), 'float32'), yPred.shape[0] as Dim, sampleWeight);
  }

  override result(totals: readonly number[], rows: number): number {
    return ratio(totals[0] as number, totals[1] ?? rows);
  }
}

// The sum of the values of rows and, with weights, that of the weights.
function meanOf(values: Tensor, batch: Dim, sampleWeight: Tensor | undefined): Tensor[] {
  if (values.shape.length === 0) {
    const weight = sum(sampleWeight ? rowMeans(sampleWeight) : fill([batch], 1));
    return sampleWeight ? [mul(values, weight), weight] : [mul(values, weight)];
  }
  if (sampleWeight === undefined) return [sum(rowMeans(values))];
  const weights = weightsLike(values, sampleWeight);
  return [sum(rowMeans(mul(values, weights))), sum(rowMeans(weights))];
}

/** The mean of each row. */
function rowMeans(x: Tensor): Tensor {
  const others = x.shape.map((_, axis) => axis).slice(1);
  return others.length === 0 ? x : mean(x, { axis: others });
}

/** `a / b`, and 0 where b is 0, as Keras divides: nothing was counted. NaN stays NaN. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
