// What `compile` takes and keeps: how a model is trained, and how that is measured.

import { describeValue, fail, quote } from '../errors.js';
import type { Shape } from '../graph/dims.js';
import { FunctionLoss } from '../losses/function.js';
import type { Loss, LossLike } from '../losses/index.js';
import { lossConfig, lossOf } from '../losses/registry.js';
import type { Metric, MetricLike } from '../metrics/index.js';
import { type MetricChoice, metricConfig, metricOf } from '../metrics/registry.js';
import { optimizerOf } from '../optimizers/by-name.js';
import type { Optimizer } from '../optimizers/optimizer.js';
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

/** What is asked of one output. */
export interface OutputOptions {
  /** Begins its keys in logs; empty for the only one. */
  readonly name: string;
  readonly loss: LossLike | undefined;
  /** What its loss counts in the model's. */
  readonly weight: number | undefined;
  readonly metrics: readonly MetricLike[];
  readonly weightedMetrics: readonly MetricLike[];
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

/** How one output is held against targets. */
export class Output {
  readonly name: string;
  readonly loss: Loss | undefined;
  readonly weight: number | undefined;
  readonly #metrics: readonly Asked[];

  constructor({ name, loss, weight, metrics, weightedMetrics }: OutputOptions) {
    this.name = name;
    this.loss = loss === undefined ? undefined : lossOf(loss);
    this.weight = weight;
    const given = [this.loss instanceof FunctionLoss, ...[...metrics, ...weightedMetrics].map(isFunction)];
    this.hasFunctions = given.includes(true);
    this.#metrics = [...asked(metrics, 'metrics', false), ...asked(weightedMetrics, 'weightedMetrics', true)];
  }

  /** Whether there are targets for it. */
  get measured(): boolean {
    return this.loss !== undefined || this.#metrics.length > 0;
  }

  /** Whether a function among its losses and metrics is the caller's, who may mean something else at each call. */
  readonly hasFunctions: boolean;

  /** The metrics for targets and predictions of these shapes. Throws DUPLICATE_NAME. */
  metricsFor(yTrue: Shape, yPred: Shape): NamedMetric[] {
    const names = new Set(['loss']);
    return this.#metrics.map(({ resolved, weighted }) => {
      const metric = typeof resolved === 'function' ? resolved(yTrue, yPred) : resolved;
      const own = weighted && names.has(metric.name) ? `weighted_${metric.name}` : metric.name;
      if (names.has(own)) throw fail('DUPLICATE_NAME', 'metrics', 'names that differ', `${quote(own)} twice`);
      names.add(own);
      return { metric, name: this.key(own), weighted };
    });
  }

  /** The key in logs of what is called `name`. */
  key(name: string): string {
    return this.name === '' ? name : `${this.name}_${name}`;
  }

  /** Its metrics as plain data: those by their weights, or the others. */
  metricConfigs(weighted: boolean): unknown[] {
    return this.#metrics
      .filter((metric) => metric.weighted === weighted)
      .map(({ given, resolved }) => (typeof resolved === 'function' ? given : metricConfig(resolved)));
  }
}

/** A model's way of training. */
export class Compiled {
  readonly optimizer: Optimizer;
  readonly outputs: readonly Output[];

  constructor(optimizer: Optimizer | string | undefined, outputs: readonly OutputOptions[]) {
    this.optimizer = optimizerOf(optimizer ?? 'rmsprop');
    this.outputs = outputs.map((output) => new Output(output));
  }

  /** Whether functions of the caller's are among losses and metrics. */
  get hasFunctions(): boolean {
    return this.outputs.some((output) => output.hasFunctions);
  }

  /** As plain data, for a file of a model whose weights have these names. */
  getConfig(weights: readonly string[]): Config {
    const { optimizer, outputs } = this;
    // Of several outputs lists, in their order.
    const each = <T>(of: (output: Output) => T): T | T[] =>
      outputs.length === 1 ? of(outputs[0] as Output) : outputs.map(of);
    const has = (of: (output: Output) => boolean): boolean => outputs.some(of);
    return {
      optimizer: { className: optimizer.className, config: optimizer.configFor(weights) },
      loss: each(({ loss }) => (loss ? lossConfig(loss) : null)),
      metrics: each((output) => output.metricConfigs(false)),
      ...(has((output) => output.metricConfigs(true).length > 0) && {
        weightedMetrics: each((output) => output.metricConfigs(true)),
      }),
      ...(has(({ weight }) => weight !== undefined) && { lossWeights: each(({ weight }) => weight ?? 1) }),
    };
  }
}

/** What `compile` is asked for a model of one output. */
export function compiledOf(options: CompileOptions): Compiled {
  assertOptions('compile', options, ['optimizer', 'loss', 'metrics', 'weightedMetrics']);
  const { optimizer, loss, metrics = [], weightedMetrics = [] } = options;
  return new Compiled(optimizer, [{ name: '', loss: lossOf(loss), weight: undefined, metrics, weightedMetrics }]);
}

function isFunction(metric: MetricLike): boolean {
  return typeof metric === 'function';
}

function asked(metrics: readonly MetricLike[], what: string, weighted: boolean): Asked[] {
  if (!Array.isArray(metrics)) throw fail('INVALID_VALUE', `compile ${what}`, 'a list', describeValue(metrics));
  return metrics.map((given: MetricLike) => ({ given, resolved: metricOf(given), weighted }));
}
