// What layers for tables keep, layers that users make, and what layers refuse.

import {
  AlphaDropout,
  type AnyLayer,
  BatchNormalization,
  CategoryEncoding,
  Concatenate,
  Dense,
  Discretization,
  Dot,
  Embedding,
  GroupNormalization,
  Hashing,
  Input,
  IntegerLookup,
  Layer,
  LayerNormalization,
  loadModel,
  Maximum,
  Model,
  Normalization,
  ops,
  Permute,
  Sequential,
  SpatialDropout1D,
  StringLookup,
  type SymbolicTensor,
  type Tensor,
  type Weight,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { refusal } from '../models/small.js';
import { noise } from '../noise.js';

const samples = (shape: number[], seed = 1) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return { data: noise(size, seed), shape };
};

async function output(layer: AnyLayer, x: { data: Float32Array; shape: number[] }) {
  const input = Input({ shape: x.shape.slice(1) });
  return await new Model({ inputs: input, outputs: layer.apply(input) as SymbolicTensor }).predict(x);
}

describe('tables', () => {
  test('Normalization finds mean and variance, before it is built or after, at once or batch by batch', async () => {
    const x = samples([50, 3]);
    const layer = new Normalization();
    await layer.adapt(x);
    const model = new Sequential([Input({ shape: [3] }), layer]);
    const { data } = await model.predict(x);
    for (const column of [0, 1, 2]) {
      const values = Array.from({ length: 50 }, (_, row) => data[3 * row + column] as number);
      const mean = values.reduce((sum, v) => sum + v, 0) / 50;
      expect(mean).toBeCloseTo(0, 5);
      expect(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 50).toBeCloseTo(1, 5);
    }
    const parts = [0, 1, 2, 3, 4].map((i) => ({ data: x.data.slice(30 * i, 30 * i + 30), shape: [10, 3] }));
    const before = await model.getWeights();
    await layer.adapt(new Set(parts));
    for (const [i, { data: values }] of (await model.getWeights()).entries()) {
      for (const [k, value] of values.entries()) expect(value).toBeCloseTo(before[i]?.data[k] as number, 6);
    }
    expect(model.trainableWeights).toEqual([]);
  });

  test('Discretization and CategoryEncoding', async () => {
    const x = { data: Float32Array.of(-1, 0, 0.5, 10), shape: [2, 2] };
    const bins = new Discretization({ binBoundaries: [0, 1] });
    expect([...(await output(bins, x)).data]).toEqual([0, 1, 1, 2]);
    const adapted = new Discretization({ numBins: 4 });
    adapted.adapt(Float32Array.from({ length: 100 }, (_, i) => i));
    expect(adapted.binBoundaries).toEqual([25, 50, 75]);
    const categories = { data: Float32Array.of(0, 2, 2, 1, 1, 7), shape: [2, 3] };
    const encode = async (outputMode: 'multi_hot' | 'count'): Promise<number[]> => [
      ...(await output(new CategoryEncoding({ numTokens: 3, outputMode }), categories)).data,
    ];
    expect(await encode('multi_hot')).toEqual([1, 0, 1, 0, 1, 0]);
    expect(await encode('count')).toEqual([1, 0, 2, 0, 2, 0]);
    const one = { data: Float32Array.of(2, 0), shape: [2, 1] };
    expect([...(await output(new CategoryEncoding({ numTokens: 3, outputMode: 'one_hot' }), one)).data]).toEqual([
      0, 0, 1, 1, 0, 0,
    ]);
  });

  test('lookups', async () => {
    const words = new StringLookup({ maskToken: '' });
    words.adapt(['b', 'a', 'b', 'c', '']);
    expect(words.vocabulary).toEqual(['b', 'c', 'a']);
    expect([...words.call(['', 'b', 'a', 'zebra'])]).toEqual([0, 2, 4, 1]);
    expect(words.vocabularySize).toBe(5);
    const again = StringLookup.fromConfig(JSON.parse(JSON.stringify(words.getConfig())));
    expect([...again.call(['a', 'c'])]).toEqual([4, 3]);
    expect([...new IntegerLookup({ vocabulary: [100, 7], numOovIndices: 0 }).call([7, 100])]).toEqual([1, 0]);
    expect(await refusal(() => new IntegerLookup({ vocabulary: [7], numOovIndices: 0 }).call([8]))).toMatch(
      /^INVALID_VALUE/,
    );
    expect(await refusal(() => new StringLookup().call(['a']))).toMatch(/^NOT_BUILT/);
    expect(await refusal(() => new StringLookup({ vocabulary: ['a', 'b', 'a'] }))).toMatch(/^DUPLICATE_NAME/);
    const hashed = new Hashing({ numBins: 3, maskValue: 'x' }).call(['x', 'a', 'b', 1, 'a']);
    expect(hashed[0]).toBe(0);
    expect(hashed[1]).toBe(hashed[4]);
    expect(hashed.slice(1).every((n) => n === 1 || n === 2)).toBe(true);
  });
});

