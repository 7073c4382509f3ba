// What training and evaluation report beside the loss: numbers that add up over batches, so that the result does not
// depend on how the rows were batched.

import type { ArrayData } from '../data/arrays.js';
import type { Dim } from '../graph/dims.js';
import { cast, fill, mean, mul, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { assertOptions, type Config, classNameOf, snakeCase, type Unit } from '../units.js';

/** Options of every metric. */
export interface MetricOptions {
  /** The key in logs and history. Default: its class in snake_case. */
  name?: string;
}

/** A metric. Subclass `MeanMetric` for the mean of a value per sample, this for other numbers that add up. */
export abstract class Metric implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Metric';

  readonly name: string;

  /** `own` are the names of the options that the subclass reads itself. */
  constructor(options: MetricOptions = {}, own: readonly string[] = []) {
    const className = classNameOf(this);
    assertOptions(className, options, ['name', ...own]);
    this.name = options.name ?? snakeCase(className);
  }

  /** float32 scalars of one batch, from float32 targets and predictions; they are added up over batches. */
  abstract statistics(yTrue: Tensor, yPred: Tensor): readonly Tensor[];

  /** The metric, from the sums of its statistics over batches of `rows` rows in all. */
  abstract result(totals: readonly number[], rows: number): number;

  /** Throws where `y` holds targets that the metric has no value for; `outputShape` is that of one prediction. */
  assertTargets(_y: ArrayData, _outputShape: readonly number[]): void {}

  getConfig(): Config {
    return { name: this.name };
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}

/** The mean of a value over samples. Subclass it and write `call` to have your own. */
export abstract class MeanMetric extends Metric {
  /** The value of each sample, or one scalar that is the mean of the batch. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  override statistics(yTrue: Tensor, yPred: Tensor): readonly Tensor[] {
    const values = cast(this.call(yTrue, yPred), 'float32');
    const batch = yPred.shape[0] as Dim;
    if (values.shape.length === 0) return [mul(values, sum(fill([batch], 1)))];
    const others = values.shape.map((_, axis) => axis).slice(1);
    return [sum(others.length === 0 ? values : mean(values, { axis: others }))];
  }

  override result(totals: readonly number[], rows: number): number {
    return (totals[0] as number) / rows;
  }
}
