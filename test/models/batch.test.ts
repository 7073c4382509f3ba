// One batch at a time: the steps of fit, the measurements of evaluate.

import { Dense, ops, Rescaling, Sequential, SGD, type Tensor } from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, sameBytes, smallModel, x, y } from './small.js';

const silent = { verbose: 0 } as const;
const BATCH = 16;

/** The samples `from` up to, not including, `to`. */
function rows(from: number, to: number) {
  const shape = [Math.min(to, ROWS) - from, 2];
  return [{ data: x.data.subarray(2 * from, 2 * to), shape }, y.subarray(from, to)] as const;
}

describe('trainOnBatch', () => {
  // Dropout depends on a sample's place in its run, so the equality is that of a model without.
  test('over the batches of an epoch ends at the bits of fit without shuffling', async () => {
    const [byBatch, byEpoch] = [smallModel({ dropout: 0 }), smallModel({ dropout: 0 })];
    for (let from = 0; from < ROWS; from += BATCH) await byBatch.trainOnBatch(...rows(from, from + BATCH));
    await byEpoch.fit(x, y, { ...silent, batchSize: BATCH, shuffle: false });
    expect(await byBatch.hash()).toBe(await byEpoch.hash());
    expect(byBatch.optimizer.iterations).toBe(Math.ceil(ROWS / BATCH));
    expect(byBatch.optimizer.stateDict()).toEqual(byEpoch.optimizer.stateDict());
  });

  test('gives the loss and the metrics before its step', async () => {
    const model = smallModel({ dropout: 0 });
    const before = await model.evaluate(x, y, { batchSize: ROWS });
    expect(await model.trainOnBatch(x, y)).toEqual(before);
    const after = await model.evaluate(x, y, { batchSize: ROWS });
    expect(after.loss).toBeLessThan(before.loss!);
  });

  test('draws other dropout at every step, the same in every run', async () => {
    const [one, two] = [smallModel(), smallModel()];
    one.optimizer.learningRate = 0;
    two.optimizer.learningRate = 0;
    const losses = [];
    for (let step = 0; step < 3; step++) losses.push((await one.trainOnBatch(x, y)).loss);
    expect(new Set(losses).size).toBe(3);
    for (const loss of losses) expect((await two.trainOnBatch(x, y)).loss).toBe(loss);
  });

  // The plan of a batch is kept for the next one of its shapes: what changes the plan must be noticed.
  test('follows weights that are frozen and thawed, and batches of other shapes', async () => {
    const [model, other] = [smallModel({ dropout: 0 }), smallModel({ dropout: 0 })];
    const first = (made: Sequential) => made.layers[0]!;
    const kernel = async () => (await model.getWeights())[0]!.data;
    await model.trainOnBatch(...rows(0, 10));
    const before = await kernel();
    first(model).trainable = false;
    await model.trainOnBatch(...rows(10, 20));
    expect(await kernel()).toEqual(before);
    first(model).trainable = true;
    await model.trainOnBatch(...rows(20, 50));
    expect(await kernel()).not.toEqual(before);
    await model.trainOnBatch(...rows(50, 60), { sampleWeight: new Float32Array(10).fill(0.5) });
    await other.trainOnBatch(...rows(0, 10));
    first(other).trainable = false;
    await other.trainOnBatch(...rows(10, 20));
    first(other).trainable = true;
    await other.fit(...rows(20, 50), { ...silent, batchSize: 30, shuffle: false });
    await other.fit(...rows(50, 60), { ...silent, shuffle: false, sampleWeight: new Float32Array(10).fill(0.5) });
    expect(await model.hash()).toBe(await other.hash());
  });

  test('asks a function for its loss at every batch, and all of them after compile', async () => {
    const model = smallModel({ dropout: 0 });
    let factor = 1;
    const loss = (_: Tensor, predictions: Tensor) => ops.mul(ops.sum(predictions), factor);
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss });
    const { loss: one } = await model.trainOnBatch(x, y);
    factor = 3;
    const { loss: three } = await model.trainOnBatch(x, y);
    expect(three).toBeCloseTo(3 * (one as number), 3);
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'sparseCategoricalCrossentropy' });
    expect(await model.trainOnBatch(x, y)).toEqual(await model.evaluate(x, y, { batchSize: ROWS }));
  });

  test('builds a model that does not know its input shape', async () => {
    const model = new Sequential([new Dense({ units: 1 })], { seed: 1 });
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.trainOnBatch([[1, 2, 3]], [1]);
    expect(model.inputShape).toEqual([3]);
  });

  test('goes on after saving and loading as without', async () => {
    const model = smallModel();
    await model.trainOnBatch(...rows(0, 20));
    const { loadModel } = await import('descend');
    const loaded = await loadModel(await model.toBytes());
    for (const each of [model, loaded]) await each.trainOnBatch(...rows(20, 50));
    expect(await loaded.hash()).toBe(await model.hash());
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'no samples',
      () => smallModel().trainOnBatch({ data: new Float32Array(), shape: [0, 2] }, []),
      /^INVALID_VALUE x/,
    ],
    ['too few targets', () => smallModel().trainOnBatch(x, y.subarray(1)), /^SHAPE_MISMATCH y/],
    ['a label beyond the classes', () => smallModel().trainOnBatch([[1, 2]], [3]), /^LABEL_OUT_OF_RANGE/],
    ['no compile', () => new Sequential([new Dense({ units: 1 })]).trainOnBatch([[1]], [1]), /^NOT_COMPILED trainOn/],
  ])('refuses %s', async (_, work, message) => {
    expect(await refusal(work)).toMatch(message);
  });

  test('what is refused changes nothing', async () => {
    const model = smallModel();
    const before = await model.toBytes();
    expect(await refusal(() => model.trainOnBatch([[Number.NaN, 1]], [0]))).toMatch(/^NON_FINITE/);
    expect(sameBytes(await model.toBytes(), before)).toBe(true);
  });

  test('one at a time', async () => {
    const model = smallModel();
    const first = model.trainOnBatch(x, y);
    expect(await refusal(() => model.trainOnBatch(x, y))).toMatch(/^BUSY/);
    expect(await refusal(() => model.testOnBatch(x, y))).toMatch(/^BUSY/);
    await first;
    expect(model.optimizer.iterations).toBe(1);
  });
});

