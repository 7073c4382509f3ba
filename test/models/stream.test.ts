// fit, evaluate and predict on streams: that each batch is the step it would be of arrays, bit for bit, however it comes;
// how epochs, ends, failures and aborts go.

import { Activation, type Batches, Dense, datasets, Sequential, type TrainingBatch } from 'descend';
import { describe, expect, test } from 'vitest';
import { again, cut, expected, pause, rows, silent, sixteens, trained } from './batches.js';
import { ROWS, refusal, smallModel, x, y } from './small.js';

const { Dataset } = datasets;

describe('fit on a stream gives the bits of fit on arrays', () => {
  const batches = cut(sixteens);
  const streams: Record<string, Batches> = {
    'a Dataset of arrays': Dataset.fromArrays(x, y).batch(16),
    'a Dataset of elements': Dataset.fromArrays(x, y)
      .map((element) => element)
      .prefetch(3)
      .batch(16),
    'an iterable': { [Symbol.iterator]: () => batches.values() },
    'an asynchronous iterable': again(batches),
    'one that takes its time': again(batches, pause),
    'one slower than the steps': again(batches, () => pause(7)),
    'objects of parts': again(batches.map((batch) => ({ x: (batch as never)[0], y: (batch as never)[1] }))),
    'nested arrays and numbers of other kinds': again(
      batches.map((batch, i) => {
        const [samples, targets] = batch as [typeof x, Uint8Array];
        const nested = Array.from({ length: samples.shape[0] as number }, (_, row) => [
          ...samples.data.subarray(2 * row, 2 * row + 2),
        ]);
        return [nested, i % 2 ? Float64Array.from(targets) : [...targets]] as TrainingBatch;
      }),
    ),
  };

  test.each(Object.keys(streams))('%s', async (name) => {
    expect(await trained(streams[name] as Batches)).toBe(await expected());
  });

  test('in the shuffled order of arrays, with the model’s seed', async () => {
    const shuffled = Dataset.fromArrays(x, y).shuffle({ seed: 5 }).batch(16);
    expect(await trained(shuffled)).toBe(await expected({ shuffle: true }));
  });

  test('whether batches are watched or not', async () => {
    const seen: number[] = [];
    const callbacks = [{ onBatchBegin: (i: number) => seen.push(i), onBatchEnd: (i: number) => seen.push(-i) }];
    expect(await trained(again(batches, pause), { callbacks })).toBe(await expected());
    const epoch = batches.flatMap((_, i) => [i, -i]);
    expect(seen).toEqual([...epoch, ...epoch, ...epoch]);
  });

  test('with weights of samples and classes', async () => {
    const sampleWeight = Float32Array.from({ length: ROWS }, (_, i) => 1 + (i % 5));
    const classWeight = { 1: 3 };
    const set = Dataset.fromArrays(x, y, sampleWeight).batch(16);
    expect(await trained(set, { classWeight })).toBe(await expected({ sampleWeight, classWeight }));
    expect(await trained(set)).toBe(await expected({ sampleWeight }));
    expect(await trained(Dataset.fromArrays(x, y).batch(16), { classWeight })).toBe(await expected({ classWeight }));
  });

  test('history and validation as well', async () => {
    const [streamed, arrays] = [smallModel(), smallModel()];
    const set = Dataset.fromArrays(x, y).batch(16);
    const options = { ...silent, epochs: 3, validationSteps: 4 };
    const { history } = await streamed.fit(set, { ...options, validationData: set });
    const whole = await arrays.fit(x, y, { ...options, batchSize: 16, shuffle: false, validationData: [x, y] });
    expect(history).toEqual(whole.history);
    const mixed = await smallModel().fit(set, { ...options, validationData: [x, y], validationBatchSize: 16 });
    expect(mixed.history).toEqual(whole.history);
    const other = smallModel();
    const given = { ...options, batchSize: 16, shuffle: false, validationData: set };
    expect((await other.fit(x, y, given)).history).toEqual(whole.history);
  });

  test('batches of any sizes are steps of those sizes', async () => {
    const sizes = [1, 40, 3, 3, 20, 17, 16];
    const model = smallModel();
    const { steps } = await model.fit(again(cut(sizes)), { ...silent, epochs: 2 });
    expect(steps).toBe(14);
    const [one, other] = [await model.hash(), smallModel()];
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const batch of cut(sizes)) await other.trainOnBatch(...(batch as [typeof x, Uint8Array]));
    }
    expect(await other.hash()).toBe(one);
  });

  test('batches that are larger than a block of memory', async () => {
    const width = 70_000;
    const wide = { data: new Float32Array(20 * width).map((_, i) => Math.sin(i)), shape: [20, width] };
    const model = () => {
      const made = new Sequential([new Dense({ units: 1, inputShape: [width] })], { seed: 1 });
      made.compile({ optimizer: 'sgd', loss: 'mse' });
      return made;
    };
    const [arrays, streamed] = [model(), model()];
    const target = new Float32Array(20);
    await arrays.fit(wide, target, { ...silent, batchSize: 18, shuffle: false, epochs: 2 });
    await streamed.fit(Dataset.fromArrays(wide, target).batch(18), { ...silent, epochs: 2 });
    expect(await streamed.hash()).toBe(await arrays.hash());
  });
});

