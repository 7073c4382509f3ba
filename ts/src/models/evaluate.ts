// The loss and metrics of a model over samples that it does not learn from.

import { later } from '../bring.js';
import type { Engine } from '../engine/engine.js';
import { type Chunk, Pace, runSteps } from '../engine/loop.js';
import { fail } from '../errors.js';
import type { Slot } from '../graph/trace.js';
import { evaluatedWeights } from '../optimizers/evaluated.js';
import type { Progress } from '../progress.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { type Batches, isStream, partsOf } from './batches.js';
import type { Compiled } from './compiled.js';
import { ArrayFeed, type Feed, START } from './feed.js';
import type { Network } from './network.js';
import { type Traced, type TracedWithLoss, traceEvaluate } from './plans.js';
import type { ArraysLikeData } from './rows.js';
import { assertSome, batchOf, type Rows } from './rows.js';
import type { SampleWeights } from './sample-weights.js';
import {
  assertAlike,
  assertTargets,
  countOfRows,
  rowsOfAll,
  type Samples,
  samplesOf,
  type TargetShapes,
  targetShapes,
} from './samples.js';
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
  sampleWeight?: ArraysLikeData | undefined;
}

/** Samples held against the model, and the plan for them. */
export interface Prepared {
  readonly compiled: Compiled;
  readonly samples: Samples;
  readonly plan: TracedWithLoss;
}

/** How a plan with a loss is made. */
export type Trace = (model: Network, compiled: Compiled, shapes: readonly TargetShapes[]) => TracedWithLoss;

/** What every call over samples and targets begins with; `what` is its name. Builds the model if need be. */
export function prepare(
  model: Network,
  what: string,
  trace: Trace,
  x: unknown,
  y: unknown,
  weights: SampleWeights,
): Prepared {
  const compiled = model.compiled(what);
  const inputs = model.readInputs(x);
  assertSome(inputs);
  const targets = model.readTargets(y, countOfRows(inputs));
  return buildFor(model, inputs, () => {
    const samples = samplesOf(model, inputs, targets, weights);
    const plan = trace(model, compiled, targetShapes(samples));
    assertTargets(model, compiled, plan, samples);
    return { compiled, samples, plan };
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
  trace: Trace,
  source: Batches,
  { classWeight, pass = 0, signal }: StreamOptions,
): Promise<{ plan: TracedWithLoss; feed: Feed }> {
  // Most applications have arrays.
  const { StreamFeed } = await later();
  const feed = new StreamFeed(source);
  try {
    const { x, y, sampleWeight } = partsOf(await feed.first(pass, what, signal));
    const weights = (sampleWeight: unknown) => ({ sampleWeight, classWeight }) as SampleWeights;
    const { compiled, plan, samples } = prepare(model, what, trace, x, y, weights(sampleWeight));
    feed.readBy((batch) => {
      const { x, y, sampleWeight } = partsOf(batch);
      const inputs = model.readInputs(x);
      assertSome(inputs);
      const targets = model.readTargets(y, countOfRows(inputs));
      const read = samplesOf(model, inputs, targets, weights(sampleWeight));
      assertAlike(read, samples);
      assertTargets(model, compiled, plan, read);
      return rowsOfAll(read);
    });
    return { plan, feed };
  } catch (error) {
    await feed.release();
    throw error;
  }
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
  x: unknown,
  y: unknown,
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
  const batch = batchOf(options.batchSize ?? 32, countOfRows(prepared.samples.inputs));
  return await evaluateAll(model, prepared, batch, progress, signal);
}

/** The loss and metrics over all that was prepared. */
export async function evaluateAll(
  model: Network,
  { samples, plan }: Prepared,
  batch: number,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  return await evaluateFeed(model, plan, new ArrayFeed(rowsOfAll(samples), batch, model.engine), progress, signal);
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
    const changes = assignedIn(plan, bound.ids);
    const onChunk = (chunk: Chunk): void => {
      totals.add(chunk);
      progress?.update(totals.rows, totals.logs());
    };
    const pace = new Pace();
    for await (const { data, rows, batch } of feed.pieces({ ...START, engine, steps, signal })) {
      const call = { variables: bound.ids, data, scalars: plan.scalars, batch, rows, changes };
      const compiled = await engine.plan(plan.bytes, batch);
      await runSteps({ engine, plan: compiled, call, reports: plan.reports, onChunk, pace, signal });
    }
    return totals;
  } finally {
    bound.free();
  }
}

/** Of the buffers bound to a plan's slots those that it sets: states that outlive a batch. */
export function assignedIn({ slots, assigned }: Traced, ids: readonly number[]): number[] {
  return ids.filter((_, i) => (assigned as readonly Slot[]).includes(slots[i] as Slot));
}

/** Builds the model for these samples if need be, and takes that back where `trace` fails. */
export function buildFor<T>(model: Network, inputs: readonly Rows[], trace: () => T): T {
  const built = model.built;
  if (!built) model.build((inputs[0] as Rows).shape);
  try {
    return trace();
  } catch (error) {
    if (!built) model.unbuild();
    throw error;
  }
}
