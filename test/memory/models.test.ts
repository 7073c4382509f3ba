// Memory: training leaves nothing behind, models nobody can reach are freed, and `dispose` frees at once.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Adam, Dense, loadModel, Sequential } from 'descend';
import { describe, expect, test } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import { noise } from '../noise.js';

// Node without --expose-gc hands the collector out all the same.
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const { sync } = localEngine();

const [ROWS, WIDTH] = [64, 1024];
const x = { data: noise(ROWS * WIDTH, 1), shape: [ROWS, WIDTH] };
const y = Uint8Array.from({ length: ROWS }, (_, i) => i % 10);

function model(units = 10): Sequential {
  const made = new Sequential([new Dense({ units, activation: 'softmax', inputShape: [WIDTH] })], { seed: 1 });
  made.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return made;
}

const train = (trained: Sequential) => trained.fit(x, y, { batchSize: 32, verbose: 0 });

/** Lets finalizers run. */
async function rest(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Megabytes of the process after `rest`. */
async function resident(): Promise<number> {
  await rest();
  return process.memoryUsage.rss() / 1e6;
}

/**
 * Does `work` a thousand times; the engine and the process are then as they were after the first 400. The process's memory
 * also moves by what the collector and the allocator put off, so it may take up to three rounds to show that it is flat:
 * a leak shows in each.
 */
async function staysFlat(work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 400; i++) await work();
  const growth: number[] = [];
  while (growth.length < 3 && !growth.some((megabytes) => megabytes < 24)) {
    const before = await resident();
    const stats = sync.stats();
    for (let i = 400; i < 1000; i++) await work();
    growth.push((await resident()) - before);
    expect(sync.stats()).toEqual(stats);
  }
  // Each time hands over a quarter of a megabyte: 157 in all.
  expect(Math.min(...growth)).toBeLessThan(24);
}

describe('a thousand times', () => {
  test('fit of one model', { timeout: 120_000 }, async () => {
    const trained = model();
    await staysFlat(() => train(trained));
    trained.dispose();
  });

  test('a model, fit, evaluate, predict, save, load, dispose', { timeout: 120_000 }, async () => {
    await staysFlat(async () => {
      const trained = model();
      await train(trained);
      await trained.evaluate(x, y);
      await trained.predict(x);
      const loaded = await loadModel(await trained.toBytes());
      loaded.dispose();
      trained.dispose();
    });
  });

  test('fit that is refused, or aborted', { timeout: 120_000 }, async () => {
    const trained = model();
    const wrong = Uint8Array.from(y, () => 10);
    const controller = new AbortController();
    const callbacks = [{ onBatchEnd: () => controller.abort() }];
    await staysFlat(async () => {
      await expect(trained.fit(x, wrong, { verbose: 0 })).rejects.toMatchObject({ code: 'LABEL_OUT_OF_RANGE' });
      await expect(trained.fit(x, y, { verbose: 0, callbacks, signal: controller.signal })).rejects.toThrow();
    });
    trained.dispose();
  });
});

describe('models that nobody can reach', () => {
  test('a thousand are freed', { timeout: 120_000 }, async () => {
    await rest();
    const before = sync.stats();
    let most = 0;
    for (let i = 0; i < 1000; i++) {
      await train(model());
      most = Math.max(most, sync.stats().bytes);
    }
    await rest();
    expect(sync.stats()).toMatchObject({ buffers: before.buffers, bytes: before.bytes, runs: 0 });
    expect(most).toBeGreaterThan(before.bytes);
  });

  // The collector sees none of the engine's memory, so it must be told that a model weighs more than its objects.
  test('are freed while others are made, though nobody asks for it', { timeout: 120_000 }, async () => {
    const [models, units] = [1000, 64];
    const all = models * 3 * 4 * WIDTH * units;
    let most = 0;
    for (let i = 0; i < models; i++) {
      await train(model(units));
      most = Math.max(most, sync.stats().bytes);
    }
    expect(most).toBeLessThan(all / 2);
  });
});

describe('dispose', () => {
  test('frees weights and optimizer state at once', async () => {
    await rest();
    await train(model());
    await rest();
    const before = sync.stats();
    const trained = model();
    await train(trained);
    expect(sync.stats().buffers).toBeGreaterThan(before.buffers);
    trained.dispose();
    expect(sync.stats()).toEqual(before);
    trained.dispose();
    await expect(train(trained)).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});
