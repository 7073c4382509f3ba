// States that outlive a batch: against Keras, and by properties: a sequence cut in pieces is the whole, in training too; states are
// saved, and begin anew when told to.

import { Adam, Dense, GRU, Input, LSTM, loadModel, type Recurrent, Sequential, SimpleRNN } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';
import { noise } from '../noise.js';

interface Case {
  name: string;
  layer: 'LSTM' | 'GRU' | 'SimpleRNN';
  options: { units: number };
  inputs: Golden[];
  weights: Golden[];
  outputs: Golden[];
  afterReset: Golden;
}

const CLASSES = { LSTM, GRU, SimpleRNN };
const BOUND = 100 * 2 ** -24;

describe.each(cases<Case>('layers/stateful.json'))(
  '$name',
  ({ layer, options, inputs, weights, outputs, afterReset }) => {
    test('goes on where it was, and begins anew', async () => {
      const stateful = new CLASSES[layer]({ ...options, stateful: true, batchSize: 3 });
      const model = new Sequential([Input({ shape: [4, 2] }), stateful as Recurrent as never]);
      const states = model.weights
        .slice(weights.length)
        .map(({ shape }) => ({ shape: [...shape], data: new Float32Array(9) }));
      await model.setWeights([...weights, ...states]);
      for (const [i, x] of inputs.entries()) {
        const { data, shape } = await model.predict(x);
        expect(shape).toEqual(outputs[i]?.shape);
        expectClose(data, outputs[i]?.data ?? [], BOUND, `batch ${i}`);
      }
      await model.resetStates();
      expectClose((await model.predict(inputs[0]!)).data, afterReset.data, BOUND, 'after resetStates');
    });
  },
);

const [BATCH, PIECES, STEPS, SIZE] = [5, 3, 4, 2];
const x = noise(PIECES * BATCH * STEPS * SIZE, 1);
const y = noise(PIECES * BATCH, 2);
const samples = { data: x, shape: [PIECES * BATCH, STEPS, SIZE] };
const targets = { data: y, shape: [PIECES * BATCH, 1] };
const piece = (i: number) => ({
  data: x.slice(i * BATCH * STEPS * SIZE, (i + 1) * BATCH * STEPS * SIZE),
  shape: [BATCH, STEPS, SIZE],
});

function made(batchSize = BATCH): Sequential {
  const layers = [
    new LSTM({ units: 3, stateful: true, batchSize, returnSequences: true }),
    new GRU({ units: 4, stateful: true, batchSize }),
  ];
  const model = new Sequential([Input({ shape: [STEPS, SIZE] }), ...layers, new Dense({ units: 1 })], { seed: 7 });
  model.compile({ optimizer: new Adam(), loss: 'meanSquaredError' });
  return model;
}

/** The same without states, over all pieces as one sequence. */
async function whole(model: Sequential): Promise<Float32Array> {
  const layers = [new LSTM({ units: 3, returnSequences: true }), new GRU({ units: 4 })];
  const long = new Sequential([Input({ shape: [PIECES * STEPS, SIZE] }), ...layers, new Dense({ units: 1 })]);
  const weights = (await model.getWeights()).filter(({ name }) => !name.includes('state_'));
  await long.setWeights(weights);
  const all = new Float32Array(x.length);
  const width = STEPS * SIZE;
  for (let row = 0; row < BATCH; row++) {
    for (let i = 0; i < PIECES; i++) {
      all.set(x.subarray((i * BATCH + row) * width, (i * BATCH + row + 1) * width), (row * PIECES + i) * width);
    }
  }
  return (await long.predict({ data: all, shape: [BATCH, PIECES * STEPS, SIZE] })).data;
}

test('pieces of sequences, one after the other, are the whole', async () => {
  const model = made();
  const { data } = await model.predict(samples, { batchSize: BATCH });
  expectClose(data.subarray((PIECES - 1) * BATCH), await whole(model), 2e-6, 'the last piece');
  // The states are those of the end, by their names.
  const states = (await model.getWeights()).filter(({ name }) => name.includes('state_'));
  expect(states.map(({ name, shape }) => [name, shape])).toEqual([
    ['lstm/state_0', [BATCH, 3]],
    ['lstm/state_1', [BATCH, 3]],
    ['gru/state_0', [BATCH, 4]],
  ]);
  expect(model.trainableWeights.some(({ name }) => name.includes('state_'))).toBe(false);
});

test('fit hands states from step to step, and a saved model goes on with them', async () => {
  const one = made();
  await one.fit(samples, targets, { batchSize: BATCH, epochs: 1, shuffle: false, verbose: 0 });
  const other = made();
  for (let i = 0; i < PIECES; i++) {
    await other.trainOnBatch(piece(i), { data: y.slice(i * BATCH, (i + 1) * BATCH), shape: [BATCH, 1] });
    if (i === 0) {
      const loaded = (await loadModel(await other.toBytes())) as Sequential;
      expect(await loaded.hash()).toBe(await other.hash());
      expect((await loaded.predict(piece(1))).data).toEqual(
        ((await (await loadModel(await other.toBytes())).predict(piece(1))) as { data: Float32Array }).data,
      );
    }
  }
  expect(await other.hash()).toBe(await one.hash());
  // An evaluation goes on as well; reset, it begins where a new model does.
  const before = await one.evaluate(piece(0), { data: y.slice(0, BATCH), shape: [BATCH, 1] });
  await one.resetStates();
  const after = await one.evaluate(piece(0), { data: y.slice(0, BATCH), shape: [BATCH, 1] });
  expect(after.loss).not.toBe(before.loss);
});

test('a callback begins anew at the end of an epoch', async () => {
  const losses = async (reset: boolean): Promise<number> => {
    const model = made();
    const onEpochEnd = async () => {
      if (reset) await model.resetStates();
    };
    const options = { batchSize: BATCH, epochs: 2, shuffle: false, verbose: 0, callbacks: [{ onEpochEnd }] } as const;
    return (await model.fit(samples, targets, options)).history.loss?.[1] as number;
  };
  expect(await losses(true)).not.toBe(await losses(false));
});

test('a batch of fewer samples leaves the other rows, one of more is refused with everything as it was', async () => {
  const model = made();
  await model.predict(samples, { batchSize: BATCH });
  const state = async () => (await model.getWeights()).find(({ name }) => name === 'gru/state_0')!.data;
  const before = await state();
  await model.predict({ data: x.slice(0, 2 * STEPS * SIZE), shape: [2, STEPS, SIZE] });
  const after = await state();
  expect(after.slice(2 * 4)).toEqual(before.slice(2 * 4));
  expect(after.slice(0, 2 * 4)).not.toEqual(before.slice(0, 2 * 4));
  await expect(model.predict(samples, { batchSize: 2 * BATCH })).rejects.toThrow();
  expect(await state()).toEqual(after);
});

test('two predictions at once would mix their states: the second is refused', async () => {
  const model = made();
  await model.predict(piece(0));
  const both = await Promise.allSettled([model.predict(piece(0)), model.predict(piece(1))]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});
