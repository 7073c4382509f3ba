// Model: several inputs and outputs, shared layers, models in models, parts of trained models, and that Sequential is the
// same thing where it can say it.

import {
  Adam,
  Add,
  BatchNormalization,
  Concatenate,
  Dense,
  Dropout,
  grad,
  Input,
  loadModel,
  losses,
  Model,
  Multiply,
  modelFromConfig,
  type Operand,
  ops,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { refusal, smallModel, x, y } from './small.js';

const ROWS = 48;
const wave = (columns: number, step: number) => ({
  data: Float32Array.from({ length: ROWS * columns }, (_, i) => Math.fround(Math.sin(step * i))),
  shape: [ROWS, columns],
});
const left = wave(4, 1.3);
const right = wave(3, 0.7);
const price = wave(1, 2.1);
const kind = Uint8Array.from({ length: ROWS }, (_, i) => i % 3);

/** Two inputs, a tower that is a model, a layer used twice, two outputs. */
function branched(seed = 3) {
  const a = Input({ shape: [4], name: 'left' });
  const b = Input({ shape: [3], name: 'right' });
  const tower = new Sequential([new Dense({ units: 5, activation: 'relu' }), new Dropout({ rate: 0.2 })], {
    name: 'tower',
  });
  const shared = new Dense({ units: 5, name: 'shared' });
  const dropped = new Dropout({ rate: 0.5 });
  const high = tower.apply(new Dense({ units: 6 }).apply(a));
  const twice = dropped.apply(shared.apply(dropped.apply(shared.apply(high))));
  const joined = new Concatenate().apply([new Add().apply([high, twice]), new BatchNormalization().apply(b)]);
  const outputs = {
    price: new Dense({ units: 1 }).apply(joined),
    kind: new Dense({ units: 3, activation: 'softmax' }).apply(joined),
  };
  const model = new Model({ inputs: [a, b], outputs, seed });
  model.compile({
    optimizer: new Adam({ learningRate: 0.01 }),
    loss: { price: 'mse', kind: 'sparse_categorical_crossentropy' },
    lossWeights: { price: 0.5 },
    metrics: { kind: ['accuracy'] },
  });
  return model;
}

describe('several inputs and outputs', () => {
  test('the loss is the weighted sum of those of the outputs, under the keys of Keras', async () => {
    const model = branched();
    const { history } = await model.fit(
      [left, right],
      { price, kind },
      { epochs: 2, verbose: 0, validationSplit: 0.25 },
    );
    const keys = ['loss', 'price_loss', 'kind_loss', 'kind_accuracy'];
    expect(Object.keys(history)).toEqual([...keys, ...keys.map((key) => `val_${key}`)]);
    const logs = await model.evaluate({ right, left }, [price, kind]);
    expect(Object.keys(logs)).toEqual(keys);
    expect(logs.loss).toBeCloseTo(0.5 * (logs.price_loss as number) + (logs.kind_loss as number), 5);
    const predicted = await model.predict([left, right]);
    const error = predicted.price.data.reduce((sum, p, i) => sum + (p - (price.data[i] as number)) ** 2, 0) / ROWS;
    expect(logs.price_loss).toBeCloseTo(error, 5);
    expect(predicted.kind.shape).toEqual([ROWS, 3]);
  });

  test('saved and loaded, goes on to the same bits', async () => {
    const model = branched();
    await model.fit([left, right], { price, kind }, { epochs: 1, verbose: 0 });
    const again = (await loadModel(await model.toBytes())) as unknown as typeof model;
    expect(await again.hash()).toBe(await model.hash());
    for (const one of [model, again]) await one.fit([left, right], [price, kind], { epochs: 1, verbose: 0 });
    expect(await again.hash()).toBe(await model.hash());
    expect((await again.predict([left, right])).price.data).toEqual((await model.predict([left, right])).price.data);
  });

  test('a model from its configuration begins with the same weights', async () => {
    const model = branched();
    const again = modelFromConfig({ className: 'Model', config: JSON.parse(JSON.stringify(model.getConfig())) });
    expect(again.layers.map(({ name }) => name)).toEqual(model.layers.map(({ name }) => name));
    expect(await again.hash()).toBe(await model.hash());
    expect(await branched().hash()).toBe(await model.hash());
    expect(await branched(4).hash()).not.toBe(await model.hash());
  });

  test('weights have the names of the models they are in, and count once', async () => {
    const names = (await branched().getWeights()).map(({ name }) => name);
    expect(names).toContain('tower/dense/kernel');
    expect(names.filter((name) => name.startsWith('shared/'))).toHaveLength(2);
    expect(new Set(names).size).toBe(names.length);
  });

  test('sample weights are for one output or for all', async () => {
    const model = branched();
    const half = Float32Array.from({ length: ROWS }, (_, i) => (i < ROWS / 2 ? 0 : 2));
    const plain = await model.evaluate([left, right], { price, kind });
    const weighted = await model.evaluate([left, right], { price, kind }, { sampleWeight: { kind: half } });
    expect(weighted.price_loss).toBe(plain.price_loss);
    expect(weighted.kind_loss).not.toBe(plain.kind_loss);
    const all = await model.evaluate([left, right], { price, kind }, { sampleWeight: half });
    expect(all.kind_loss).toBe(weighted.kind_loss);
    expect(all.price_loss).not.toBe(plain.price_loss);
  });

  test('an output without a loss takes no targets', async () => {
    const model = branched();
    model.compile({ optimizer: 'sgd', loss: { kind: 'sparse_categorical_crossentropy' } });
    const logs = await model.evaluate([left, right], { kind });
    expect(logs.loss).toBe(logs.kind_loss);
  });

  test('batches of a stream', async () => {
    const rows = (part: { data: Float32Array; shape: number[] }, from: number, to: number) => {
      const columns = part.shape[1] as number;
      return { data: part.data.slice(from * columns, to * columns), shape: [to - from, columns] };
    };
    const batches = [0, 16, 32].map((from) => ({
      x: { left: rows(left, from, from + 16), right: rows(right, from, from + 16) },
      y: { price: rows(price, from, from + 16), kind: kind.slice(from, from + 16) },
    }));
    const [streamed, whole] = [branched(), branched()];
    await streamed.fit(new Set(batches), { epochs: 2, verbose: 0 });
    await whole.fit([left, right], { price, kind }, { epochs: 2, batchSize: 16, shuffle: false, verbose: 0 });
    expect(await streamed.hash()).toBe(await whole.hash());
  });
});

describe('the same as Sequential', () => {
  test('a chain put together trains to the same bits', async () => {
    const sequential = smallModel();
    const input = Input({ shape: [2] });
    const output = sequential.layers.reduce((value: SymbolicTensor, layer) => {
      const Class = layer.constructor as unknown as { fromConfig(config: object): typeof layer };
      return Class.fromConfig(layer.getConfig()).apply(value);
    }, input);
    const model = new Model({ inputs: input, outputs: output, seed: 5 });
    model.compile({
      optimizer: new Adam({ learningRate: 0.05 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    });
    for (const one of [sequential, model]) await one.fit(x, y, { epochs: 2, verbose: 0 });
    expect(await model.hash()).toBe(await sequential.hash());
    expect(await model.predict(x)).toEqual(await sequential.predict(x));
    expect((await model.memory()).total).toBe((await sequential.memory()).total);
  });
});

describe('parts of trained models', () => {
  async function trained() {
    const model = new Sequential(
      [Input({ shape: [2] }), new Dense({ units: 8, activation: 'tanh', name: 'features' }), new Dense({ units: 3 })],
      { seed: 5 },
    );
    model.compile({ optimizer: 'adam', loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }) });
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    return model;
  }

  test('another head on what a layer gives; frozen, the part keeps its bits and takes no state', async () => {
    const base = await trained();
    const features = base.getLayer('features');
    const before = await features.weights[0]?.read();
    features.trainable = false;
    const output = new Dense({ units: 1, name: 'head' }).apply(features.output);
    const model = new Model({ inputs: base.input, outputs: output, seed: 1 });
    expect(model.trainableWeights.map(({ name }) => name)).toEqual(['head/kernel', 'head/bias']);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const start = await model.evaluate(x, y);
    const { optimizer } = await model.memory();
    await model.fit(x, y, { epochs: 3, verbose: 0 });
    expect((await model.evaluate(x, y)).loss).toBeLessThan(start.loss as number);
    expect(await features.weights[0]?.read()).toEqual(before);
    expect(Object.keys(model.optimizer.stateDict().variables)).toEqual(['head/kernel', 'head/bias']);
    expect(optimizer).toBeLessThan(3 * 4 * 9 + 64);
  });

  test('a model in a model is trained with it, and knows its own names', async () => {
    const base = await trained();
    const input = Input({ shape: [2] });
    const model = new Model({ inputs: input, outputs: new Dense({ units: 1 }).apply(base.apply(input)), seed: 1 });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const before = await base.hash();
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    expect(await base.hash()).not.toBe(before);
    expect((await base.getWeights()).map(({ name }) => name)).toContain('features/kernel');
    expect((await model.getWeights()).map(({ name }) => name)).toContain('sequential/features/kernel');
    for (const one of [base, model]) {
      const again = await loadModel(await one.toBytes());
      expect(await again.hash()).toBe(await one.hash());
      await again.fit(x, y, { epochs: 1, verbose: 0 });
    }
  });

  test('frozen as a whole', async () => {
    const base = await trained();
    base.trainable = false;
    expect(base.trainableWeights).toEqual([]);
    expect(base.layers.every(({ trainable }) => !trainable)).toBe(true);
    base.trainable = true;
    expect(base.trainableWeights).toHaveLength(4);
  });
});

describe('dropout', () => {
  test('in two models in a model, and in a layer used twice, falls differently', async () => {
    const input = Input({ shape: [64] });
    const tower = (name: string): SymbolicTensor => new Sequential([new Dropout({ rate: 0.5 })], { name }).apply(input);
    const shared = new Dropout({ rate: 0.5, name: 'shared' });
    const outputs = [tower('a'), tower('b'), shared.apply(input), shared.apply(input)];
    const model = new Model({ inputs: input, outputs: new Concatenate().apply(outputs) });
    const ones = variable(new Float32Array(64).fill(1), [1, 64]);
    const upstream = variable(new Float32Array(256), [1, 256]);
    const output = (): Operand => ops.sum(ops.mul(model.apply(ones, { training: true }) as Tensor, upstream));
    const [kept] = await grad(output, [upstream], { seed: 7 });
    const parts = [0, 1, 2, 3].map((i) => String(kept?.data.slice(64 * i, 64 * i + 64)));
    expect(new Set(parts).size).toBe(4);
  });
});

describe('refused', () => {
  const input = (): SymbolicTensor => Input({ shape: [4], name: 'left' });

  test.each<[string, () => unknown, RegExp]>([
    [
      'an output that needs another input',
      () =>
        new Model({ inputs: input(), outputs: new Dense({ units: 1 }).apply(Input({ shape: [4], name: 'other' })) }),
      /^INVALID_VALUE Model: expected outputs made of the inputs alone, got one that needs other/,
    ],
    ['no symbolic tensor', () => new Model({ inputs: [1] as never, outputs: input() }), /^INVALID_VALUE Model inputs/],
    [
      'two layers of one name',
      () => {
        const x = input();
        const one = new Dense({ units: 4, name: 'same' }).apply(x);
        return new Model({ inputs: x, outputs: new Dense({ units: 1, name: 'same' }).apply(one) });
      },
      /^DUPLICATE_NAME/,
    ],
    [
      'shapes that do not add up',
      () => new Add().apply([Input({ shape: [4] }), Input({ shape: [3] })]),
      /^SHAPE_MISMATCH add: expected inputs of one shape.*float32\[B, 4\] and float32\[B, 3\]/,
    ],
    [
      'one where several are wanted',
      () => new Multiply().apply(input() as never),
      /^SHAPE_MISMATCH multiply: expected a list/,
    ],
    [
      'several where one is wanted',
      () => new Dense({ units: 1 }).apply([input(), input()] as never),
      /^SHAPE_MISMATCH dense: expected one tensor, got a list of 2 \(.*Concatenate/,
    ],
    [
      'an unknown name of data',
      () => branched().evaluate({ left, rihgt: right }, [price, kind]),
      /^UNKNOWN_NAME x.*"right"/,
    ],
    [
      'too few arrays',
      () => branched().evaluate([left], [price, kind]),
      /^SHAPE_MISMATCH x: expected 2: left, right, got a list of 1/,
    ],
    [
      'uneven arrays',
      () => branched().evaluate([left, { data: right.data.slice(3), shape: [ROWS - 1, 3] }], [price, kind]),
      /^SHAPE_MISMATCH x right: expected 48 samples.*got 47/,
    ],
    ['a layer that is not there', () => branched().getLayer('tour'), /^UNKNOWN_NAME model getLayer.*tower/],
    [
      'the output of a layer used twice',
      () => branched().getLayer('shared').output,
      /^INVALID_VALUE shared output.*2 times/,
    ],
    ['the output of a layer used nowhere', () => new Dense({ units: 1 }).output, /^NOT_BUILT dense output/],
    [
      'class weights',
      () => branched().fit([left, right], [price, kind], { classWeight: [1, 2] }),
      /^INVALID_VALUE classWeight/,
    ],
  ])('%s', async (_, call, expected) => {
    expect(await refusal(call)).toMatch(expected);
  });
});
