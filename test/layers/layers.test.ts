// What layers do beyond reference numbers: they are saved and loaded, noise has its moments, masks reach losses and
// metrics, moving statistics move once a step.

import {
  Add,
  AlphaDropout,
  type AnyLayer,
  BatchNormalization,
  CategoryEncoding,
  Dense,
  Discretization,
  Dropout,
  Embedding,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  GroupNormalization,
  grad,
  Input,
  initializers,
  LayerNormalization,
  loadModel,
  losses,
  Masking,
  Model,
  metrics,
  Normalization,
  type Operand,
  ops,
  Permute,
  PReLU,
  RepeatVector,
  RMSNormalization,
  Sequential,
  SGD,
  SpatialDropout1D,
  SpatialDropout2D,
  SpatialDropout3D,
  type SymbolicTensor,
  type Tensor,
  UnitNormalization,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const samples = (shape: number[], seed = 1) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return { data: noise(size, seed), shape };
};

/** What a layer gives in training: its gradient by an upstream gradient. */
async function trained(layer: AnyLayer, x: { data: Float32Array; shape: number[] }, seed = 1, iteration = 0) {
  const input = variable(x.data, x.shape);
  const size = (await output(layer, x)).shape;
  const upstream = variable(new Float32Array(size.reduce((a, b) => a * b, 1)), size);
  const value = (): Operand => ops.sum(ops.mul(layer.apply(input, { training: true }) as Tensor, upstream));
  const [kept] = await grad(value, [upstream], { seed, iteration });
  return kept?.data ?? new Float32Array();
}

async function output(layer: AnyLayer, x: { data: Float32Array; shape: number[] }) {
  const input = Input({ shape: x.shape.slice(1) });
  return await new Model({ inputs: input, outputs: layer.apply(input) as SymbolicTensor }).predict(x);
}

describe('saved and loaded', () => {
  test.each<[string, () => AnyLayer, number[]]>([
    ['LayerNormalization', () => new LayerNormalization({ axis: [1, 2], epsilon: 0.1 }), [3, 4]],
    ['GroupNormalization', () => new GroupNormalization({ groups: 2, center: false }), [3, 4]],
    ['RMSNormalization', () => new RMSNormalization({ epsilon: 0.5 }), [3, 4]],
    ['UnitNormalization', () => new UnitNormalization({ axis: 1 }), [3, 4]],
    ['BatchNormalization', () => new BatchNormalization({ momentum: 0.5, gammaInitializer: 'he_normal' }), [3, 4]],
    ['Embedding', () => new Embedding({ inputDim: 5, outputDim: 2, maskZero: true }), [3]],
    [
      'PReLU',
      () => new PReLU({ sharedAxes: [1], alphaInitializer: new initializers.Constant({ value: 0.3 }) }),
      [3, 4],
    ],
    ['Permute', () => new Permute({ dims: [2, 1] }), [3, 4]],
    ['RepeatVector', () => new RepeatVector({ n: 3 }), [4]],
    ['Masking', () => new Masking({ maskValue: 2 }), [3, 4]],
    ['GaussianNoise', () => new GaussianNoise({ stddev: 0.2 }), [4]],
    ['GaussianDropout', () => new GaussianDropout({ rate: 0.2 }), [4]],
    ['AlphaDropout', () => new AlphaDropout({ rate: 0.2 }), [4]],
    ['SpatialDropout1D', () => new SpatialDropout1D({ rate: 0.2 }), [3, 4]],
    ['SpatialDropout2D', () => new SpatialDropout2D({ rate: 0.2 }), [3, 2, 4]],
    ['SpatialDropout3D', () => new SpatialDropout3D({ rate: 0.2 }), [3, 2, 2, 4]],
    ['Normalization', () => new Normalization({ mean: [1, 2, 3, 4], variance: 4 }), [3, 4]],
    ['Normalization that adapts', () => new Normalization({ axis: null, invert: true }), [3, 4]],
    ['Discretization', () => new Discretization({ binBoundaries: [-0.5, 0.5], outputMode: 'one_hot' }), [3]],
    ['CategoryEncoding', () => new CategoryEncoding({ numTokens: 4, outputMode: 'count' }), [3]],
    ['Dense with constraints', () => new Dense({ units: 2, kernelConstraint: 'max_norm' }), [3]],
  ])('%s', async (_, make, shape) => {
    const model = new Sequential([Input({ shape }), make(), new Flatten(), new Dense({ units: 2 })], { seed: 1 });
    const x = samples([5, ...shape]);
    if (model.layers[1] instanceof Embedding) x.data.set(Array.from(x.data, (_, i) => i % 5));
    const again = await loadModel(await model.toBytes());
    expect(again.getConfig()).toEqual(model.getConfig());
    expect(await again.predict(x)).toEqual(await model.predict(x));
  });
});

