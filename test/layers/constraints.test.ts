// Constraints: what weights are after every step, against their formulas in f64; part of the step, however steps are run.

import { Adam, constraints, Dense, Embedding, loadModel, minimize, ops, Sequential, SGD, type Tensor } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const ROWS = 40;
const x = { data: noise(ROWS * 3, 1), shape: [ROWS, 3] };
const y = { data: noise(ROWS * 2, 2).map((v) => 5 * v), shape: [ROWS, 2] };

function model(kernelConstraint: object | string | null, optimizer = new SGD({ learningRate: 0.5 })) {
  const made = new Sequential([new Dense({ units: 2, inputShape: [3], kernelConstraint: kernelConstraint as never })], {
    seed: 4,
  });
  made.compile({ optimizer, loss: 'mse' });
  return made;
}

const kernelOf = async (made: Sequential): Promise<Float32Array> => (await made.getWeights())[0]?.data as Float32Array;

/** Lengths of the columns of a kernel of 3 rows. */
const lengths = (kernel: ArrayLike<number>): number[] =>
  [0, 1].map((column) => Math.hypot(...[0, 1, 2].map((row) => kernel[2 * row + column] as number)));

const EPSILON = 1e-7;
const scaled = (kernel: Float32Array, factor: (length: number) => number): number[] => {
  const factors = lengths(kernel).map(factor);
  return Array.from(kernel, (w, i) => w * (factors[i % 2] as number));
};

describe('one step is that without, and then the rule', () => {
  test.each<[string, () => object | string, (kernel: Float32Array) => number[]]>([
    [
      'max_norm',
      () => new constraints.MaxNorm({ maxValue: 0.4 }),
      (k) => scaled(k, (n) => Math.min(n, 0.4) / (n + EPSILON)),
    ],
    ['unit_norm', () => 'unit_norm', (k) => scaled(k, (n) => 1 / (n + EPSILON))],
    [
      'min_max_norm',
      () => new constraints.MinMaxNorm({ minValue: 3, maxValue: 4, rate: 0.5 }),
      (k) => scaled(k, (n) => (0.5 * Math.min(4, Math.max(3, n)) + 0.5 * n) / (n + EPSILON)),
    ],
    ['non_neg', () => 'NonNeg', (k) => Array.from(k, (w) => Math.max(0, w))],
  ])('%s', async (_, make, rule) => {
    const [free, held] = [model(null), model(make())];
    for (const made of [free, held]) await made.trainOnBatch(x, y);
    const expected = rule(await kernelOf(free));
    for (const [i, w] of (await kernelOf(held)).entries()) expect(w).toBeCloseTo(expected[i] as number, 5);
  });
});

test('holds after every step, and the same bits however steps are chunked', async () => {
  const [whole, stepwise] = [model('unit_norm', new Adam() as never), model('unit_norm', new Adam() as never)];
  await whole.fit(x, y, { epochs: 3, batchSize: 8, verbose: 0 });
  let worst = 0;
  const onBatchEnd = async (): Promise<void> => {
    for (const length of lengths(await kernelOf(stepwise))) worst = Math.max(worst, Math.abs(length - 1));
  };
  await stepwise.fit(x, y, { epochs: 3, batchSize: 8, verbose: 0, callbacks: [{ onBatchEnd }] });
  expect(worst).toBeLessThan(1e-6);
  expect(await stepwise.hash()).toBe(await whole.hash());
  const again = await loadModel(await whole.toBytes());
  for (const one of [whole, again]) await one.fit(x, y, { epochs: 1, batchSize: 8, verbose: 0 });
  expect(await again.hash()).toBe(await whole.hash());
});

test('minimize and applyGradients hold weights too; frozen ones are left alone', async () => {
  const made = model('non_neg');
  const [kernel] = made.weights as [(typeof made.weights)[0]];
  const goal = (): Tensor => ops.sum(ops.square(ops.add(kernel, 1)));
  await minimize(goal, { variables: [kernel], optimizer: new SGD({ learningRate: 0.1 }), stopWhen: { maxSteps: 20 } });
  expect([...kernel.data].every((w) => w === 0)).toBe(true);
  new SGD({ learningRate: 1 }).applyGradients([[new Float32Array([1, -1, 1, -1, 1, -1]), kernel]]);
  expect([...kernel.data]).toEqual([0, 1, 0, 1, 0, 1]);
  kernel.assign(new Float32Array(6).fill(-1));
  (made.layers[0] as Dense).trainable = false;
  expect(made.trainableWeights).toEqual([]);
});

test('a table that only some rows of are learned', async () => {
  const layer = new Embedding({ inputDim: 50, outputDim: 3, embeddingsConstraint: 'non_neg', inputShape: [2] });
  const made = new Sequential([layer], { seed: 1 });
  made.compile({ optimizer: 'adam', loss: 'mse' });
  await made.fit(
    { data: Float32Array.from({ length: 20 }, (_, i) => i % 7), shape: [10, 2] },
    { data: noise(60, 3), shape: [10, 2, 3] },
    { verbose: 0 },
  );
  expect((await kernelOf(made)).every((w) => w >= 0)).toBe(true);
});

test('memory says what is held', async () => {
  const [free, held] = [await model(null).memory(), await model('unit_norm').memory()];
  expect(held.work).toBeGreaterThan(free.work);
});