describe("layers of one's own", () => {
  /** x plus what a network makes of it, and how often it was trained. */
  class Residual extends Layer {
    static override readonly className: string = 'Residual';
    readonly #inner: Dense;
    readonly #norm: LayerNormalization;
    #steps!: Weight;

    constructor(options: { units: number; name?: string }) {
      const { units, ...others } = options;
      super(others);
      this.#inner = this.addLayer(new Dense({ units, activation: 'relu' }));
      this.#norm = this.addLayer(new LayerNormalization());
    }

    override build(): void {
      this.#steps = this.addWeight({ name: 'steps', shape: [], initializer: 'zeros', trainable: false });
    }

    override call(x: Tensor, { training }: { training: boolean }): Tensor {
      if (training) this.assign(this.#steps, ops.add(this.#steps, 1));
      return ops.add(x, this.#inner.apply(this.#norm.apply(x), { training }));
    }

    override getConfig() {
      return { name: this.name, units: this.#inner.units };
    }
  }

  test('made of others, with numbers that steps set: trained, used twice, saved', async () => {
    const input = Input({ shape: [4] });
    const block = new Residual({ units: 4 });
    const output = new Dense({ units: 1 }).apply(block.apply(block.apply(input)));
    const model = new Model({ inputs: input, outputs: output, seed: 3 });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const [x, y] = [samples([16, 4]), samples([16, 1], 2)];
    await model.fit(x, y, { epochs: 2, batchSize: 8, verbose: 0 });
    const weights = await model.getWeights();
    expect(weights.map(({ name }) => name)).toEqual([
      'residual/steps',
      'residual/dense/kernel',
      'residual/dense/bias',
      'residual/layer_normalization/gamma',
      'residual/layer_normalization/beta',
      'dense/kernel',
      'dense/bias',
    ]);
    // Four steps, each of which uses it twice: the second use sees what the first has set.
    expect(weights[0]?.data[0]).toBe(8);
    const again = await loadModel(await model.toBytes(), { customObjects: { Residual } });
    expect(await again.hash()).toBe(await model.hash());
    for (const one of [model, again]) await one.fit(x, y, { epochs: 1, verbose: 0 });
    expect(await again.hash()).toBe(await model.hash());
  });
});

describe('refused', () => {
  const input = (...shape: number[]): SymbolicTensor => Input({ shape });

  test.each<[string, () => unknown, RegExp]>([
    [
      'groups that do not divide',
      () => new GroupNormalization({ groups: 3 }).apply(input(4)),
      /^SHAPE_MISMATCH group_normalization.*3 groups.*4 features/,
    ],
    [
      'the batch as axis',
      () => new LayerNormalization({ axis: 0 }).apply(input(4)),
      /^SHAPE_MISMATCH layer_normalization.*axis 0/,
    ],
    [
      'an axis that is not there',
      () => new BatchNormalization({ axis: 3 }).apply(input(4)),
      /^SHAPE_MISMATCH batch_normalization.*axis 3/,
    ],
    [
      'an unknown option',
      () => new BatchNormalization({ epsilom: 1 } as never),
      /^UNKNOWN_OPTION BatchNormalization.*epsilon/,
    ],
    ['no dimensions', () => new Embedding({ inputDim: 3 } as never), /^INVALID_VALUE Embedding outputDim/],
    ['axes twice', () => new Permute({ dims: [1, 1] }), /^INVALID_VALUE Permute dims/],
    [
      'an image for SpatialDropout1D',
      () => new SpatialDropout1D({ rate: 0.1 }).apply(input(2, 3, 4)),
      /^SHAPE_MISMATCH spatial_dropout1_?d.*3 axes/,
    ],
    ['a rate of 1', () => new AlphaDropout({ rate: 1 }), /^INVALID_VALUE AlphaDropout rate/],
    [
      'one input to Concatenate',
      () => new Concatenate().apply(input(3) as never),
      /^SHAPE_MISMATCH concatenate: expected a list/,
    ],
    [
      'other sizes',
      () => new Concatenate().apply([input(3, 2), input(4, 2)]),
      /^SHAPE_MISMATCH concatenate.*differ only in axis 2/,
    ],
    ['axes of two sizes', () => new Dot({ axes: 1 }).apply([input(3), input(4)]), /^SHAPE_MISMATCH dot.*one size/],
    ['a single tensor', () => new Maximum().apply([input(3)]), /^SHAPE_MISMATCH maximum: expected at least two/],
    ['ranges that do not ascend', () => new Discretization({ binBoundaries: [1, 1] }), /^INVALID_VALUE Discretization/],
    ['mean without variance', () => new Normalization({ mean: 0 }), /^INVALID_VALUE Normalization/],
  ])('%s', async (_, call, expected) => {
    expect(await refusal(call)).toMatch(expected);
  });

  test('a number that names no row', async () => {
    const model = new Sequential([new Embedding({ inputDim: 3, outputDim: 2, inputShape: [1] })]);
    expect(await refusal(() => model.predict([[3]]))).toMatch(/3/);
  });
});
