// The loss and metrics of a model over samples that it does not learn from.

import type { Engine } from '../engine/engine.js';
import { type Chunk, runSteps } from '../engine/loop.js';
import type { Progress } from '../progress.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import type { Compiled } from './compiled.js';
import type { Network } from './network.js';
import { type TracedWithLoss, traceEvaluate } from './plans.js';
import { type ArrayLikeData, assertSome, batchOf, inputsOf, type Rows, targetsOf } from './rows.js';
import { Totals } from './totals.js';
import { releaseAll, sendAll, type Upload, type Uploaded } from './upload.js';
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
}

/** Samples and targets of a run, in buffers of the engine. */
export interface Fed {
  readonly x: Uploaded;
  readonly y: Uploaded;
}

/** `model.evaluate`. */
export async function evaluate(
  model: Network,
  x: ArrayLikeData,
  y: ArrayLikeData,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  assertOptions('evaluate', options, ['batchSize', 'verbose', 'signal']);
  const compiled = model.compiled('evaluate');
  const progress = progressOf(options.verbose ?? 0);
  const signal = checkSignal(options.signal);
  const inputs = inputsOf(x, model.built ? model.inputShape : undefined);
  assertSome(inputs);
  const targets = targetsOf(y, inputs.count);
  const batch = batchOf(options.batchSize ?? 32, inputs.count);
  const plan = buildFor(model, inputs, () => {
    const traced = traceEvaluate(model, compiled, targets.shape);
    assertTargets(model, compiled, traced, targets);
    return traced;
  });
  const uploads = sendAll([inputs, targets], model.engine);
  try {
    const engine = await engineOf(model.weights);
    const fed = await feed(engine, uploads);
    const rows = [0, inputs.count] as const;
    progress.begin('Evaluate', inputs.count);
    const totals = await measure({ engine, plan, fed, rows, batch, signal, progress });
    progress.finish(totals.logs());
    return totals.logs();
  } finally {
    progress.end();
    releaseAll(uploads);
  }
}

/** What `measure` runs. */
export interface Measurement {
  engine: Engine;
  plan: TracedWithLoss;
  fed: Fed;
  rows: readonly [from: number, to: number];
  batch: number;
  signal: AbortSignal | undefined;
  /** Shows how far it is. */
  progress?: Progress;
}

/** Runs an evaluation over rows that are in the engine. */
export async function measure({ engine, plan, fed, rows, batch, signal, progress }: Measurement): Promise<Totals> {
  const compiledPlan = await engine.plan(plan.bytes, batch);
  const bound = await bindSlots(engine, plan.slots);
  try {
    const totals = new Totals(plan.measured);
    const data = [fed.x, fed.y];
    const call = { variables: bound.ids, data, scalars: plan.scalars, batch, rows };
    const onChunk = (chunk: Chunk): void => {
      totals.add(chunk);
      progress?.update(totals.rows, totals.logs());
    };
    await runSteps({ engine, plan: compiledPlan, call, reports: plan.reports, onChunk, signal });
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
  const outputShape = model.outputShapes.at(-1) ?? [];
  compiled.loss.assertTargets(array, outputShape);
  for (const { metric } of plan.measured) metric.assertTargets(array, outputShape);
}

/** Where samples and targets are on `engine`. */
export async function feed(engine: Engine, [x, y]: readonly Upload[]): Promise<Fed> {
  return { x: await (x as Upload).on(engine), y: await (y as Upload).on(engine) };
}
