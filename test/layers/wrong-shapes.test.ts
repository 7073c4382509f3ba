// A wrong shape is refused with the layer's name, what was expected and what came: every layer, samples of zero to five axes, and
// a built layer that meets another size. A layer that is not in the tables fails the test.

import * as descend from 'descend';
import { type AnyLayer, Dense, DescendError, GRU, GRUCell, Input, type SymbolicTensor } from 'descend';
import { describe, expect, test } from 'vitest';

type Options = Record<string, unknown>;

const over = (
  names: string,
  options: Options | (() => Options),
  ...ranks: number[]
): [string, [Options | (() => Options), number[]]][] => names.split(' ').map((name) => [name, [options, ranks]]);
const rectifiers = 'Activation ELU LeakyReLU PReLU ReLU Identity Rescaling Masking Discretization';
const noises = 'Dropout AlphaDropout GaussianDropout';
const merging = 'Add Subtract Multiply Average Maximum Minimum';

/** What a layer is made with, and of how many axes its samples may be. */
const TABLE: Readonly<Record<string, readonly [options: Options | (() => Options), ranks: readonly number[]]>> =
  Object.fromEntries([
    ...over(rectifiers, {}, 0, 1, 2, 3, 4, 5),
    ...over(noises, { rate: 0.1 }, 0, 1, 2, 3, 4, 5),
    ...over(merging, {}, 0, 1, 2, 3, 4, 5),
    ...over('Flatten', {}, 0, 1, 2, 3, 4, 5),
    ...over('GaussianNoise', { stddev: 0.1 }, 0, 1, 2, 3, 4, 5),
    ...over('CategoryEncoding', { numTokens: 9 }, 0, 1, 2, 3, 4, 5),
    ...over('Embedding', { inputDim: 9, outputDim: 2 }, 0, 1, 2, 3, 4, 5),
    ...over('Dense', { units: 2 }, 1, 2, 3, 4, 5),
    ...over('BatchNormalization LayerNormalization RMSNormalization UnitNormalization Softmax', {}, 1, 2, 3, 4, 5),
    ...over('GroupNormalization', { groups: 1 }, 1, 2, 3, 4, 5),
    ...over('Normalization', {}, 1, 2, 3, 4, 5),
    ...over('Concatenate', {}, 1, 2, 3, 4, 5),
    ...over('Dot', { axes: -1 }, 1, 2, 3, 4, 5),
    ...over('Reshape', { targetShape: [5, 4] }, 2),
    ...over('Permute', { dims: [2, 1] }, 2),
    ...over('RepeatVector', { n: 2 }, 1),
    ...over('SpatialDropout1D', { rate: 0.1 }, 2),
    ...over('SpatialDropout2D', { rate: 0.1 }, 3),
    ...over('SpatialDropout3D', { rate: 0.1 }, 4),
    ...over('Conv1D Conv1DTranspose SeparableConv1D', { filters: 2, kernelSize: 1 }, 2),
    ...over('Conv2D Conv2DTranspose SeparableConv2D', { filters: 2, kernelSize: 1 }, 3),
    ...over('Conv3D Conv3DTranspose', { filters: 2, kernelSize: 1 }, 4),
    ...over('DepthwiseConv1D', { kernelSize: 1 }, 2),
    ...over('DepthwiseConv2D', { kernelSize: 1 }, 3),
    ...['1D', '2D', '3D'].flatMap((axes, i) => [
      ...over(`MaxPooling${axes} AveragePooling${axes} GlobalMaxPooling${axes} GlobalAveragePooling${axes}`, {}, i + 2),
      ...over(`UpSampling${axes} ZeroPadding${axes} Cropping${axes}`, {}, i + 2),
      ...over(`ConvLSTM${axes}`, { filters: 2, kernelSize: 1 }, i + 3),
    ]),
    ...over('SimpleRNN GRU LSTM', { units: 2 }, 2),
    ...over('Bidirectional', () => ({ layer: new GRU({ units: 2 }) }), 2),
    ...over('RNN', () => ({ cell: new GRUCell({ units: 2 }) }), 2),
    ...over('GRUCell SimpleRNNCell', { units: 5 }, 1),
    ...over('LSTMCell', { units: 5 }),
    ...over('StackedRNNCells', () => ({ cells: [new GRUCell({ units: 5 })] }), 1),
    ...over('TimeDistributed', () => ({ layer: new Dense({ units: 2 }) }), 2, 3, 4, 5),
    ...over('Attention AdditiveAttention', {}, 2),
    ...over('MultiHeadAttention', { numHeads: 1, keyDim: 2 }, 2, 3, 4, 5),
    ...over('GroupQueryAttention', { headDim: 2, numQueryHeads: 2, numKeyValueHeads: 1 }, 2),
    ...over('Resizing CenterCrop RandomCrop', { height: 2, width: 2 }, 3),
    ...over('RandomFlip', {}, 3),
    ...over('RandomRotation RandomBrightness RandomContrast', { factor: 0.1 }, 3),
    ...over('RandomTranslation', { heightFactor: 0.1, widthFactor: 0.1 }, 3),
    ...over('RandomZoom', { heightFactor: 0.1 }, 3),
  ]);

