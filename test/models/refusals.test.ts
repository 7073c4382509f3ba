// What is refused, with which code; and that the model is afterwards what it was, and works.

import {
  Activation,
  Adam,
  Dense,
  Dropout,
  Flatten,
  Input,
  InputLayer,
  initializers,
  losses,
  metrics,
  Rescaling,
  Reshape,
  Sequential,
  schedules,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, sameBytes, smallModel, x, y } from './small.js';

const silent = { verbose: 0 } as const;
// Options and data that the types forbid, as JavaScript users may give them.
const untyped = (value: unknown) => value as never;

describe('layers', () => {
  test.each<[string, () => unknown, RegExp]>([
    ...[Dense, Dropout, Rescaling, Reshape, Activation, InputLayer].map((make) => {
      const call = () => Reflect.construct(make, []);
      return [`no options for ${make.name}`, call, /^(INVALID|UNKNOWN)_/] as [string, () => unknown, RegExp];
    }),
    ['no units', () => new Dense(untyped({})), /^INVALID_VALUE Dense units/],
    ...[0, -1, 1.5, Number.NaN, '3', null].map(
      (units) =>
        [`units ${units}`, () => new Dense(untyped({ units })), /^INVALID_VALUE Dense units/] as [
          string,
          () => unknown,
          RegExp,
        ],
    ),
    ['a typing error', () => new Dense(untyped({ units: 1, activaton: 'relu' })), /^UNKNOWN_OPTION .*activation\?/],
    ['an unknown activation', () => new Dense({ units: 1, activation: 'rellu' }), /^UNKNOWN_NAME .*"relu"/],
    ['a wrong activation', () => new Dense({ units: 1, activation: untyped(7) }), /^INVALID_VALUE/],
    [
      'a class for an activation',
      () => new Dense({ units: 1, activation: untyped(Activation) }),
      /^INVALID_VALUE Dense activation: .*new Activation/,
    ],
    [
      'a class for an initializer',
      () => new Dense({ units: 1, kernelInitializer: untyped(initializers.Constant) }),
      /^INVALID_VALUE initializer: .*new Constant/,
    ],
    ['an unknown initializer', () => new Dense({ units: 1, kernelInitializer: 'glorot' }), /^UNKNOWN_NAME/],
    ['a wrong initializer', () => new Dense({ units: 1, kernelInitializer: untyped(0) }), /^INVALID_VALUE/],
    ['a bias neither on nor off', () => new Dense({ units: 1, useBias: untyped('yes') }), /^INVALID_VALUE/],
    ['an odd name', () => new Dense({ units: 1, name: 'a/b' }), /^INVALID_VALUE Dense name/],
    ['a shape with -1', () => new Dense({ units: 1, inputShape: [-1] }), /^INVALID_SHAPE/],
    ['a shape with NaN', () => new Dense({ units: 1, inputShape: [Number.NaN] }), /^INVALID_SHAPE/],
    ['a shape with 1.5', () => Input({ shape: [1.5] }), /^INVALID_SHAPE/],
    ['a shape with 2^31', () => Input({ shape: [2 ** 31] }), /^INVALID_SHAPE/],
    ['a shape with 2^53 + 1', () => Input({ shape: [2 ** 53 + 1] }), /^INVALID_SHAPE/],
    ['a shape of rank 65', () => Input({ shape: new Array(65).fill(1) }), /^INVALID_SHAPE/],
    ['a shape too large in total', () => new Sequential([Input({ shape: [65536, 65536] })]), /^INVALID_SHAPE/],
    ['a dropout rate of 1', () => new Dropout({ rate: 1 }), /^INVALID_VALUE Dropout rate/],
    ['a dropout rate of NaN', () => new Dropout({ rate: Number.NaN }), /^INVALID_VALUE Dropout rate/],
    ['two sizes left over', () => new Reshape({ targetShape: [-1, -1] }), /^INVALID_SHAPE/],
    ['a constant of NaN', () => new initializers.Constant({ value: Number.NaN }), /^INVALID_VALUE/],
    ['an interval upside down', () => new initializers.RandomUniform({ minval: 1, maxval: 0 }), /^INVALID_VALUE/],
    ['an option where there is none', () => new Flatten(untyped({ axis: 1 })), /^UNKNOWN_OPTION/],
  ])('%s', async (_, call, expected) => {
    expect(await refusal(call)).toMatch(expected);
  });
});

