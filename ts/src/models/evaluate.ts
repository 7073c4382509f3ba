// The loss and metrics of a model over samples that it does not learn from.

import { formatShape } from '../data/shape.js';
import type { Engine } from '../engine/engine.js';
import { type Chunk, Pace, runSteps } from '../engine/loop.js';
import { fail } from '../errors.js';
import { evaluatedWeights } from '../optimizers/averages.js';
import type { Progress } from '../progress.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { type Batches, isStream, partsOf } from './batches.js';
import type { Compiled } from './compiled.js';
import { ArrayFeed, type Feed, START } from './feed.js';
import type { Network } from './network.js';
import { type TargetShapes, type TracedWithLoss, traceEvaluate } from './plans.js';
import { type ArrayLikeData, assertSome, batchOf, inputsOf, type Rows, targetsOf } from './rows.js';
import { type SampleWeights, weightsOf } from './sample-weights.js';
import { StreamFeed } from './stream.js';
import { Totals } from './totals.js';
import { checkSignal, progressOf, type Verbose } from './watch.js';

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /**
   * Samples at a time. Default 32. The loss is the mean of the batches' losses, each counted by its samples: batches of
   * another size change its last digits, and under the reduction 'sum' its size.
   */
  batchSize?: number;
  /** Default 0, silent. */
  verbose?: Verbose;
  signal?: AbortSignal;
  /** A factor for the loss of each sample (`[n]`), or of each part of its targets (their first axes). Default 1. */
  sampleWeight?: ArrayLikeData | undefined;
}

/** Samples, targets and perhaps weights, held against the model, and the plan for them. */
export interface Prepared {
  readonly compiled: Compiled;
  readonly inputs: Rows;
  /** All of them, in the order of the plan's data. */
  readonly rows: readonly Rows[];
  readonly plan: TracedWithLoss;
}

/** What every call over samples and targets begins with; `what` is its name. Builds the model if need be. */
export function prepare(
  model: Network,
  what: string,
  trace: (model: Network, compiled: Compiled, shapes: TargetShapes) => TracedWithLoss,
  x: unknown,
  y: unknown,
  weights: SampleWeights,
): Prepared {
  const compiled = model.compiled(what);
  const inputs = inputsOf(x, model.built ? model.inputShape : undefined);
  assertSome(inputs);
  const targets = targetsOf(y, inputs.count);
  return buildFor(model, inputs, () => {
    const rows = rowsWith(inputs, targets, weightsOf(targets, outputShapeOf(model), weights));
    const plan = trace(model, compiled, targetShapes(rows));
    assertTargets(model, compiled, plan, targets);
    return { compiled, inputs, rows, plan };
  });
}

/** How a stream is begun. */
export interface StreamOptions extends Pick<SampleWeights, 'classWeight'> {
  /** The pass to begin with. Default 0. */
  pass?: number;
  signal?: AbortSignal | undefined;
}

/** The same for a stream, by its first batch; the others are held against it as they come. */
export async function prepareStream(
  model: Network,
  what: string,
  trace: (model: Network, compiled: Compiled, shapes: TargetShapes) => TracedWithLoss,
  source: Batches,
  { classWeight, pass = 0, signal }: StreamOptions,
): Promise<{ plan: TracedWithLoss; feed: Feed }> {
  const compiled = model.compiled(what);
  const feed = new StreamFeed(source);
  try {
    const { x, y, sampleWeight } = partsOf(await feed.first(pass, what, signal));
    const { plan, rows } = prepare(model, what, trace, x, y, { sampleWeight, classWeight } as SampleWeights);
    feed.readBy((batch) => {
      const { x, y, sampleWeight } = partsOf(batch);
      const inputs = inputsOf(x, model.inputShape);
      assertSome(inputs);
      const targets = targetsOf(y, inputs.count);
      const weights = weightsOf(targets, outputShapeOf(model), { sampleWeight, classWeight } as SampleWeights);
      const read = rowsWith(inputs, targets, weights);
      assertAlike(read, rows);
      assertTargets(model, compiled, plan, targets);
      return read;
    });
    return { plan, feed };
  } catch (error) {
    await feed.release();
    throw error;
  }
}

// A plan is for targets, and perhaps weights, of one shape.
function assertAlike(batch: readonly Rows[], first: readonly Rows[]): void {
  const shapes = (rows: readonly Rows[]): string => rows.map(({ shape }) => formatShape(shape)).join(' and ');
  if (shapes(batch.slice(1)) === shapes(first.slice(1))) return;
  const expected = `targets, and weights if any, of shape ${shapes(first.slice(1))}, as in the first batch`;
  throw fail('SHAPE_MISMATCH', 'y', expected, shapes(batch.slice(1)));
}

