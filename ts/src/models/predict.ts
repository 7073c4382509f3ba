// The outputs of a model for samples.

import { type Chunk, Pace, runSteps } from '../engine/loop.js';
import { evaluatedWeights } from '../optimizers/averages.js';
import type { Progress } from '../progress.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { isStream, partsOf, type SampleBatches } from './batches.js';
import { assertLeftOut, buildFor, OWN_BATCHES, outputShapeOf } from './evaluate.js';
import { ArrayFeed, type Feed, START } from './feed.js';
import type { Network } from './network.js';
import { type Traced, tracePredict } from './plans.js';
import { type ArrayLikeData, assertSome, batchOf, inputsOf, type Rows } from './rows.js';
import { StreamFeed } from './stream.js';
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
export async function predict(
  model: Network,
  x: ArrayLikeData | SampleBatches,
  options: PredictOptions,
): Promise<Prediction> {
  assertOptions('predict', options, ['batchSize', 'verbose', 'signal']);
  const progress = progressOf(options.verbose ?? 0);
  const signal = checkSignal(options.signal);
  if (!isStream(x)) {
    const inputs = inputsOf(x, model.built ? model.inputShape : undefined);
    return await predictAll(model, inputs, batchOf(options.batchSize ?? 32, inputs.count), progress, signal);
  }
  assertLeftOut(options, ['batchSize'], OWN_BATCHES);
  const feed = new StreamFeed(x);
  try {
    const first = inputsOf(
      partsOf(await feed.first(0, 'predict', signal)).x,
      model.built ? model.inputShape : undefined,
    );
    const plan = buildFor(model, first, () => tracePredict(model));
    feed.readBy((batch) => {
      const inputs = inputsOf(partsOf(batch).x, model.inputShape);
      assertSome(inputs);
      return [inputs];
    });
    return await predictFeed(model, plan, feed, progress, signal);
  } finally {
    await feed.release();
  }
}

/** The outputs for all samples. */
export async function predictAll(
  model: Network,
  inputs: Rows,
  batch: number,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<Prediction> {
  const plan = buildFor(model, inputs, () => tracePredict(model));
  const shape = [inputs.count, ...outputShapeOf(model)];
  if (shape.includes(0)) return { data: new Float32Array(), shape };
  const feed = new ArrayFeed([inputs], batch, model.engine);
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
): Promise<Prediction> {
  const shape = outputShapeOf(model);
  const size = shape.reduce((product, length) => product * length, 1);
  const engine = await engineOf(model.weights);
  const instead = await evaluatedWeights(model.compiledOrNone?.optimizer, model.trainableWeights);
  const bound = await bindSlots(engine, plan.slots, instead);
  const outputs: Float32Array[] = [];
  const pace = new Pace();
  let rows = 0;
  try {
    progress?.begin('Predict', feed.rows);
    for await (const piece of feed.pieces({ ...START, engine, signal })) {
      const output = await engine.alloc(4 * size * piece.rows[1]);
      try {
        const { data, batch } = piece;
        const call = { variables: bound.ids, data, outputs: [output], scalars: plan.scalars, batch, rows: piece.rows };
        const onChunk = (chunk: Chunk): void =>
          progress?.update(rows + Math.min(piece.rows[1], batch * (chunk.first + chunk.count)), {});
        const compiled = await engine.plan(plan.bytes, batch);
        await runSteps({ engine, plan: compiled, call, reports: 0, onChunk, pace, signal });
        const { buffer, byteOffset } = await engine.read(output, 0, 4 * size * piece.rows[1]);
        outputs.push(new Float32Array(buffer as ArrayBuffer, byteOffset, size * piece.rows[1]));
        rows += piece.rows[1];
      } finally {
        engine.release('buffer', output);
      }
    }
    progress?.finish({});
  } finally {
    bound.free();
    progress?.end();
  }
  return { data: joined(outputs, rows * size), shape: [rows, ...shape] };
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
