// One batch at a time, for loops of one's own: a step of training, or a measurement. Refuses what `fit` refuses; draws no
// order, counts no epoch, calls nobody back.

import { type Chunk, runSteps } from '../engine/loop.js';
import { changedBy } from '../optimizers/state.js';
import { bindSlots, engineOf } from '../slots.js';
import { assertTargets, buildFor, evaluate, feed } from './evaluate.js';
import type { Network } from './network.js';
import { traceTrain } from './plans.js';
import { type ArrayLikeData, assertSome, inputsOf, targetsOf } from './rows.js';
import { Totals } from './totals.js';
import { releaseAll, sendAll } from './upload.js';

/** `model.trainOnBatch`. */
export async function trainOnBatch(
  model: Network,
  x: ArrayLikeData,
  y: ArrayLikeData,
): Promise<Record<string, number>> {
  const compiled = model.compiled('trainOnBatch');
  const inputs = inputsOf(x, model.built ? model.inputShape : undefined);
  assertSome(inputs);
  const targets = targetsOf(y, inputs.count);
  const plan = buildFor(model, inputs, () => {
    const traced = traceTrain(model, compiled, targets.shape);
    assertTargets(model, compiled, traced, targets);
    return traced;
  });
  const uploads = sendAll([inputs, targets], model.engine);
  try {
    const engine = await engineOf(model.weights);
    const fed = await feed(engine, uploads);
    const changed = changedBy(compiled.optimizer, model.trainableWeights);
    const changes = await Promise.all(changed.map((variable) => variable.place(engine)));
    const bound = await bindSlots(engine, plan.slots);
    try {
      const { seed, position } = model;
      const call = {
        variables: bound.ids,
        data: [fed.x, fed.y],
        scalars: plan.scalars,
        batch: inputs.count,
        rows: [0, inputs.count] as const,
        seed,
        iteration: position.steps,
        changes,
      };
      const totals = new Totals(plan.measured);
      const onChunk = (chunk: Chunk): void => totals.add(chunk);
      const compiledPlan = await engine.plan(plan.bytes, inputs.count);
      const { reports } = plan;
      await runSteps({ engine, plan: compiledPlan, call, reports, updater: compiled.optimizer, onChunk });
      model.position = { ...position, steps: position.steps + 1 };
      return totals.logs();
    } finally {
      bound.free();
    }
  } finally {
    releaseAll(uploads);
  }
}

/** `model.testOnBatch`. */
export async function testOnBatch(model: Network, x: ArrayLikeData, y: ArrayLikeData): Promise<Record<string, number>> {
  const { count } = inputsOf(x, model.built ? model.inputShape : undefined);
  return await evaluate(model, x, y, { batchSize: Math.max(1, count) });
}