test('testOnBatch measures all samples as one batch', async () => {
  const model = smallModel();
  expect(await model.testOnBatch(x, y)).toEqual(await model.evaluate(x, y, { batchSize: ROWS }));
  expect(model.optimizer.iterations).toBe(0);
  const none = { data: new Float32Array(), shape: [0, 2] };
  expect(await refusal(() => model.testOnBatch(none, []))).toMatch(/^INVALID_VALUE x/);
});

test('predictOnBatch is predict over all samples at once', async () => {
  const model = smallModel();
  expect(await model.predictOnBatch(x)).toEqual(await model.predict(x, { batchSize: ROWS }));
  const none = { data: new Float32Array(), shape: [0, 2] };
  expect(await model.predictOnBatch(none)).toEqual({ data: new Float32Array(), shape: [0, 3] });
});

test('what a batch call is refused for bears its name', async () => {
  const bare = new Sequential([new Dense({ units: 1 })]);
  expect(await refusal(() => bare.testOnBatch([[1]], [1]))).toMatch(/^NOT_COMPILED testOnBatch/);
});

describe('Rescaling by columns', () => {
  const scales = { scale: [0.5, 2], offset: [10, -1] };

  test('takes each entry of the last axis by its own numbers', async () => {
    const model = new Sequential([new Rescaling({ ...scales, inputShape: [2] })]);
    const { data } = await model.predict([
      [4, 8],
      [-2, 0.5],
    ]);
    expect([...data]).toEqual([12, 15, 9, 0]);
  });

  test('survives saving', async () => {
    const layer = Rescaling.fromConfig(JSON.parse(JSON.stringify(new Rescaling(scales).getConfig())));
    expect(layer).toMatchObject(scales);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['no numbers', () => new Rescaling({ scale: [] }), /^INVALID_VALUE Rescaling scale/],
    ['NaN among them', () => new Rescaling({ scale: 1, offset: [0, Number.NaN] }), /^INVALID_VALUE Rescaling offset/],
    [
      'another number of columns',
      () => new Sequential([new Rescaling({ ...scales, inputShape: [3] })]),
      /^SHAPE_MISMATCH rescaling: expected a last axis of 2/,
    ],
  ])('refuses %s', async (_, work, message) => {
    expect(await refusal(work)).toMatch(message);
  });
});