const MORE: Readonly<Record<string, Options>> = {
  Activation: { activation: 'relu' },
  Rescaling: { scale: 2 },
  Discretization: { binBoundaries: [0, 1] },
  Cropping1D: { cropping: 0 },
  Cropping2D: { cropping: 0 },
  Cropping3D: { cropping: 0 },
};

/** Those that run before a model, and what is no layer by itself. */
const EXEMPT = ['StringLookup', 'IntegerLookup', 'Hashing', 'Layer', 'InputLayer', 'Model', 'Sequential'];

const classes = Object.entries(descend as unknown as Record<string, { prototype?: unknown }>).filter(
  ([name, unit]) => typeof unit === 'function' && unit.prototype instanceof descend.Layer && !EXEMPT.includes(name),
);

test('every layer is here', () => {
  expect(classes.map(([name]) => name).filter((name) => !(name in TABLE))).toEqual([]);
});

const SIZES = [5, 4, 3, 2, 2];

function made(name: string): AnyLayer {
  const Class = (descend as unknown as Record<string, new (options: Options) => AnyLayer>)[name]!;
  const [options] = TABLE[name]!;
  return new Class({ name: 'wrong', ...(typeof options === 'function' ? options() : options), ...MORE[name] });
}

function applied(layer: AnyLayer, shape: number[]): unknown {
  const inputs = Array.from({ length: layer.takes === 'list' ? 2 : 1 }, () => Input({ shape }));
  return layer.apply((layer.takes === 'list' ? inputs : inputs[0]) as SymbolicTensor);
}

/** The error of `work`, or undefined. */
function refused(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(TABLE))('%s', (name, [, ranks]) => {
  test.each([0, 1, 2, 3, 4, 5])('samples of %d axes', (rank) => {
    const error = refused(() => applied(made(name), SIZES.slice(0, rank)));
    if (ranks.includes(rank)) return expect(error).toBeUndefined();
    expect(error).toBeInstanceOf(DescendError);
    expect((error as DescendError).code).toMatch(/^(SHAPE_MISMATCH|INVALID_VALUE)$/);
    // Layers in it are named as what they are.
    expect((error as DescendError).message).toMatch(/^(wrong|(forward_)?gru(_cell)?|dense)\b.*: expected .*, got \S/);
  });
});

test.each([
  ['Dense', [5], [4]],
  ['Conv2D', [5, 4, 3], [5, 4, 2]],
  ['LSTM', [5, 4], [5, 3]],
  ['RNN', [5, 4], [5, 3]],
  ['ConvLSTM1D', [5, 4, 3], [5, 4, 2]],
  ['BatchNormalization', [5], [4]],
  ['LayerNormalization', [5], [4]],
  ['Normalization', [5], [4]],
  ['MultiHeadAttention', [5, 4], [5, 3]],
  ['PReLU', [5], [4]],
])('%s that was built for %j and meets %j', (name, first, second) => {
  const layer = made(name);
  applied(layer, first);
  const error = refused(() => applied(layer, second)) as DescendError;
  expect(error).toBeInstanceOf(DescendError);
  expect(error.code).toBe('SHAPE_MISMATCH');
  expect(error.message).toMatch(new RegExp(`^(wrong|gru_cell)\\b.*expected .* got .*${second.at(-1)}`));
});

test('a layer in a layer in a model is named once, the innermost', () => {
  const inner = new Dense({ units: 2, name: 'inner' });
  const steps = new descend.TimeDistributed({ name: 'outer', layer: inner });
  applied(steps as never, [5, 4]);
  const error = refused(() => applied(steps as never, [5, 3])) as DescendError;
  expect(error.message).toMatch(
    /^inner on float32\[5B, 3\]: matmul: expected inner sizes to be equal, got \[5B, 3\] and \[4, 2\]$/,
  );
});
