// The outputs of a model for samples.

import { later } from '../bring.js';
import { type Chunk, Pace, runSteps } from '../engine/loop.js';
import { evaluatedWeights } from '../optimizers/evaluated.js';
import type { Progress } from '../progress.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { isStream, partsOf } from './batches.js';
import { sizeOfShape } from './count.js';
import { assertLeftOut, assignedIn, buildFor, OWN_BATCHES } from './evaluate.js';
import { ArrayFeed, type Feed, START } from './feed.js';
import type { Network } from './network.js';
import { type Traced, tracePredict } from './plans.js';
import { assertSome, batchOf, type Rows } from './rows.js';
import { countOfRows } from './samples.js';
import { checkSignal, progressOf, type Verbose } from './watch.js';

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples at a time; changes only the speed. Default 32. */
  batchSize?: number;
  /** Default 0, silent. */
  verbose?: Verbose;
  signal?: AbortSignal;
}

/** Outputs, one for each sample. */
export interface Prediction {
  data: Float32Array;
  shape: number[];
}

/** `model.predict`. */
export async function predict(model: Network, x: unknown, options: PredictOptions): Promise<Prediction[]> {
  assertOptions('predict', options, ['batchSize', 'verbose', 'signal']);
  const progress = progressOf(options.verbose ?? 0);
  const signal = checkSignal(options.signal);
  if (!isStream(x)) {
    const inputs = model.readInputs(x);
    return await predictAll(model, inputs, batchOf(options.batchSize ?? 32, countOfRows(inputs)), progress, signal);
  }
  assertLeftOut(options, ['batchSize'], OWN_BATCHES);
  const { StreamFeed } = await later();
  const feed = new StreamFeed(x);
  try {
    const first = model.readInputs(partsOf(await feed.first(0, 'predict', signal)).x);
    const plan = buildFor(model, first, () => tracePredict(model));
    feed.readBy((batch) => {
      const inputs = model.readInputs(partsOf(batch).x);
      assertSome(inputs);
      return inputs;
    });
    return await predictFeed(model, plan, feed, progress, signal);
  } finally {
    await feed.release();
  }
}

/** The outputs for all samples. */
export async function predictAll(
  model: Network,
  inputs: readonly Rows[],
  batch: number,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<Prediction[]> {
  const plan = buildFor(model, inputs, () => tracePredict(model));
  const shapes = model.resultShapes.map((shape) => [countOfRows(inputs), ...shape]);
  if (shapes.every((shape) => shape.includes(0))) return shapes.map((shape) => ({ data: new Float32Array(), shape }));
  const feed = new ArrayFeed(inputs, batch, model.engine);
  try {
    return await predictFeed(model, plan, feed, progress, signal);
  } finally {
    await feed.release();
  }
}

async function predictFeed(
  model: Network,
  plan: Traced,
  feed: Feed,
  progress: Progress | undefined,
  signal: AbortSignal | undefined,
): Promise<Prediction[]> {
  const shapes = model.resultShapes;
  const sizes = shapes.map(sizeOfShape);
  const engine = await engineOf(model.weights);
  const instead = await evaluatedWeights(model.compiledOrNone?.optimizer, model.trainableWeights);
  const bound = await bindSlots(engine, plan.slots, instead);
  const results: Float32Array[][] = sizes.map(() => []);
  const changes = assignedIn(plan, bound.ids);
  const pace = new Pace();
  let rows = 0;
  try {
    progress?.begin('Predict', feed.rows);
    for await (const piece of feed.pieces({ ...START, engine, signal })) {
      const outputs: number[] = [];
      try {
        const { data, batch } = piece;
        const [, count] = piece.rows;
        for (const size of sizes) outputs.push(await engine.alloc(4 * size * count));
        const { ids: variables } = bound;
        const call = { variables, data, outputs, scalars: plan.scalars, batch, rows: piece.rows, changes };
        const onChunk = (chunk: Chunk): void =>
          progress?.update(rows + Math.min(count, batch * (chunk.first + chunk.count)), {});
        const compiled = await engine.plan(plan.bytes, batch);
        await runSteps({ engine, plan: compiled, call, reports: 0, onChunk, pace, signal });
        for (const [i, output] of outputs.entries()) {
          const length = (sizes[i] as number) * count;
          const { buffer, byteOffset } = await engine.read(output, 0, 4 * length);
          results[i]?.push(new Float32Array(buffer as ArrayBuffer, byteOffset, length));
        }
        rows += count;
      } finally {
        for (const output of outputs) engine.release('buffer', output);
      }
    }
    progress?.finish({});
  } finally {
    bound.free();
    progress?.end();
  }
  return shapes.map((shape, i) => ({
    data: joined(results[i] as Float32Array[], rows * (sizes[i] as number)),
    shape: [rows, ...shape],
  }));
}

function joined(outputs: readonly Float32Array[], length: number): Float32Array {
  const [first] = outputs;
  if (outputs.length === 1 && first) return first;
  const all = new Float32Array(length);
  let at = 0;
  for (const output of outputs) {
    all.set(output, at);
    at += output.length;
  }
  return all;
}
