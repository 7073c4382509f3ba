// A model of several inputs and outputs with everything in it that keeps statistics, draws numbers, masks, or is held by
// constraints, trained: the same weights on every engine and with any number of threads.

import {
  Adam,
  Add,
  AlphaDropout,
  BatchNormalization,
  Concatenate,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  GroupNormalization,
  Input,
  LayerNormalization,
  Masking,
  Model,
  PReLU,
  RMSNormalization,
  ready,
  Sequential,
  SpatialDropout1D,
  type SymbolicTensor,
  UnitNormalization,
} from 'descend';
import { afterAll, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { Committed, ENGINE, THREADS } from './committed.js';
import { sha256 } from './sha256.js';

const committed = new Committed('layers');
const ROWS = 203;
const [STEPS, FEATURES] = [7, 16];

afterAll(async () => {
  await ready({ engine: ENGINE, threads: 0 });
});

function untrained() {
  const words = Input({ shape: [STEPS], name: 'words', dtype: 'int32' });
  const sequence = Input({ shape: [STEPS, FEATURES], name: 'sequence' });
  const table = new Embedding({ inputDim: 31, outputDim: FEATURES, maskZero: true, embeddingsConstraint: 'max_norm' });
  const chain = (layers: readonly { apply(x: SymbolicTensor): SymbolicTensor }[], x: SymbolicTensor): SymbolicTensor =>
    layers.reduce((value, layer) => layer.apply(value), x);
  const read = chain([table, new LayerNormalization(), new SpatialDropout1D({ rate: 0.2 })], words);
  const heard = chain(
    [new Masking(), new BatchNormalization(), new GaussianNoise({ stddev: 0.1 }), new PReLU({ sharedAxes: [1] })],
    sequence,
  );
  const both = chain([new GroupNormalization({ groups: 4 }), new RMSNormalization()], new Add().apply([read, heard]));
  const tower = new Sequential(
    [new Dense({ units: 33, activation: 'selu' }), new AlphaDropout({ rate: 0.1 }), new BatchNormalization()],
    { name: 'tower' },
  );
  const flat = new Flatten();
  const joined = new Concatenate().apply([
    tower.apply(flat.apply(both)),
    chain([new Dropout({ rate: 0.3 }), new UnitNormalization(), new GaussianDropout({ rate: 0.1 })], flat.apply(heard)),
  ]);
  const outputs = {
    kind: new Dense({ units: 5, activation: 'softmax', kernelConstraint: 'max_norm' }).apply(joined),
    steps: new Dense({ units: 1 }).apply(both),
  };
  const model = new Model({ inputs: [words, sequence], outputs, seed: 11 });
  model.compile({
    optimizer: new Adam({ learningRate: 0.01 }),
    loss: ['sparse_categorical_crossentropy', 'mse'],
    lossWeights: [1, 0.25],
    metrics: [['accuracy'], ['mae']],
  });
  return model;
}

const x = {
  words: {
    data: Int32Array.from({ length: ROWS * STEPS }, (_, i) => (i % STEPS > 4 ? 0 : (i * i) % 31)),
    shape: [ROWS, STEPS],
  },
  sequence: { data: noise(ROWS * STEPS * FEATURES, 1), shape: [ROWS, STEPS, FEATURES] },
};
const y = {
  kind: Uint8Array.from({ length: ROWS }, (_, i) => (x.words.data[STEPS * i] as number) % 5),
  steps: { data: noise(ROWS * STEPS, 2), shape: [ROWS, STEPS, 1] },
};

async function train(model: ReturnType<typeof untrained>, callbacks: object[] = []): Promise<void> {
  const { history } = await model.fit(x, y, { epochs: 4, batchSize: 31, verbose: 0, callbacks });
  const [first, last] = [history.loss?.[0] as number, history.loss?.at(-1) as number];
  expect(last).toBeLessThan(0.9 * first);
  committed.expect('weights', await model.hash());
  committed.expect('reports', await sha256([Float32Array.from(Object.values(history).flat())]));
  const { kind, steps } = await model.predict(x);
  committed.expect('predictions', await sha256([kind.data, steps.data]));
}

for (const threads of THREADS) {
  test(`${threads} threads`, async () => {
    await ready({ engine: ENGINE, threads });
    const model = untrained();
    await train(model);
    model.dispose();
  });
}

test('batch by batch', async () => {
  await ready({ engine: ENGINE });
  const model = untrained();
  await train(model, [{ onBatchEnd: () => {} }]);
  model.dispose();
});
