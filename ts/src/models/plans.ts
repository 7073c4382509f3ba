// A model as plans: one to train, one to evaluate, one to predict. Each is traced anew for every call, so that what a
// layer or loss says now is what runs; equal traces have equal bytes, which the engine compiles once.

import { fail } from '../errors.js';
import type { Shape } from '../graph/dims.js';
import { encodePlan, type PlanSpec } from '../graph/encode.js';
import type { Tensor } from '../graph/tensor.js';
import { type Slot, Tracer } from '../graph/trace.js';
import type { Metric } from '../metrics/index.js';
import { updateSpec } from '../optimizers/state.js';
import type { Compiled } from './compiled.js';
import type { Network } from './network.js';
import type { Measured } from './totals.js';

/** A traced plan. */
export interface Traced {
  readonly bytes: Uint8Array;
  /** What its variable slots are bound to, and the numbers it captured. */
  readonly slots: readonly Slot[];
  readonly scalars: readonly number[];
  /** Reports per step. */
  readonly reports: number;
}

/** A plan that reports the loss and the statistics of metrics. */
export interface TracedWithLoss extends Traced {
  readonly measured: readonly Measured[];
}

/** Forward, loss, gradients, update. */
export function traceTrain(model: Network, compiled: Compiled, y: Shape): TracedWithLoss {
  return traced((tracer) => {
    const { measured, reports } = losses(tracer, model, compiled, y, true);
    const weights = model.trainableWeights;
    if (weights.length === 0) throw fail('INVALID_VALUE', 'fit', 'at least one trainable weight', 'none');
    const gradients = tracer.gradients(
      reports.slice(0, 1),
      weights.map((weight) => tracer.variable(weight)),
    );
    const pairs = weights.map((weight, i) => [weight, gradients[i] as Tensor] as const);
    return { spec: { reports, update: updateSpec(compiled.optimizer, pairs) }, measured };
  });
}

/** Forward and loss, outside of training. */
export function traceEvaluate(model: Network, compiled: Compiled, y: Shape): TracedWithLoss {
  return traced((tracer) => {
    const { measured, reports } = losses(tracer, model, compiled, y, false);
    return { spec: { reports }, measured };
  });
}

/** Forward alone: the output is written. */
export function tracePredict(model: Network): Traced {
  return traced((tracer) => {
    const x = tracer.batch(model.inputShape, 'float32');
    return { spec: { writes: [model.call(x, { training: false })] }, measured: [] };
  });
}

function traced(build: (tracer: Tracer) => { spec: PlanSpec; measured: readonly Measured[] }): TracedWithLoss {
  const tracer = new Tracer();
  const { spec, measured } = tracer.run(() => build(tracer));
  const bytes = encodePlan(tracer, spec);
  return { bytes, slots: tracer.slots, scalars: tracer.scalars, reports: spec.reports?.length ?? 0, measured };
}

function losses(tracer: Tracer, model: Network, compiled: Compiled, y: Shape, training: boolean) {
  const x = tracer.batch(model.inputShape, 'float32');
  const yTrue = tracer.batch(y, 'float32');
  const yPred = model.call(x, { training });
  const loss = scalar(compiled.loss.apply(yTrue, yPred), compiled.loss.name);
  const statistics = compiled.metricsFor(yTrue.shape, yPred.shape).map((metric) => statisticsOf(metric, yTrue, yPred));
  return {
    measured: statistics.map(({ metric, values }): Measured => ({ metric, statistics: values.length })),
    reports: [loss, ...statistics.flatMap(({ values }) => values)],
  };
}

function statisticsOf(metric: Metric, yTrue: Tensor, yPred: Tensor): { metric: Metric; values: Tensor[] } {
  return { metric, values: metric.statistics(yTrue, yPred).map((value) => scalar(value, metric.name)) };
}

function scalar(x: Tensor, what: string): Tensor {
  if (x.shape.length === 0 && x.dtype === 'float32') return x;
  throw fail('SHAPE_MISMATCH', what, 'a float32 scalar for the whole batch', String(x));
}