describe('noise', () => {
  const ROWS = 4000;
  const ones = { data: new Float32Array(ROWS * 4).fill(1), shape: [ROWS, 4] };
  const moments = (x: Float32Array): [mean: number, variance: number] => {
    const mean = x.reduce((sum, one) => sum + one, 0) / x.length;
    return [mean, x.reduce((sum, one) => sum + (one - mean) ** 2, 0) / x.length];
  };
  // 16,000 numbers: a mean is off by deviation / 126 in one standard deviation; five of them are allowed.
  const BOUND = 5 / 126;

  test.each<[string, AnyLayer, number, number]>([
    ['GaussianNoise', new GaussianNoise({ stddev: 0.5 }), 1, 0.25],
    ['GaussianDropout', new GaussianDropout({ rate: 0.2 }), 1, 0.25],
    ['SpatialDropout1D', new SpatialDropout1D({ rate: 0.5 }), 1, 1],
  ])('%s has its mean and variance', async (name, layer, mean, variance) => {
    const x = name === 'SpatialDropout1D' ? { ...ones, shape: [ROWS, 1, 4] } : ones;
    const [m, v] = moments(await trained(layer, x));
    expect(Math.abs(m - mean)).toBeLessThan(BOUND * Math.sqrt(variance));
    expect(Math.abs(v - variance)).toBeLessThan(3 * BOUND * variance);
  });

  test('AlphaDropout keeps mean 0 and variance 1', async () => {
    const x = {
      data: await trained(new GaussianNoise({ stddev: 1 }), { ...ones, data: new Float32Array(ROWS * 4) }),
      shape: ones.shape,
    };
    const [m, v] = moments(await trained(new AlphaDropout({ rate: 0.3 }), x, 2));
    expect(Math.abs(m)).toBeLessThan(BOUND);
    expect(Math.abs(v - 1)).toBeLessThan(3 * BOUND);
  });

  test('SpatialDropout drops whole channels', async () => {
    const got = await trained(new SpatialDropout2D({ rate: 0.5 }), {
      data: new Float32Array(3 * 4 * 5 * 8).fill(1),
      shape: [3, 4, 5, 8],
    });
    for (let row = 0; row < 3; row++) {
      for (let channel = 0; channel < 8; channel++) {
        const all = Array.from({ length: 20 }, (_, i) => got[(row * 20 + i) * 8 + channel]);
        expect(new Set(all).size).toBe(1);
      }
    }
    expect(new Set(got)).toEqual(new Set([0, 2]));
  });

  test('is nothing outside of training, and another in the next step', async () => {
    for (const layer of [
      new GaussianNoise({ stddev: 1 }),
      new AlphaDropout({ rate: 0.5 }),
      new Dropout({ rate: 0.5 }),
    ]) {
      expect((await output(layer, ones)).data).toEqual(ones.data);
      const [first, again, next] = [
        await trained(layer, ones),
        await trained(layer, ones),
        await trained(layer, ones, 1, 1),
      ];
      expect(again).toEqual(first);
      expect(next).not.toEqual(first);
    }
  });
});

