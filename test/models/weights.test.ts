// Weights of samples and classes: what they mean for the loss, its gradients and the weighted metrics, and what is
// refused.

import { Dense, ops, Sequential, SGD } from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, x, y } from './small.js';

const EVERY_THIRD = Float32Array.from({ length: ROWS }, (_, i) => (i % 3 === 0 ? 0 : 1));
const UNEVEN = Float32Array.from({ length: ROWS }, (_, i) => 0.25 + ((i * 7) % 5));
const BATCHES = [100, 33, 16, 7];

function model(options: { reduction?: 'meanWithSampleWeight' } = {}): Sequential {
  const made = new Sequential([new Dense({ units: 3, activation: 'softmax', inputShape: [2] })], { seed: 9 });
  made.compile({
    optimizer: new SGD({ learningRate: 0.5 }),
    loss: { className: 'SparseCategoricalCrossentropy', config: options },
    metrics: ['accuracy'],
    weightedMetrics: ['accuracy', 'sparse_categorical_accuracy'],
  });
  return made;
}

function chosen(keep: (row: number) => boolean): { x: { data: Float32Array; shape: number[] }; y: Uint8Array } {
  const rows = Array.from({ length: ROWS }, (_, row) => row).filter(keep);
  const data = Float32Array.from(rows.flatMap((row) => [...x.data.subarray(2 * row, 2 * row + 2)]));
  return { x: { data, shape: [rows.length, 2] }, y: Uint8Array.from(rows, (row) => y[row] as number) };
}

const left = chosen((row) => row % 3 !== 0);

describe('weights of 0 and 1', () => {
  test('mean what leaving samples out means', async () => {
    const options = { reduction: 'meanWithSampleWeight' } as const;
    const whole = await model(options).evaluate(x, y, { batchSize: ROWS, sampleWeight: EVERY_THIRD });
    const fewer = await model(options).evaluate(left.x, left.y, { batchSize: ROWS });
    expect(whole.loss).toBeCloseTo(fewer.loss as number, 6);
    expect(whole.weighted_accuracy).toBeCloseTo(fewer.accuracy as number, 12);
    expect(whole.sparse_categorical_accuracy).toBe(whole.weighted_accuracy);
    // Other metrics know nothing of weights.
    expect(whole.accuracy).toBe((await model(options).evaluate(x, y)).accuracy);
  });

  test('mean it for a step of training', async () => {
    const [weighted, fewer] = [model({ reduction: 'meanWithSampleWeight' }), model()];
    await weighted.trainOnBatch(x, y, { sampleWeight: EVERY_THIRD });
    await fewer.trainOnBatch(left.x, left.y);
    const [a, b] = [await weighted.getWeights(), await fewer.getWeights()];
    for (const [i, { data }] of a.entries()) {
      for (const [k, value] of data.entries()) expect(value).toBeCloseTo(b[i]?.data[k] as number, 6);
    }
  });

  test('all 1 change no bit', async () => {
    const [weighted, plain] = [model(), model()];
    const history = await weighted.fit(x, y, { epochs: 3, sampleWeight: new Float32Array(ROWS).fill(1), verbose: 0 });
    const without = await plain.fit(x, y, { epochs: 3, verbose: 0 });
    expect(await weighted.hash()).toBe(await plain.hash());
    expect(history.history.loss).toEqual(without.history.loss);
  });
});

describe('sums over batches', () => {
  test.each(BATCHES)('weighted metrics in batches of %i are those of one batch', async (batchSize) => {
    const one = await model().evaluate(x, y, { batchSize: ROWS, sampleWeight: UNEVEN });
    const got = await model().evaluate(x, y, { batchSize, sampleWeight: UNEVEN });
    expect(got.weighted_accuracy).toBeCloseTo(one.weighted_accuracy as number, 6);
    expect(got.loss).toBeCloseTo(one.loss as number, 6);
  });

  test('a weight of 2 counts a sample twice in sums', async () => {
    const twice = Float32Array.from({ length: ROWS }, (_, i) => (i < 40 ? 2 : 1));
    const { loss } = await model().evaluate(x, y, { batchSize: ROWS, sampleWeight: twice });
    const { loss: all } = await model().evaluate(x, y, { batchSize: ROWS });
    const first = chosen((row) => row < 40);
    const { loss: some } = await model().evaluate(first.x, first.y, { batchSize: ROWS });
    expect(loss).toBeCloseTo((all as number) + 0.4 * (some as number), 6);
  });
});

