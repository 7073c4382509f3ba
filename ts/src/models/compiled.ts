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
  /** Metrics, their names in any spelling, or functions. Default none. */
  metrics?: readonly MetricLike[];
}

/** A model's way of training. */
export class Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly #metrics: readonly { given: MetricLike; resolved: Metric | MetricChoice }[];

  constructor(options: CompileOptions) {
    assertOptions('compile', options, ['optimizer', 'loss', 'metrics']);
    const { metrics = [] } = options;
    if (!Array.isArray(metrics)) throw fail('INVALID_VALUE', 'compile metrics', 'a list', describeValue(metrics));
    this.optimizer = optimizerOf(options.optimizer ?? 'rmsprop');
    this.loss = lossOf(options.loss);
    this.#metrics = metrics.map((given: MetricLike) => ({ given, resolved: metricOf(given) }));
  }

  /** The metrics for targets and predictions of these shapes. Throws DUPLICATE_NAME. */
  metricsFor(yTrue: Shape, yPred: Shape): Metric[] {
    const metrics = this.#metrics.map(({ resolved }) =>
      typeof resolved === 'function' ? resolved(yTrue, yPred) : resolved,
    );
    const names = new Set(['loss']);
    for (const { name } of metrics) {
      if (names.has(name)) throw fail('DUPLICATE_NAME', 'metrics', 'names that differ', `${quote(name)} twice`);
      names.add(name);
    }
    return metrics;
  }

  /** As plain data, for a file of a model whose weights have these names. */
  getConfig(weights: readonly string[]): Config {
    const { optimizer } = this;
    return {
      optimizer: { className: optimizer.className, config: optimizer.configFor(weights) },
      loss: lossConfig(this.loss),
      metrics: this.#metrics.map(({ given, resolved }) =>
        typeof resolved === 'function' ? given : metricConfig(resolved),
      ),
    };
  }
}