describe('BatchNormalization', () => {
  function model(trainable = true) {
    const layers = [
      Input({ shape: [3] }),
      new BatchNormalization({ momentum: 0.5, trainable }),
      new Dense({ units: 1 }),
    ];
    const made = new Sequential(layers, { seed: 2 });
    made.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'mse' });
    return made;
  }
  const x = samples([8, 3]);
  const y = samples([8, 1], 2);
  const moving = async (made: Sequential): Promise<Float32Array[]> =>
    (await made.getWeights()).filter(({ name }) => name.includes('moving')).map(({ data }) => data);

  test('its statistics move once a step, by the batch', async () => {
    const made = model();
    await made.fit(x, y, { epochs: 1, batchSize: 4, shuffle: false, verbose: 0 });
    const mean = (from: number, column: number): number =>
      [0, 1, 2, 3].reduce((sum, row) => sum + (x.data[3 * (from + row) + column] as number), 0) / 4;
    const expected = [0, 1, 2].map((column) => 0.25 * mean(0, column) + 0.5 * mean(4, column));
    const [got] = await moving(made);
    for (const [column, value] of expected.entries()) expect(got?.[column]).toBeCloseTo(value, 6);
    expect(Object.keys(made.optimizer.stateDict().variables)).toEqual([
      'batch_normalization/gamma',
      'batch_normalization/beta',
      'dense/kernel',
      'dense/bias',
    ]);
  });

  test('frozen, evaluated, or in a step that a rule forbids, they stay', async () => {
    const frozen = model(false);
    const before = await moving(frozen);
    await frozen.fit(x, y, { epochs: 2, verbose: 0 });
    expect(await moving(frozen)).toEqual(before);
    const made = model();
    await made.evaluate(x, y);
    await made.predict(x);
    await made.fit(x, y, { verbose: 0, stopWhen: { gradNormBelow: 1e9 } });
    expect(await moving(made)).toEqual(before);
  });

  test('steps that are chunked otherwise, or saved in between, end at the same bits', async () => {
    const [whole, byBatch, first] = [model(), model(), model()];
    await whole.fit(x, y, { epochs: 4, batchSize: 3, verbose: 0 });
    await byBatch.fit(x, y, { epochs: 4, batchSize: 3, verbose: 0, callbacks: [{ onBatchEnd: () => {} }] });
    await first.fit(x, y, { epochs: 2, batchSize: 3, verbose: 0 });
    const second = await loadModel(await first.toBytes());
    await second.fit(x, y, { epochs: 2, batchSize: 3, verbose: 0 });
    expect(await byBatch.hash()).toBe(await whole.hash());
    expect(await second.hash()).toBe(await whole.hash());
  });

  test('normalizes what its mask lets count', async () => {
    const masked = new Sequential([new Masking({ inputShape: [3, 2] }), new BatchNormalization({ momentum: 0 })]);
    const short = samples([4, 3, 2]);
    for (let row = 0; row < 4; row++) short.data.fill(0, row * 6 + 4, row * 6 + 6);
    const before = masked.weights.length;
    expect(before).toBe(4);
    masked.add(new Dense({ units: 1 }));
    masked.compile({ optimizer: 'sgd', loss: 'mse' });
    await masked.fit(short, new Float32Array(12), { verbose: 0 }).catch(() => {});
    await masked.fit(short, { data: new Float32Array(12), shape: [4, 3, 1] }, { verbose: 0 });
    const [mean] = await moving(masked);
    const kept = [0, 1, 2, 3].flatMap((row) => [0, 1].map((step) => short.data[row * 6 + step * 2] as number));
    expect(mean?.[0]).toBeCloseTo(kept.reduce((a, b) => a + b, 0) / 8, 5);
  });
});

describe('masks', () => {
  const words = { data: Float32Array.of(1, 2, 0, 3, 0, 0), shape: [2, 3] };
  const targets = { data: Float32Array.of(1, 1, 9, 1, 9, 9), shape: [2, 3, 1] };

  function model() {
    const layers = [
      new Embedding({ inputDim: 4, outputDim: 2, maskZero: true, inputShape: [3] }),
      new Dense({ units: 1 }),
    ];
    const made = new Sequential(layers, { seed: 1 });
    made.compile({ optimizer: 'sgd', loss: new losses.MeanSquaredError(), metrics: [new metrics.MeanAbsoluteError()] });
    return made;
  }

  test('travel through layers to the loss and the metrics', async () => {
    const made = model();
    const { data } = await made.predict(words);
    const kept = [0, 1, 3].map((i) => (data[i] as number) - 1);
    const logs = await made.evaluate(words, targets);
    expect(logs.loss).toBeCloseTo(kept.reduce((sum, e) => sum + e * e, 0) / 3, 5);
    expect(logs.mean_absolute_error).toBeCloseTo(kept.reduce((sum, e) => sum + Math.abs(e), 0) / 3, 5);
  });

  test('what is masked teaches nothing', async () => {
    const made = model();
    const table = (await made.getWeights())[0] as { data: Float32Array };
    await made.fit(words, targets, { verbose: 0 });
    const after = (await made.getWeights())[0] as { data: Float32Array };
    expect(after.data.slice(0, 2)).toEqual(table.data.slice(0, 2));
    expect(after.data.slice(2)).not.toEqual(table.data.slice(2));
  });

  test('of several inputs what counts in all', async () => {
    const [a, b] = [Input({ shape: [3] }), Input({ shape: [3] })];
    const table = new Embedding({ inputDim: 4, outputDim: 1, maskZero: true });
    const sum = new Add().apply([table.apply(a), table.apply(b)]);
    const made = new Model({ inputs: [a, b], outputs: sum });
    made.compile({ optimizer: 'sgd', loss: 'mse' });
    const other = { data: Float32Array.of(1, 0, 2, 3, 1, 1), shape: [2, 3] };
    const zeros = { data: new Float32Array(6), shape: [2, 3, 1] };
    const { data } = await made.predict([words, other]);
    const { loss } = await made.evaluate([words, other], zeros);
    expect(loss).toBeCloseTo(((data[0] as number) ** 2 + (data[3] as number) ** 2) / 2, 6);
  });
});
