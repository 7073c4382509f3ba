// A model as plans: one to train, one to evaluate, one to predict. Each is traced anew for every call but those of
// trainOnBatch, so that what a layer or loss says now is what runs; equal traces have equal bytes, which are compiled once.

import { fail } from '../errors.js';
import { sizeOf } from '../graph/dims.js';
import { encodePlan, type PlanSpec } from '../graph/encode.js';
import { add, cast, mul, reshape, slice } from '../graph/ops.js';
import type { Stored, Tensor } from '../graph/tensor.js';
import { type Slot, Tracer } from '../graph/trace.js';
import { weightsLike } from '../losses/align.js';
import { curvatureOf } from '../optimizers/curvature.js';
import { scaledLoss } from '../optimizers/loss-scale.js';
import { memoryOf, updateSpec } from '../optimizers/state.js';
import type { Compiled } from './compiled.js';
import type { Network } from './network.js';
import type { TargetShapes } from './samples.js';
import type { Measured } from './totals.js';

/** A traced plan. */
export interface Traced {
  readonly bytes: Uint8Array;
  /** What its variable slots are bound to, and the numbers it captured. */
  readonly slots: readonly Slot[];
  readonly scalars: readonly number[];
  /** Reports per step. */
  readonly reports: number;
  /** What a step sets besides the trained weights and their state. */
  readonly assigned: readonly Stored[];
}

/** A plan that reports the loss and the statistics of metrics. */
export interface TracedWithLoss extends Traced {
  readonly measured: readonly Measured[];
}

/** Forward, loss, gradients, update. */
export function traceTrain(model: Network, compiled: Compiled, shapes: readonly TargetShapes[]): TracedWithLoss {
  return traced((tracer) => {
    const weights = model.trainableWeights;
    memoryOf(compiled.optimizer).meet(weights, model.names);
    const { measured, reports } = losses(tracer, model, compiled, shapes, true);
    if (weights.length === 0) throw fail('INVALID_VALUE', 'fit', 'at least one trainable weight', 'none');
    const loss = scaledLoss(compiled.optimizer, tracer, reports[0] as Tensor, weights);
    const gradients = tracer.gradients(
      [loss],
      weights.map((weight) => tracer.variable(weight)),
    );
    const pairs = weights.map((weight, i) => [weight, gradients[i] as Tensor] as const);
    const curvature = curvatureOf(compiled.optimizer, tracer, reports[0] as Tensor, weights);
    const update = updateSpec(compiled.optimizer, pairs, curvature);
    return { spec: { reports, update, assigns: assigned(tracer) }, measured };
  });
}

interface Kept {
  readonly plan: TracedWithLoss;
  readonly shapes: readonly TargetShapes[];
  readonly weights: readonly unknown[];
}

const kept = new WeakMap<Compiled, Kept>();

/**
 * The same as it was for the batch before, if that was of these shapes: layers, losses and metrics are asked again after
 * `compile`, when weights are frozen or thawed, and always where a function among the losses and metrics is the caller's.
 */
export function keptTrain(model: Network, compiled: Compiled, shapes: readonly TargetShapes[]): TracedWithLoss {
  const weights = [...model.weights, undefined, ...model.trainableWeights];
  const last = kept.get(compiled);
  if (last && sameItems(last.weights, weights) && sameItems(last.shapes, shapes, alike)) return last.plan;
  const plan = traceTrain(model, compiled, shapes);
  if (!compiled.hasFunctions) kept.set(compiled, { plan, shapes, weights });
  return plan;
}

function alike(a: TargetShapes, b: TargetShapes): boolean {
  return sameItems(a.y ?? [], b.y ?? []) && sameItems(a.weight ?? [0], b.weight ?? [0]) && !a.weight === !b.weight;
}

function sameItems<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean = Object.is): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i] as T));
}

/** Forward and loss, outside of training. */
export function traceEvaluate(model: Network, compiled: Compiled, shapes: readonly TargetShapes[]): TracedWithLoss {
  return traced((tracer) => {
    const { measured, reports } = losses(tracer, model, compiled, shapes, false);
    return { spec: { reports, assigns: assigned(tracer) }, measured };
  });
}