describe('classWeight', () => {
  const weights = { 0: 0.5, 2: 3 };
  const bySample = Float32Array.from(y, (label) => [0.5, 1, 3][label] as number);

  test.each([
    ['an object', weights],
    ['a list', [0.5, 1, 3]],
    [
      'a map',
      new Map([
        [0, 0.5],
        [2, 3],
      ] as const),
    ],
  ])('%s is the weights of its classes', async (_, classWeight) => {
    const [byClass, weighted] = [model(), model()];
    await byClass.fit(x, y, { epochs: 2, classWeight, verbose: 0 });
    await weighted.fit(x, y, { epochs: 2, sampleWeight: bySample, verbose: 0 });
    expect(await byClass.hash()).toBe(await weighted.hash());
  });

  test('names the classes of one-hot targets', async () => {
    const [byClass, weighted] = [model(), model()];
    for (const made of [byClass, weighted]) made.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    const oneHot = Array.from(y, (label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)));
    await byClass.trainOnBatch(x, oneHot, { classWeight: weights });
    await weighted.trainOnBatch(x, oneHot, { sampleWeight: bySample });
    expect(await byClass.hash()).toBe(await weighted.hash());
  });

  test('multiplies sampleWeight', async () => {
    const [both, weighted] = [model(), model()];
    await both.trainOnBatch(x, y, { classWeight: weights, sampleWeight: EVERY_THIRD });
    const product = bySample.map((weight, i) => weight * (EVERY_THIRD[i] as number));
    await weighted.trainOnBatch(x, y, { sampleWeight: product });
    expect(await both.hash()).toBe(await weighted.hash());
  });

  test('is not for validation; the samples set aside keep their own weights', async () => {
    const options = { epochs: 1, validationSplit: 0.25, verbose: 0, sampleWeight: UNEVEN } as const;
    const split = await model().fit(x, y, { ...options, classWeight: weights });
    const held = chosen((row) => row >= 75);
    const trained = model();
    const first = chosen((row) => row < 75);
    const { history } = await trained.fit(first.x, first.y, {
      classWeight: weights,
      sampleWeight: UNEVEN.slice(0, 75),
      validationData: [held.x, held.y, UNEVEN.slice(75)],
      verbose: 0,
    });
    expect(split.history.val_loss).toEqual(history.val_loss);
    expect(split.history.val_weighted_accuracy).toEqual(history.val_weighted_accuracy);
  });
});

describe('is refused', () => {
  const fitting = (options: object) => () => model().fit(x, y, { verbose: 0, ...options });

  test.each([
    ['too few weights', fitting({ sampleWeight: [1, 2] }), 'SHAPE_MISMATCH sampleWeight: expected 100 weights'],
    [
      'weights of another shape',
      fitting({ sampleWeight: { data: new Float32Array(200), shape: [100, 2] } }),
      'SHAPE_MISMATCH',
    ],
    ['NaN', fitting({ sampleWeight: new Float32Array(100).fill(Number.NaN) }), 'INVALID_VALUE sampleWeight[0]'],
    ['a class by a word', fitting({ classWeight: { cat: 1 } }), `INVALID_VALUE classWeight: the class "cat"`],
    ['an infinite factor', fitting({ classWeight: [1, Infinity] }), 'INVALID_VALUE classWeight[1]'],
    ['a number for classes', fitting({ classWeight: 2 }), 'INVALID_VALUE classWeight'],
    ['classes while testing', () => model().testOnBatch(x, y, { classWeight: [1] } as object), 'UNKNOWN_OPTION'],
    ['validation data of four parts', fitting({ validationData: [x, y, y, y] }), 'INVALID_VALUE validationData'],
  ])('%s', async (_, work, expected) => {
    expect(await refusal(work)).toContain(expected);
  });

  test('weights of samples for a loss of the whole batch', async () => {
    const made = model();
    made.compile({ loss: (_: unknown, p) => ops.sum(p) });
    const text = await refusal(() => made.trainOnBatch(x, y, { sampleWeight: UNEVEN }));
    expect(text).toContain('SHAPE_MISMATCH sampleWeight');
  });
});
