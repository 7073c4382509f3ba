// Constraints: what weights are after every step, against their formulas in f64; part of the step, however steps are run.

import {
  Adam,
  type AnyLayer,
  BatchNormalization,
  Bidirectional,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  constraints,
  Dense,
  DepthwiseConv2D,
  Embedding,
  Flatten,
  GRU,
  GroupNormalization,
  LayerNormalization,
  LSTM,
  loadModel,
  MultiHeadAttention,
  minimize,
  ops,
  PReLU,
  SeparableConv1D,
  SeparableConv2D,
  Sequential,
  SGD,
  SimpleRNN,
  type Tensor,
} from 'descend';
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

/** Makes each number of a weight that of its kind: what a constraint has been asked for shows. */
const MARK = new constraints.MinMaxNorm({ minValue: 2, maxValue: 2, axis: 0 });

test.each<[name: string, layer: () => AnyLayer, sample: number[], held: string[], free: string[]]>([
  ['Conv1D', () => new Conv1D({ filters: 3, kernelSize: 2, kernelConstraint: MARK }), [5, 2], ['kernel'], ['bias']],
  ['Conv2D', () => new Conv2D({ filters: 3, kernelSize: 2, biasConstraint: MARK }), [5, 4, 2], ['bias'], ['kernel']],
  [
    'Conv2D, both',
    () => new Conv2D({ filters: 3, kernelSize: 2, kernelConstraint: MARK, biasConstraint: MARK }),
    [5, 4, 2],
    ['kernel', 'bias'],
    [],
  ],
  [
    'Conv3D',
    () => new Conv3D({ filters: 2, kernelSize: 2, kernelConstraint: MARK }),
    [3, 3, 3, 1],
    ['kernel'],
    ['bias'],
  ],
  [
    'Conv2DTranspose',
    () => new Conv2DTranspose({ filters: 2, kernelSize: 2, kernelConstraint: MARK }),
    [3, 3, 2],
    ['kernel'],
    ['bias'],
  ],
  [
    'DepthwiseConv2D',
    () => new DepthwiseConv2D({ kernelSize: 2, depthwiseConstraint: MARK }),
    [4, 4, 2],
    ['depthwise_kernel'],
    ['bias'],
  ],
  [
    'SeparableConv1D',
    () => new SeparableConv1D({ filters: 3, kernelSize: 2, pointwiseConstraint: MARK }),
    [5, 2],
    ['pointwise_kernel'],
    ['depthwise_kernel', 'bias'],
  ],
  [
    'SeparableConv2D',
    () => new SeparableConv2D({ filters: 3, kernelSize: 2, depthwiseConstraint: MARK, biasConstraint: MARK }),
    [4, 4, 2],
    ['depthwise_kernel', 'bias'],
    ['pointwise_kernel'],
  ],
  [
    'SimpleRNN',
    () => new SimpleRNN({ units: 3, kernelConstraint: MARK }),
    [4, 2],
    ['kernel'],
    ['recurrent_kernel', 'bias'],
  ],
  ['GRU', () => new GRU({ units: 3, recurrentConstraint: MARK }), [4, 2], ['recurrent_kernel'], ['kernel', 'bias']],
  ['LSTM', () => new LSTM({ units: 3, biasConstraint: MARK }), [4, 2], ['bias'], ['kernel', 'recurrent_kernel']],
  [
    'Bidirectional',
    () => new Bidirectional({ layer: new LSTM({ units: 3, kernelConstraint: MARK }) }),
    [4, 2],
    ['kernel'],
    ['recurrent_kernel', 'bias'],
  ],
  [
    'MultiHeadAttention',
    () => new MultiHeadAttention({ numHeads: 2, keyDim: 3, kernelConstraint: MARK }),
    [4, 2],
    ['query_kernel', 'key_kernel', 'value_kernel', 'attention_output_kernel'],
    ['query_bias', 'attention_output_bias'],
  ],
  ['BatchNormalization', () => new BatchNormalization({ gammaConstraint: MARK }), [3], ['gamma'], ['beta']],
  ['LayerNormalization', () => new LayerNormalization({ betaConstraint: MARK }), [3], ['beta'], ['gamma']],
  ['GroupNormalization', () => new GroupNormalization({ groups: 1, gammaConstraint: MARK }), [3], ['gamma'], ['beta']],
  ['PReLU', () => new PReLU({ alphaInitializer: 'ones', alphaConstraint: MARK }), [3], ['alpha'], []],
])('%s holds the weights that its options name, and again from a file', async (_, make, sample, held, free) => {
  const layer = make();
  const inputShape = sample;
  const made = new Sequential([layer, new Flatten(), new Dense({ units: 1 })], { seed: 3 });
  const size = sample.reduce((product, length) => product * length, 1);
  made.compile({ optimizer: new Adam({ learningRate: 0.1 }), loss: 'mse' });
  const [inputs, targets] = [
    { data: noise(6 * size, 1), shape: [6, ...inputShape] },
    { data: noise(6, 2), shape: [6, 1] },
  ];
  const check = async (model: Sequential): Promise<void> => {
    await model.trainOnBatch(inputs, targets);
    for (const weight of (model.layers[0] as AnyLayer).weights) {
      const { data, shape, ownName } = weight;
      const columns = data.length / (shape[0] as number);
      const all = Array.from({ length: columns }, (_, column) =>
        Math.hypot(...Array.from({ length: shape[0] as number }, (_, row) => data[row * columns + column] as number)),
      );
      const of2 = all.every((length) => Math.abs(length - 2) < 1e-4);
      if (held.includes(ownName)) expect(of2, `${ownName}: ${all}`).toBe(true);
      if (free.includes(ownName)) expect(of2, ownName).toBe(false);
    }
  };
  await check(made);
  await check((await loadModel(await made.toBytes())) as Sequential);
});
