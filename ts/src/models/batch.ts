// One batch at a time, for loops of one's own: a step of training, a measurement, a prediction. Refuses what `fit` refuses; draws no
// order, counts no epoch, calls nobody back.

import { type Chunk, runSteps } from '../engine/loop.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { evaluateAll, prepare } from './evaluate.js';
import { ArrayFeed, START } from './feed.js';
import type { Network } from './network.js';
import { keptTrain, traceEvaluate } from './plans.js';
import { type Prediction, predictAll } from './predict.js';
import type { SampleWeights } from './sample-weights.js';
import { countOfRows, rowsOfAll } from './samples.js';
import { Totals } from './totals.js';
import { changedIn } from './training.js';

/** `model.trainOnBatch`. */
export async function trainOnBatch(
  model: Network,
  x: unknown,
  y: unknown,
  weights: SampleWeights,
): Promise<Record<string, number>> {
  assertOptions('trainOnBatch', weights, ['sampleWeight', 'classWeight']);
  const { compiled, samples, plan } = prepare(model, 'trainOnBatch', keptTrain, x, y, weights);
  const feed = new ArrayFeed(rowsOfAll(samples), countOfRows(samples.inputs), model.engine);
  try {
    const engine = await engineOf(model.weights);
    const changes = await changedIn(engine, compiled.optimizer, model, plan);
    const bound = await bindSlots(engine, plan.slots);
    try {
      const { seed, position } = model;
      const totals = new Totals(plan.measured);
      const onChunk = (chunk: Chunk): void => totals.add(chunk);
      const { scalars, reports } = plan;
      for await (const { data, rows, batch } of feed.pieces({ ...START, engine })) {
        const iteration = position.steps;
        const call = { variables: bound.ids, data, scalars, batch, rows, seed, iteration, changes };
        const compiledPlan = await engine.plan(plan.bytes, batch);
        await runSteps({ engine, plan: compiledPlan, call, reports, updater: compiled.optimizer, onChunk });
      }
      model.position = { ...position, steps: position.steps + 1 };
      return totals.logs();
    } finally {
      bound.free();
    }
  } finally {
    await feed.release();
  }
}

/** `model.testOnBatch`. */
export async function testOnBatch(
  model: Network,
  x: unknown,
  y: unknown,
  weights: Pick<SampleWeights, 'sampleWeight'>,
): Promise<Record<string, number>> {
  assertOptions('testOnBatch', weights, ['sampleWeight']);
  const prepared = prepare(model, 'testOnBatch', traceEvaluate, x, y, weights);
  return await evaluateAll(model, prepared, countOfRows(prepared.samples.inputs));
}

/** `model.predictOnBatch`. */
export async function predictOnBatch(model: Network, x: unknown): Promise<Prediction[]> {
  const inputs = model.readInputs(x);
  return await predictAll(model, inputs, Math.max(1, countOfRows(inputs)));
}
