// The outputs of a model for samples.

import { type Chunk, runSteps } from '../engine/loop.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { buildFor } from './evaluate.js';
import type { Network } from './network.js';
import { tracePredict } from './plans.js';
import { type ArrayLikeData, batchOf, inputsOf } from './rows.js';
import { upload } from './upload.js';
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
export async function predict(model: Network, x: ArrayLikeData, options: PredictOptions): Promise<Prediction> {
  assertOptions('predict', options, ['batchSize', 'verbose', 'signal']);
  const inputs = inputsOf(x, model.built ? model.inputShape : undefined);
  const batch = batchOf(options.batchSize ?? 32, inputs.count);
  const plan = buildFor(model, inputs, () => tracePredict(model));
  const shape = [inputs.count, ...(model.outputShapes.at(-1) ?? [])];
  const size = shape.reduce((product, length) => product * length, 1);
  if (size === 0) return { data: new Float32Array(), shape };
  const progress = progressOf(options.verbose ?? 0);
  const signal = checkSignal(options.signal);
  const sent = upload(inputs.array, model.engine);
  try {
    const engine = await engineOf(model.weights);
    const data = [await sent.on(engine)];
    const compiledPlan = await engine.plan(plan.bytes, batch);
    const bound = await bindSlots(engine, plan.slots);
    const output = await engine.alloc(4 * size);
    try {
      const rows = [0, inputs.count] as const;
      const call = { variables: bound.ids, data, outputs: [output], scalars: plan.scalars, batch, rows };
      progress.begin('Predict', inputs.count);
      const onChunk = (chunk: Chunk): void =>
        progress.update(Math.min(inputs.count, batch * (chunk.first + chunk.count)), {});
      await runSteps({ engine, plan: compiledPlan, call, reports: 0, onChunk, signal });
      progress.finish({});
      const { buffer, byteOffset } = await engine.read(output, 0, 4 * size);
      return { data: new Float32Array(buffer as ArrayBuffer, byteOffset, size), shape };
    } finally {
      engine.release('buffer', output);
      bound.free();
    }
  } finally {
    sent.release();
    progress.end();
  }
}
