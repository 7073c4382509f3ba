// Models whose optimizer keeps something better than the weights: schedule-free rules, means of the weights.

import {
  Adam,
  callbacks,
  Dense,
  loadModel,
  type Optimizer,
  ScheduleFreeAdamW,
  ScheduleFreeSGD,
  Sequential,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const x = { data: noise(60 * 4, 1), shape: [60, 4] };
const y = { data: noise(60 * 2, 2), shape: [60, 2] };

function model(optimizer: Optimizer): Sequential {
  const layers = [new Dense({ units: 8, activation: 'tanh', inputShape: [4] }), new Dense({ units: 2 })];
  const made = new Sequential(layers, { seed: 7 });
  made.compile({ optimizer, loss: 'meanSquaredError' });
  return made;
}

const weightsOf = async (of: Sequential) => (await of.getWeights()).map(({ data }) => [...data]);

describe.each([
  ['ScheduleFreeAdamW', () => new ScheduleFreeAdamW({ learningRate: 0.05, beta1: 0.75 })],
  ['ScheduleFreeSGD', () => new ScheduleFreeSGD({ learningRate: 0.5, beta1: 0.75 })],
])('%s', (_, make) => {
  test('evaluates, predicts and saves the average, and trains on where gradients are taken', async () => {
    const trained = model(make());
    await trained.fit(x, y, { epochs: 3, batchSize: 16 });
    const [before, hash] = [await weightsOf(trained), await trained.hash()];
    const prediction = await trained.predict(x);

    // A model that holds the averages themselves says the same.
    const values = await trained.optimizer.evaluatedValues(trained.weights);
    const other = model(new Adam());
    await other.setWeights(values);
    expect(values.map(({ data }) => [...data])).not.toEqual(before);
    expect((await other.predict(x)).data).toEqual(prediction.data);
    expect((await other.evaluate(x, y)).loss).toBe((await trained.evaluate(x, y)).loss);
    expect(await trained.hash()).toBe(hash);

    const bytes = await trained.toBytes();
    const bare = await loadModel(bytes, { compile: false });
    expect((await bare.predict(x)).data).toEqual(prediction.data);
    const whole = await loadModel(bytes);
    expect(await whole.hash()).toBe(hash);
    for (const each of [trained, whole]) await each.fit(x, y, { epochs: 2, batchSize: 16 });
    expect(await whole.hash()).toBe(await trained.hash());
  });

  test('is validated by its average', async () => {
    const trained = model(make());
    const { history } = await trained.fit(x, y, { epochs: 2, batchSize: 16, validationData: [x, y] });
    expect(history.val_loss!.at(-1)).toBe((await trained.evaluate(x, y, { batchSize: 16 })).loss);
  });
});

describe('useEma', () => {
  test('leaves the model with the mean of its weights after each step', async () => {
    const plain = model(new Adam({ learningRate: 0.05 }));
    const seen: number[][][] = [];
    await plain.fit(x, y, {
      epochs: 1,
      batchSize: 16,
      callbacks: [new callbacks.LambdaCallback({ onBatchEnd: async () => void seen.push(await weightsOf(plain)) })],
    });
    const averaged = model(new Adam({ learningRate: 0.05, useEma: true, emaMomentum: 0.75 }));
    await averaged.fit(x, y, { epochs: 1, batchSize: 16 });
    const mean = seen.reduce((all, now) => all.map((row, i) => row.map((a, j) => 0.75 * a + 0.25 * now[i]![j]!)));
    for (const [i, row] of (await weightsOf(averaged)).entries()) {
      for (const [j, w] of row.entries()) expect(w).toBeCloseTo(mean[i]![j]!, 6);
    }
  });

  test('SwapEMAWeights measures the mean and trains the weights', async () => {
    const optimizer = new Adam({ learningRate: 0.05, useEma: true, emaMomentum: 0.75 });
    const [swapped, plain] = [
      model(optimizer),
      model(new Adam({ learningRate: 0.05, useEma: true, emaMomentum: 0.75 })),
    ];
    const options = { epochs: 3, batchSize: 16, validationData: [x, y] as [typeof x, typeof y] };
    const { history } = await swapped.fit(x, y, { ...options, callbacks: [new callbacks.SwapEMAWeights()] });
    const { history: other } = await plain.fit(x, y, options);
    expect(history.loss).toEqual(other.loss);
    expect(history.val_loss).not.toEqual(other.val_loss);
    expect(await swapped.hash()).toBe(await plain.hash());
    expect(history.val_loss!.at(-1)).toBe((await swapped.evaluate(x, y, { batchSize: 16 })).loss);
  });
});
