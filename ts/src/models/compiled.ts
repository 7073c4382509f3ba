// What `compile` takes and keeps: how a model is trained, and how that is measured.

import { describeValue, fail, quote } from '../errors.js';
import type { Shape } from '../graph/dims.js';
import type { Loss, LossLike } from '../losses/index.js';
import { lossConfig, lossOf } from '../losses/registry.js';
import type { Metric, MetricLike } from '../metrics/index.js';
import { type MetricChoice, metricConfig, metricOf } from '../metrics/registry.js';
import { type Optimizer, get as optimizerOf } from '../optimizers/index.js';
import { assertOptions, type Config } from '../units.js';

/** Options of `compile`. */
export interface CompileOptions {
  /** An optimizer, or its name for one with default options. Default 'rmsprop', as in Keras. */
  optimizer?: Optimizer | string;
  /** A loss, its name in any spelling, or a function of targets and predictions composed of ops. */
  loss: LossLike;
  /**
   * Metrics, their names in any spelling, or functions; for them all samples weigh 1. One with several results, such as
   * Precision at three thresholds, has the keys `precision_0` to `precision_2`. Default none.
   */
  metrics?: readonly MetricLike[];
  /**
   * Metrics to which samples count by their `sampleWeight` and `classWeight`. One whose key is taken by a metric gets the
   * key `weighted_accuracy`, as in Keras. Default none.
   */
  weightedMetrics?: readonly MetricLike[];
}

/** A metric as the logs of a model have it. */
export interface NamedMetric {
  readonly metric: Metric;
  /** Its key. */
  readonly name: string;
  /** Whether samples count by their weights. */
  readonly weighted: boolean;
}

/** A metric as `compile` was asked for it. */
interface Asked {
  readonly given: MetricLike;
  readonly resolved: Metric | MetricChoice;
  readonly weighted: boolean;
}

/** A model's way of training. */
export class Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly #metrics: readonly Asked[];

  constructor(options: CompileOptions) {
    assertOptions('compile', options, ['optimizer', 'loss', 'metrics', 'weightedMetrics']);
    const { metrics = [], weightedMetrics = [] } = options;
    this.optimizer = optimizerOf(options.optimizer ?? 'rmsprop');
    this.loss = lossOf(options.loss);
    this.#metrics = [...asked(metrics, 'metrics', false), ...asked(weightedMetrics, 'weightedMetrics', true)];
  }

  /** The metrics for targets and predictions of these shapes. Throws DUPLICATE_NAME. */
  metricsFor(yTrue: Shape, yPred: Shape): NamedMetric[] {
    const names = new Set(['loss']);
    return this.#metrics.map(({ resolved, weighted }) => {
      const metric = typeof resolved === 'function' ? resolved(yTrue, yPred) : resolved;
      const name = weighted && names.has(metric.name) ? `weighted_${metric.name}` : metric.name;
      if (names.has(name)) throw fail('DUPLICATE_NAME', 'metrics', 'names that differ', `${quote(name)} twice`);
      names.add(name);
      return { metric, name, weighted };
    });
  }

  /** As plain data, for a file of a model whose weights have these names. */
  getConfig(weights: readonly string[]): Config {
    const { optimizer } = this;
    const configs = (of: boolean): unknown[] =>
      this.#metrics
        .filter(({ weighted }) => weighted === of)
        .map(({ given, resolved }) => (typeof resolved === 'function' ? given : metricConfig(resolved)));
    const weightedMetrics = configs(true);
    return {
      optimizer: { className: optimizer.className, config: optimizer.configFor(weights) },
      loss: lossConfig(this.loss),
      metrics: configs(false),
      ...(weightedMetrics.length > 0 && { weightedMetrics }),
    };
  }
}

function asked(metrics: readonly MetricLike[], what: string, weighted: boolean): Asked[] {
  if (!Array.isArray(metrics)) throw fail('INVALID_VALUE', `compile ${what}`, 'a list', describeValue(metrics));
  return metrics.map((given: MetricLike) => ({ given, resolved: metricOf(given), weighted }));
}
