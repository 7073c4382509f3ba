// A model as plans: one to train, one to evaluate, one to predict. Each is traced anew for every call, so that what a
// layer or loss says now is what runs; equal traces have equal bytes, which the engine compiles once.

import { fail } from '../errors.js';
import { type Shape, sizeOf } from '../graph/dims.js';
import { encodePlan, type PlanSpec } from '../graph/encode.js';
import { add, reshape, slice } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { type Slot, Tracer } from '../graph/trace.js';
import { curvatureOf } from '../optimizers/curvature.js';
import { scaledLoss } from '../optimizers/loss-scale.js';
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

/** Shapes of what samples are held against, without their first axis. */
export interface TargetShapes {
  readonly y: Shape;
  /** Of the samples' weights, where they have any. */
  readonly weight?: Shape | undefined;
}

/** Forward, loss, gradients, update. */
export function traceTrain(model: Network, compiled: Compiled, shapes: TargetShapes): TracedWithLoss {
  return traced((tracer) => {
    const { measured, reports } = losses(tracer, model, compiled, shapes, true);
    const weights = model.trainableWeights;
    if (weights.length === 0) throw fail('INVALID_VALUE', 'fit', 'at least one trainable weight', 'none');
    const loss = scaledLoss(compiled.optimizer, tracer, reports[0] as Tensor, weights);
    const gradients = tracer.gradients(
      [loss],
      weights.map((weight) => tracer.variable(weight)),
    );
    const pairs = weights.map((weight, i) => [weight, gradients[i] as Tensor] as const);
    const curvature = curvatureOf(compiled.optimizer, tracer, reports[0] as Tensor, weights);
    return { spec: { reports, update: updateSpec(compiled.optimizer, pairs, curvature) }, measured };
  });
}

/** Forward and loss, outside of training. */
export function traceEvaluate(model: Network, compiled: Compiled, shapes: TargetShapes): TracedWithLoss {
  return traced((tracer) => {
    const { measured, reports } = losses(tracer, model, compiled, shapes, false);
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

// Rows come in this order: samples, targets, weights.
function losses(tracer: Tracer, model: Network, compiled: Compiled, { y, weight }: TargetShapes, training: boolean) {
  const x = tracer.batch(model.inputShape, 'float32');
  const yTrue = tracer.batch(y, 'float32');
  const sampleWeight = weight && tracer.batch(weight, 'float32');
  const yPred = model.call(x, { training });
  const own = scalar(compiled.loss.apply(yTrue, yPred, { sampleWeight }), compiled.loss.name);
  const loss = model.penalties().reduce((sum, penalty) => add(sum, scalar(penalty, 'regularizer')), own);
  const measured: Measured[] = [];
  const reports = [loss];
  for (const { metric, name, weighted } of compiled.metricsFor(yTrue.shape, yPred.shape)) {
    const statistics = metric.statistics(yTrue, yPred, weighted ? sampleWeight : undefined);
    const numbers = statistics.flatMap((x) => numbersOf(x, name));
    measured.push({ metric, name, statistics: numbers.length });
    reports.push(...numbers);
  }
  return { measured, reports };
}

// The elements of `x`, each a scalar to report.
function numbersOf(x: Tensor, what: string): Tensor[] {
  const size = sizeOf(x.shape);
  if (typeof size !== 'number' || x.dtype !== 'float32') {
    throw fail('SHAPE_MISMATCH', what, 'float32 statistics of fixed shapes', String(x), 'sum over the batch');
  }
  if (x.shape.length === 0) return [x];
  const flat = reshape(x, [size]);
  return Array.from({ length: size }, (_, start) => reshape(slice(flat, { start, length: 1 }), []));
}

function scalar(x: Tensor, what: string): Tensor {
  if (x.shape.length === 0 && x.dtype === 'float32') return x;
  throw fail('SHAPE_MISMATCH', what, 'a float32 scalar for the whole batch', String(x));
}
