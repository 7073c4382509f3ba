// `model.memory()` says beforehand what the engine then holds, and a limit refuses what would pass it, with everything
// as it was. What an engine holds is its own count of what is alive.

import { Adam, Dense, Dropout, loadModel, ready, Sequential, SGD, variable } from 'descend';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import { noise } from '../noise.js';

const engine = process.env.DESCEND_ENGINE as 'native' | 'wasm';
const { sync } = localEngine();
const bytes = (): number => sync.stats().bytes;
const free = () => ready({ engine, memoryLimit: Number.POSITIVE_INFINITY });

// What plans of other tests worked in goes where there is no room for it.
beforeEach(async () => {
  await ready({ engine, memoryLimit: 0 });
  expect(() => sync.alloc(1)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
  await free();
});
afterEach(free);

const WIDTH = 37;

function model(loss = 'sparseCategoricalCrossentropy', optimizer: Adam | SGD = new Adam()): Sequential {
  const made = new Sequential(
    [
      new Dense({ units: 65, activation: 'relu', inputShape: [WIDTH] }),
      new Dropout({ rate: 0.5 }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 1 },
  );
  made.compile({ optimizer, loss });
  return made;
}

const PARAMETERS = 4 * (WIDTH * 65 + 65 + 65 * 10 + 10);
const samples = (rows: number) => ({ data: noise(rows * WIDTH, 1), shape: [rows, WIDTH] });
const labels = (rows: number) => Float32Array.from({ length: rows }, (_, i) => i % 10);
const oneHot = (rows: number) => ({
  data: Float32Array.from({ length: 10 * rows }, (_, i) => (i % 11 === 0 ? 1 : 0)),
  shape: [rows, 10],
});

describe('memory', () => {
  // In this order, for a plan that was made for larger batches serves smaller ones too, in the memory it has.
  for (const [rows, batchSize] of [
    [1, 1],
    [31, 16],
    [50, 128],
    [64, 64],
    [500, 128],
  ] as const) {
    test(`of fit on ${rows} rows by ${batchSize} is what is held meanwhile`, async () => {
      const before = sync.stats();
      const trained = model();
      const estimate = await trained.memory({ batchSize, samples: rows });
      expect(sync.stats()).toEqual(before);
      const { parameters, optimizer, work, data, total } = estimate;
      expect(estimate).toMatchObject({ parameters: PARAMETERS, optimizer: 2 * PARAMETERS });
      expect(data).toBe(4 * rows * (WIDTH + 1));
      expect(total).toBe(parameters + optimizer + work + data);
      const seen: number[] = [];
      const callbacks = [{ onBatchEnd: () => seen.push(bytes() - before.bytes) }];
      await trained.fit(samples(rows), labels(rows), { batchSize, verbose: 0, callbacks });
      expect(new Set(seen)).toEqual(new Set([total]));
      expect(bytes() - before.bytes).toBe(total - data);
      trained.dispose();
    });
  }

  test('of fit with other losses and optimizers', async () => {
    const before = bytes();
    for (const [optimizer, states] of [
      [new SGD(), 0],
      [new SGD({ momentum: 0.9 }), 1],
      [new Adam({ amsgrad: true }), 3],
    ] as const) {
      const trained = model('categoricalCrossentropy', optimizer);
      const estimate = await trained.memory({ batchSize: 20, samples: 40 });
      expect(estimate).toMatchObject({ optimizer: states * PARAMETERS, data: 4 * 40 * (WIDTH + 10) });
      let most = 0;
      const callbacks = [
        {
          onBatchEnd: () => {
            most = bytes() - before;
          },
        },
      ];
      // Arenas of plans before this one make room only where they must.
      await ready({ engine, memoryLimit: before + estimate.total });
      await trained.fit(samples(40), oneHot(40), { batchSize: 20, verbose: 0, callbacks });
      expect(most).toBeLessThanOrEqual(estimate.total);
      await free();
      trained.dispose();
    }
  });

  test('of predict, before and after compile', async () => {
    const layers = [new Dense({ units: 10, inputShape: [WIDTH] })];
    const one = new Sequential(layers, { seed: 1 });
    const estimate = await one.memory({ batchSize: 16, samples: 100 });
    expect(estimate).toMatchObject({ optimizer: 0, parameters: 4 * (WIDTH * 10 + 10), data: 4 * 100 * (WIDTH + 10) });
    await one.getWeights();
    const before = bytes() - estimate.parameters;
    await one.predict(samples(100), { batchSize: 16 });
    expect(bytes() - before).toBe(estimate.total - estimate.data);
    one.compile({ optimizer: new Adam(), loss: 'meanSquaredError' });
    expect(await one.memory({ batchSize: 16, samples: 100, training: false })).toEqual(estimate);
    expect((await one.memory()).total).toBeGreaterThan((await one.memory({ training: false })).total);
    one.dispose();
  });

  test('grows with the batch, and needs none of what it counts', async () => {
    const trained = model();
    const sizes = [1, 2, 32, 1000, 1e6];
    const work = await Promise.all(sizes.map(async (batchSize) => (await trained.memory({ batchSize })).work));
    expect(work).toEqual([...work].sort((a, b) => a - b));
    // At least the batch, the two activations and what gradients of the larger one take.
    expect(work.at(-1)).toBeGreaterThan(4e6 * (WIDTH + 2 * 65));
    trained.dispose();
  });

  test('refuses what makes no sense', async () => {
    const trained = model();
    await expect(trained.memory({ batchSize: 0 })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(trained.memory({ samples: -1 })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(trained.memory({ batch: 1 } as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await expect(trained.memory({ batchSize: 2 ** 52 })).rejects.toMatchObject({ code: 'INVALID_SHAPE' });
    const bare = new Sequential([new Dense({ units: 2, inputShape: [2] })]);
    await expect(bare.memory({ training: true })).rejects.toMatchObject({ code: 'NOT_COMPILED' });
    await expect(new Sequential([new Dense({ units: 2 })]).memory()).rejects.toMatchObject({ code: 'NOT_BUILT' });
    trained.dispose();
    await expect(trained.memory()).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});

describe('memoryLimit', () => {
  test('of just what memory() says lets fit run; of a byte less refuses, and nothing is lost', async () => {
    const rows = 200;
    const [x, y] = [samples(rows), labels(rows)];
    const trained = model();
    const hash = await trained.hash();
    const { total, parameters } = await trained.memory({ batchSize: 64, samples: rows });
    const others = bytes() - parameters;
    // In a plan that was made for larger batches there is room for these where need be.
    await trained.evaluate(x, y, { batchSize: rows });
    await ready({ engine, memoryLimit: others + total - 1 });
    const message = /^memory: expected at most \d+ bytes, got \d+ in use and \d+ more \(a smaller batchSize takes less/;
    const refused = { code: 'OUT_OF_MEMORY', message: expect.stringMatching(message) };
    await expect(trained.fit(x, y, { batchSize: 64, verbose: 0 })).rejects.toMatchObject(refused);
    expect(bytes()).toBeLessThanOrEqual(others + total - 1);
    expect(await trained.hash()).toBe(hash);
    expect(trained.optimizer.iterations).toBe(0);
    await expect(trained.fit(x, y, { batchSize: 32, verbose: 0 })).resolves.toMatchObject({ steps: 7 });
    await ready({ engine, memoryLimit: others + total });
    await expect(trained.fit(x, y, { batchSize: 64, verbose: 0 })).resolves.toMatchObject({ steps: 4 });
    // The same bits as without a limit.
    await free();
    const unlimited = model();
    await unlimited.fit(x, y, { batchSize: 32, verbose: 0 });
    await unlimited.fit(x, y, { batchSize: 64, verbose: 0 });
    expect(await trained.hash()).toBe(await unlimited.hash());
    for (const one of [trained, unlimited]) one.dispose();
  });

  test('holds for variables, data, and models that are loaded', async () => {
    const trained = model();
    const saved = await trained.toBytes();
    await ready({ engine, memoryLimit: bytes() + 1000 });
    const w = variable(new Float32Array(251), [251], { name: 'w' });
    const step = () => new SGD({ learningRate: 1 }).applyGradients([[new Float32Array(251).fill(1), w]]);
    expect(step).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
    expect([...w.data]).toEqual(Array(251).fill(0));
    await expect(trained.predict(samples(100))).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
    const loaded = await loadModel(saved);
    await expect(loaded.predict(samples(1))).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
    await free();
    expect(await loaded.hash()).toBe(await trained.hash());
    step();
    expect(w.data[250]).toBe(-1);
    for (const one of [trained, loaded]) one.dispose();
  });

  test('a limit below what is held refuses all that is new', async () => {
    const w = variable([1, 2, 3], [3], { name: 'w' });
    const sgd = new SGD({ learningRate: 1 });
    sgd.applyGradients([[[1, 1, 1], w]]);
    await ready({ engine, memoryLimit: 0 });
    sgd.applyGradients([[[1, 1, 1], w]]);
    expect([...w.data]).toEqual([-1, 0, 1]);
    expect(() => sync.alloc(1)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
  });
});