/** Forward alone: the outputs are written. */
export function tracePredict(model: Network): Traced {
  return traced((tracer) => {
    const writes = model.run(tracer, inputsFor(tracer, model), { training: false });
    return { spec: { writes: writes.map((y) => cast(y, 'float32')), assigns: assigned(tracer) }, measured: [] };
  });
}

function traced(build: (tracer: Tracer) => { spec: PlanSpec; measured: readonly Measured[] }): TracedWithLoss {
  const tracer = new Tracer();
  const { spec, measured } = tracer.run(() => build(tracer));
  const bytes = encodePlan(tracer, spec);
  const assigned = (spec.assigns ?? []).map(([, variable]) => variable);
  const { slots, scalars } = tracer;
  return { bytes, slots, scalars, reports: spec.reports?.length ?? 0, assigned, measured };
}

/** What a trace sets when a step commits. */
export function assigned({ assigned }: Tracer): [value: Tensor, variable: Stored][] {
  return [...assigned].map(([stored, value]) => [value, stored]);
}

function inputsFor(tracer: Tracer, model: Network): Tensor[] {
  return model.inputShapes.map((shape, i) => tracer.batch(shape, model.inputDtypes[i] ?? 'float32'));
}

// Rows come in this order: samples, then for each output targets and weights.
function losses(
  tracer: Tracer,
  model: Network,
  compiled: Compiled,
  shapes: readonly TargetShapes[],
  training: boolean,
): { measured: Measured[]; reports: Tensor[] } {
  const inputs = inputsFor(tracer, model);
  const targets = shapes.map(({ y, weight }) => ({
    yTrue: y && tracer.batch(y, 'float32'),
    sampleWeight: weight && tracer.batch(weight, 'float32'),
  }));
  const predictions = model.run(tracer, inputs, { training });
  const own: { name: string; loss: Tensor; weight: number | undefined }[] = [];
  const metrics: Measured[] = [];
  const numbers: Tensor[] = [];
  for (const [i, output] of compiled.outputs.entries()) {
    const { yTrue, sampleWeight } = targets[i] ?? {};
    const yPred = predictions[i];
    if (yTrue === undefined || yPred === undefined) continue;
    if (output.loss) {
      const loss = output.loss.apply(yTrue, yPred, { sampleWeight, mask: yPred.mask });
      own.push({ name: output.key('loss'), loss: scalar(loss, output.loss.name), weight: output.weight });
    }
    for (const { metric, name, weighted } of output.metricsFor(yTrue.shape, yPred.shape)) {
      const counts = weighted ? sampleWeight : undefined;
      const statistics = metric.statistics(yTrue, yPred, masked(counts, yPred.mask));
      const all = statistics.flatMap((x) => numbersOf(x, name));
      metrics.push({ metric, output: i, name, statistics: all.length });
      numbers.push(...all);
    }
  }
  const weighted = own.map(({ loss, weight }) => (weight === undefined ? loss : mul(loss, weight)));
  const terms = [...weighted, ...model.penalties().map((penalty) => scalar(penalty, 'regularizer'))];
  const [first, ...others] = terms;
  if (first === undefined || own.length === 0) {
    throw fail('INVALID_VALUE', 'compile', 'a loss for at least one output', 'none');
  }
  const loss = others.reduce((sum, term) => add(sum, term), first);
  const parts = compiled.outputs.length > 1 ? own : [];
  const measured = [{ name: 'loss', statistics: 1 }, ...parts.map(({ name }) => ({ name, statistics: 1 })), ...metrics];
  return { measured, reports: [loss, ...parts.map((part) => part.loss), ...numbers] };
}

// What is masked counts nothing for a metric.
function masked(weight: Tensor | undefined, mask: Tensor | undefined): Tensor | undefined {
  if (mask === undefined) return weight;
  const counts = cast(mask, 'float32');
  return weight ? mul(weightsLike(counts, weight), counts) : counts;
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
