// Memory: what a call needed is free afterwards, and models that nobody holds any more go away by themselves.

import { Adam, Dense, Sequential } from 'descend';
import { expect, test } from 'vitest';
// What is alive in the engine is nothing that users see.
import { localEngine } from '../../dist/engine/load.js';
import { refusal, smallModel, x, y } from './small.js';

const stats = () => localEngine().sync.stats();

test('1,000 fits leave memory as it was', async () => {
  const model = smallModel();
  const work = async () => {
    await model.fit(x, y, { verbose: 0, batchSize: 50, validationSplit: 0.2 });
    await model.evaluate(x, y);
    await model.predict(x);
    await model.toBytes();
  };
  await work();
  const before = stats();
  for (let i = 0; i < 1000; i++) await work();
  expect(stats()).toEqual(before);
});

test('calls that fail leave none behind', async () => {
  const model = smallModel();
  await model.fit(x, y, { verbose: 0 });
  await model.evaluate(x, y);
  const before = stats();
  const spoiled = { data: new Float32Array(200).fill(Number.NaN), shape: [100, 2] };
  const thrown = () => {
    throw new Error('mine');
  };
  for (let i = 0; i < 20; i++) {
    await refusal(() => model.fit(x, [1], { verbose: 0 }));
    await refusal(() => model.fit(spoiled, y, { verbose: 0 }));
    await refusal(() => model.fit(x, y, { verbose: 0, callbacks: [{ onBatchEnd: thrown }] }));
    await refusal(() => model.fit(x, y, { verbose: 0, signal: AbortSignal.abort() }));
    await refusal(() => model.predict([[1, 2, 3]]));
  }
  expect(stats()).toEqual(before);
});

test('dispose frees weights and state at once', async () => {
  const before = stats().buffers;
  const model = smallModel();
  await model.fit(x, y, { verbose: 0 });
  expect(stats().buffers).toBeGreaterThan(before);
  model.dispose();
  expect(stats().buffers).toBe(before);
});

test('1,000 abandoned models are collected as they come', async () => {
  const pixels = { data: new Float32Array(32 * 784), shape: [32, 784] };
  const labels = new Uint8Array(32);
  let most = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const model = new Sequential(
      [
        new Dense({ units: 32, activation: 'relu', inputShape: [784] }),
        new Dense({ units: 10, activation: 'softmax' }),
      ],
      { seed },
    );
    model.compile({ optimizer: new Adam(), loss: 'sparse_categorical_crossentropy' });
    await model.fit(pixels, labels, { verbose: 0 });
    most = Math.max(most, stats().bytes);
  }
  // Each holds 305 KB of weights and state: 305 MB if none had gone.
  expect(most).toBeLessThan(150e6);
});