describe('models', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['no list', () => new Sequential(untyped(new Dense({ units: 1 }))), /^INVALID_VALUE/],
    ['no layers', () => new Sequential([untyped({})]), /^INVALID_VALUE/],
    ['a class for a layer', () => new Sequential([untyped(Flatten)]), /^INVALID_VALUE .*new/],
    ['another option', () => new Sequential([], untyped({ sead: 1 })), /^UNKNOWN_OPTION .*seed\?/],
    [
      'a shape behind the first layer that does not arrive there',
      () => new Sequential([new Dense({ units: 2, inputShape: [4] }), Input({ shape: [9] })]),
      /^SHAPE_MISMATCH input_layer: .*\[9\].* got \[2\]/,
    ],
    [
      'an inputShape of the last layer alone',
      () => new Sequential([new Dense({ units: 2 }), new Dense({ units: 3, inputShape: [99] })]).build([4]),
      /^SHAPE_MISMATCH dense_1: .*\[99\].* got \[2\]/,
    ],
    ['a negative seed', () => new Sequential([], { seed: -1 }), /^INVALID_VALUE/],
    ['a seed of 2^53', () => new Sequential([], { seed: 2 ** 53 }), /^INVALID_VALUE/],
    ['no layer to build', () => new Sequential().build([1]), /^INVALID_VALUE/],
    [
      'numbers where there are axes to be',
      () => new Sequential([new Dense({ units: 1 })]).build([]),
      /^SHAPE_MISMATCH/,
    ],
  ])('%s', async (_, call, expected) => {
    expect(await refusal(call)).toMatch(expected);
  });
});

describe('compile', () => {
  const compile = (options: unknown) => () => smallModel().compile(untyped(options));
  test.each<[string, () => unknown, RegExp]>([
    ['no loss', compile({}), /^INVALID_VALUE loss/],
    ['an unknown loss', compile({ loss: 'mean_square_error' }), /^UNKNOWN_NAME .*"MeanSquaredError"/],
    ['an unknown metric', compile({ loss: 'mse', metrics: ['acuracy'] }), /^UNKNOWN_NAME .*"accuracy"\?/],
    ['a metric far from all', compile({ loss: 'mse', metrics: ['?'.repeat(30)] }), /known are .*accuracy/],
    ['a class for a loss', compile({ loss: losses.MeanSquaredError }), /^INVALID_VALUE loss: .*new MeanSquaredError/],
    [
      'a class for a metric',
      compile({ loss: 'mse', metrics: [metrics.BinaryAccuracy] }),
      /^INVALID_VALUE metric: .*new BinaryAccuracy/,
    ],
    ['a class for an optimizer', compile({ loss: 'mse', optimizer: Adam }), /^INVALID_VALUE optimizer: .*new Adam/],
    [
      'a class for a schedule',
      () => new Adam({ learningRate: untyped(schedules.CosineDecay) }),
      /^INVALID_VALUE Adam: learningRate: .*new CosineDecay/,
    ],
    ['an unknown optimizer', compile({ loss: 'mse', optimizer: 'adamm' }), /^UNKNOWN_NAME .*Adam/],
    ['another option', compile({ loss: 'mse', metric: [] }), /^UNKNOWN_OPTION .*metrics\?/],
    ['metrics that are no list', compile({ loss: 'mse', metrics: 'mse' }), /^INVALID_VALUE/],
    ['a wrong option of a loss', () => new losses.BinaryCrossentropy(untyped({ from_logit: true })), /^UNKNOWN_OPTION/],
    ['a wrong reduction', () => new losses.MeanSquaredError({ reduction: untyped('avg') }), /^INVALID_VALUE/],
    ['too much smoothing', () => new losses.BinaryCrossentropy({ labelSmoothing: 1.1 }), /^INVALID_VALUE/],
    ['a threshold of NaN', () => new metrics.BinaryAccuracy({ threshold: Number.NaN }), /^INVALID_VALUE/],
  ])('%s', async (_, call, expected) => {
    expect(await refusal(call)).toMatch(expected);
  });
});