/** Throws INVALID_VALUE for options that say what a stream says by itself. */
export function assertLeftOut(options: object, names: readonly string[], hint: string): void {
  const given = names.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (given !== undefined) throw fail('INVALID_VALUE', given, 'none beside a stream of batches', 'one', hint);
}

/** What a stream of batches decides for itself. */
export const OWN_BATCHES = 'its batches have a size of their own: Dataset.batch(size)';

/** `model.evaluate`. */
export async function evaluate(
  model: Network,
  x: ArrayLikeData | Batches,
  y: ArrayLikeData | undefined,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  assertOptions('evaluate', options, ['batchSize', 'verbose', 'signal', 'sampleWeight']);
  const progress = progressOf(options.verbose ?? 0);
  const signal = checkSignal(options.signal);
  if (isStream(x)) {
    assertLeftOut(options, ['batchSize', 'sampleWeight'], OWN_BATCHES);
    const { plan, feed } = await prepareStream(model, 'evaluate', traceEvaluate, x, { signal });
    return await evaluateFeed(model, plan, feed, progress, signal);
  }
  const prepared = prepare(model, 'evaluate', traceEvaluate, x, y, { sampleWeight: options.sampleWeight });
  return await evaluateAll(model, prepared, batchOf(options.batchSize ?? 32, prepared.inputs.count), progress, signal);
}

/** The loss and metrics over all that was prepared. */
export async function evaluateAll(
  model: Network,
  { rows, plan }: Prepared,
  batch: number,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  return await evaluateFeed(model, plan, new ArrayFeed(rows, batch, model.engine), progress, signal);
}

async function evaluateFeed(
  model: Network,
  plan: TracedWithLoss,
  feed: Feed,
  progress: Progress | undefined,
  signal: AbortSignal | undefined,
): Promise<Record<string, number>> {
  try {
    const engine = await engineOf(model.weights);
    progress?.begin('Evaluate', feed.rows);
    const logs = (await measure({ model, engine, plan, feed, signal, progress })).logs();
    progress?.finish(logs);
    return logs;
  } finally {
    progress?.end();
    await feed.release();
  }
}

/** What `measure` runs. */
export interface Measurement {
  model: Network;
  engine: Engine;
  plan: TracedWithLoss;
  feed: Feed;
  /** Most batches. */
  steps?: number | undefined;
  signal: AbortSignal | undefined;
  /** Shows how far it is. */
  progress?: Progress | undefined;
}

/** Runs an evaluation over one pass. */
export async function measure(measurement: Measurement): Promise<Totals> {
  const { model, engine, plan, feed, steps, signal, progress } = measurement;
  const instead = await evaluatedWeights(model.compiledOrNone?.optimizer, model.trainableWeights);
  const bound = await bindSlots(engine, plan.slots, instead);
  try {
    const totals = new Totals(plan.measured);
    const onChunk = (chunk: Chunk): void => {
      totals.add(chunk);
      progress?.update(totals.rows, totals.logs());
    };
    const pace = new Pace();
    for await (const { data, rows, batch } of feed.pieces({ ...START, engine, steps, signal })) {
      const call = { variables: bound.ids, data, scalars: plan.scalars, batch, rows };
      const compiled = await engine.plan(plan.bytes, batch);
      await runSteps({ engine, plan: compiled, call, reports: plan.reports, onChunk, pace, signal });
    }
    return totals;
  } finally {
    bound.free();
  }
}

/** Builds the model for these samples if need be, and takes that back where `trace` fails. */
export function buildFor<T>(model: Network, inputs: Rows, trace: () => T): T {
  const built = model.built;
  if (!built) model.build(inputs.shape);
  try {
    return trace();
  } catch (error) {
    if (!built) model.unbuild();
    throw error;
  }
}

/** Throws where the loss or a metric has no value for some target. */
export function assertTargets(model: Network, compiled: Compiled, plan: TracedWithLoss, { array }: Rows): void {
  const outputShape = outputShapeOf(model);
  compiled.loss.assertTargets(array, outputShape);
  for (const { metric } of plan.measured) metric.assertTargets(array, outputShape);
}

/** The shape of one prediction of a model that is built. */
export function outputShapeOf(model: Network): readonly number[] {
  return model.outputShapes.at(-1) ?? [];
}

/** Samples, targets and, where there are any, weights: the rows that a plan with a loss is fed. */
export function rowsWith(inputs: Rows, targets: Rows, weights: Rows | undefined): Rows[] {
  return weights ? [inputs, targets, weights] : [inputs, targets];
}

/** The shapes that a plan over such rows is traced for. */
export function targetShapes([, targets, weights]: readonly Rows[]): TargetShapes {
  return { y: (targets as Rows).shape, weight: weights?.shape };
}