describe('evaluate and predict', () => {
  test('give what they give for arrays', async () => {
    const model = smallModel();
    const set = Dataset.fromArrays(x, y).batch(16);
    expect(await model.evaluate(set)).toEqual(await model.evaluate(x, y, { batchSize: 16 }));
    const whole = await model.predict(x);
    expect(await model.predict(set)).toEqual(whole);
    expect(await model.predict(Dataset.fromArrays(x).batch(7))).toEqual(whole);
    expect(await model.predict(again(cut([100])))).toEqual(whole);
  });

  test('build a model that does not know its input', async () => {
    const model = new Sequential([new Dense({ units: 2 }), new Activation({ activation: 'tanh' })], { seed: 3 });
    const { shape } = await model.predict(Dataset.fromArrays(x).batch(16));
    expect(shape).toEqual([ROWS, 2]);
  });
});

describe('epochs', () => {
  test('with stepsPerEpoch go on in the same iteration', async () => {
    let begun = 0;
    function* endless(): Generator<TrainingBatch> {
      begun++;
      for (let i = 0; ; i++) yield rows(10 * (i % 10), 10 * (i % 10) + 10);
    }
    const model = smallModel();
    const { steps, epoch } = await model.fit(endless(), { ...silent, epochs: 5, stepsPerEpoch: 4 });
    expect({ steps, epoch, begun }).toEqual({ steps: 20, epoch: [0, 1, 2, 3, 4], begun: 1 });
    const arrays = smallModel();
    await arrays.fit(x, y, { ...silent, epochs: 2, batchSize: 10, shuffle: false });
    expect(await model.hash()).toBe(await arrays.hash());
  });

  test('end where the stream does, and the next begins it anew', async () => {
    const lengths: number[] = [];
    let epochSteps = 0;
    const callbacks = [
      {
        onBatchEnd: () => epochSteps++,
        onEpochEnd: () => lengths.push(epochSteps),
        onEpochBegin: () => (epochSteps = 0),
      },
    ];
    const model = smallModel();
    await model.fit(again(cut([30, 30, 40])), { ...silent, epochs: 4, stepsPerEpoch: 2, callbacks });
    expect(lengths).toEqual([2, 1, 2, 1]);
    const arrays = smallModel();
    await arrays.fit(again(cut([30, 30, 40])), { ...silent, epochs: 2 });
    expect(await model.hash()).toBe(await arrays.hash());
  });

  test('of a shuffled set differ, and go on over calls', async () => {
    const set = Dataset.fromArrays(x, y).shuffle({ seed: 1, buffer: 30 }).batch(16);
    const [once, often] = [smallModel(), smallModel()];
    await once.fit(set, { ...silent, epochs: 3 });
    for (let i = 0; i < 3; i++) await often.fit(set, silent);
    expect(await often.hash()).toBe(await once.hash());
  });

  test('ask for no more batches than they need', async () => {
    let asked = 0;
    const counted = Dataset.from(cut(Array.from({ length: 100 }, () => 1))).map((batch) => {
      asked++;
      return batch;
    });
    await smallModel().fit(counted, { ...silent, stepsPerEpoch: 3 });
    expect(asked).toBe(3);
    asked = 0;
    const { stopReason, steps } = await smallModel().fit(counted, { ...silent, stopWhen: { maxSteps: 5 } });
    expect({ asked, stopReason, steps }).toEqual({ asked: 5, stopReason: 'maxSteps', steps: 5 });
  });

  test('cannot run over a generator twice', async () => {
    function* once() {
      yield* cut(sixteens);
    }
    const model = smallModel();
    expect(await refusal(() => model.fit(once(), { ...silent, epochs: 2 }))).toMatch(
      /^INVALID_VALUE iterable: .*begins anew/,
    );
    expect(await model.hash()).toBe(await expected({ epochs: 1 }));
    // What is its own iterator, and begins anew, is not one.
    let at = 0;
    const batches = cut(sixteens);
    const itself = {
      next: () => (at < batches.length ? { done: false, value: batches[at++] } : { done: true, value: undefined }),
      [Symbol.iterator]() {
        at = 0;
        return this;
      },
    } as unknown as Batches;
    expect(await trained(itself)).toBe(await expected());
    expect(await trained(Dataset.from(itself))).toBe(await expected());
  });

  test('of nothing are refused', async () => {
    const model = smallModel();
    expect(await refusal(() => model.fit([].values(), silent))).toMatch(/^INVALID_VALUE fit: .*at least one batch/);
    let passes = 0;
    const onceOnly = { [Symbol.iterator]: () => (passes++ === 0 ? cut([100]) : []).values() };
    expect(await refusal(() => model.fit(onceOnly, { ...silent, epochs: 2 }))).toMatch(/^INVALID_VALUE.*every epoch/);
  });
});