describe('data', () => {
  const detached = new Float32Array(2 * ROWS);
  structuredClone(detached, { transfer: [detached.buffer] });
  const resizable = Reflect.construct(ArrayBuffer, [8 * ROWS, { maxByteLength: 16 * ROWS }]);
  const shrunk = new Float32Array(resizable, 0, 2 * ROWS);
  resizable.resize(4);
  const shared = new Float32Array(new SharedArrayBuffer(8 * ROWS)).fill(0.5);
  const labels = (value: number) => Float32Array.from(y, (label, i) => (i === 40 ? value : label));

  test.each<[string, unknown, unknown, RegExp]>([
    ['no samples', undefined, y, /^INVALID_DTYPE x/],
    ['no targets', x, undefined, /^INVALID_VALUE y/],
    ['text', ['a', 'b'], y, /^INVALID_DTYPE x/],
    ['a number', 7, y, /^INVALID_DTYPE x/],
    ['ragged rows', [[1, 2], [3]], [0, 1], /^SHAPE_MISMATCH x/],
    ['empty data', { data: new Float32Array(), shape: [0, 2] }, [], /^INVALID_VALUE x/],
    ['no shape', x.data, y, /^SHAPE_MISMATCH x.*\{ data: x, shape: \[100, 2\] \}/],
    ['samples of another shape', { data: new Float32Array(300), shape: [ROWS, 3] }, y, /^SHAPE_MISMATCH x/],
    ['a shape of another size', { data: x.data, shape: [99, 2] }, y, /^SHAPE_MISMATCH x/],
    ['a shape with -1', { data: x.data, shape: [-1, 2] }, y, /^INVALID_SHAPE x/],
    ['a shape with 2^53 + 1', { data: x.data, shape: [2 ** 53 + 1, 2] }, y, /^INVALID_SHAPE x/],
    ['fewer targets than samples', x, y.subarray(1), /^SHAPE_MISMATCH y/],
    ['more targets than samples', x, [...y, 0], /^SHAPE_MISMATCH y/],
    ['one-hot targets for a sparse loss', x, { data: new Float32Array(300), shape: [ROWS, 3] }, /^SHAPE_MISMATCH/],
    ['a label too large', x, labels(3), /^LABEL_OUT_OF_RANGE y\[40\]/],
    ['a negative label', x, labels(-1), /^LABEL_OUT_OF_RANGE y\[40\]/],
    ['half a label', x, labels(0.5), /^LABEL_OUT_OF_RANGE y\[40\]/],
    ['a label of NaN', x, labels(Number.NaN), /^LABEL_OUT_OF_RANGE y\[40\]/],
    ['a detached array', { data: detached, shape: [ROWS, 2] }, y, /^BUFFER_DETACHED x/],
    ['an array whose memory shrank', { data: shrunk, shape: [ROWS, 2] }, y, /^BUFFER_DETACHED x/],
    ['NaN', { data: new Float32Array(2 * ROWS).fill(Number.NaN), shape: [ROWS, 2] }, y, /^NON_FINITE/],
    ['infinity', { data: x.data.map(() => Infinity), shape: [ROWS, 2] }, y, /^NON_FINITE/],
  ])('%s', async (_, samples, targets, expected) => {
    const model = smallModel();
    const before = await model.toBytes();
    expect(await refusal(() => model.fit(untyped(samples), untyped(targets), { ...silent, batchSize: ROWS }))).toMatch(
      expected,
    );
    expect(sameBytes(await model.toBytes(), before)).toBe(true);
    await model.fit(x, y, silent);
  });

  test('in shared memory is copied like any other', async () => {
    const [a, b] = [smallModel(), smallModel()];
    await a.fit({ data: shared, shape: [ROWS, 2] }, y, silent);
    await b.fit({ data: shared.slice(), shape: [ROWS, 2] }, y, silent);
    expect(await a.hash()).toBe(await b.hash());
  });

  test('of the wrong shape leaves a model that is not built so', async () => {
    const model = new Sequential([new Dense({ units: 3, activation: 'softmax' })]);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    expect(await refusal(() => model.fit(x, [...y.subarray(1), 9], silent))).toMatch(/^LABEL_OUT_OF_RANGE/);
    expect(model.built).toBe(false);
    await model.fit({ data: new Float32Array(300), shape: [ROWS, 3] }, y, silent);
  });
});

describe('options of fit', () => {
  test.each<[string, object, RegExp]>([
    ['a typing error', { epoch: 3 }, /^UNKNOWN_OPTION .*epochs\?/],
    ['epochs of 1.5', { epochs: 1.5 }, /^INVALID_VALUE epochs/],
    ['negative epochs', { epochs: -1 }, /^INVALID_VALUE epochs/],
    ['a batch of none', { batchSize: 0 }, /^INVALID_VALUE batchSize/],
    ['a batch of NaN', { batchSize: Number.NaN }, /^INVALID_VALUE batchSize/],
    ['a split of 1', { validationSplit: 1 }, /^INVALID_VALUE validationSplit/],
    ['a split that leaves nothing', { validationSplit: 0.999 }, /^INVALID_VALUE validationSplit/],
    ['validation data alone', { validationData: x }, /^INVALID_VALUE validationData/],
    ['validation labels out of range', { validationData: [x, y.map(() => 3)] }, /^LABEL_OUT_OF_RANGE/],
    ['shuffling by name', { shuffle: 'batch' }, /^INVALID_VALUE shuffle/],
    ['much verbosity', { verbose: 3 }, /^INVALID_VALUE verbose/],
    ['a callback', { callbacks: { onEpochEnd() {} } }, /^INVALID_VALUE callbacks/],
    ['an unknown rule', { stopWhen: { lossUnder: 1 } }, /^UNKNOWN_OPTION/],
    ['a rule of NaN', { stopWhen: { lossBelow: Number.NaN } }, /^INVALID_VALUE/],
    ['patience of none', { stopWhen: { patience: 0 } }, /^INVALID_VALUE/],
    ['a signal that is none', { signal: {} }, /^INVALID_VALUE signal/],
  ])('%s', async (_, options, expected) => {
    const model = smallModel();
    const before = await model.toBytes();
    expect(await refusal(() => model.fit(x, y, { ...silent, ...options }))).toMatch(expected);
    expect(sameBytes(await model.toBytes(), before)).toBe(true);
  });
});

test('a model that was not compiled', async () => {
  const model = new Sequential([new Activation({ activation: 'relu' })]);
  expect(await refusal(() => model.fit(x, y))).toMatch(/^NOT_COMPILED fit/);
  expect(await refusal(() => model.evaluate(x, y))).toMatch(/^NOT_COMPILED evaluate/);
  expect(await refusal(() => model.optimizer)).toMatch(/^NOT_COMPILED/);
});

test('two metrics of one name', async () => {
  const model = smallModel();
  model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy', 'accuracy'] });
  expect(await refusal(() => model.evaluate(x, y))).toMatch(/^DUPLICATE_NAME metrics/);
});

test('a missing Flatten is named', async () => {
  const images = { data: new Float32Array(8), shape: [2, 2, 2] };
  for (const [loss, targets] of [
    ['sparse_categorical_crossentropy', [0, 1]],
    [
      'categorical_crossentropy',
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ],
  ] as const) {
    const model = new Sequential([new Dense({ units: 3, activation: 'softmax', inputShape: [2, 2] })]);
    model.compile({ loss });
    expect(await refusal(() => model.fit(images, targets, silent))).toMatch(/^SHAPE_MISMATCH .*\[B, 2, 3\].*Flatten/);
  }
});

test('an optimizer of another model that is alive', async () => {
  const [old, rebuilt] = [smallModel(), smallModel()];
  await old.fit(x, y, silent);
  rebuilt.compile({ optimizer: old.optimizer, loss: 'sparse_categorical_crossentropy' });
  expect(await refusal(() => rebuilt.fit(x, y, silent))).toMatch(/^DUPLICATE_NAME .*new optimizer, or dispose/);
  old.dispose();
  await rebuilt.fit(x, y, silent);
});
