// Gradients of every layer, by inputs and weights, against central differences of the f64 oracle, at awkward shapes, in
// training. A layer that is not in the table fails the test; `gradients.test.ts` has more of the normalizations.

import * as descend from 'descend';
import {
  type AnyLayer,
  checkGradients,
  Dense,
  GRU,
  GRUCell,
  LSTMCell,
  type Operand,
  ops,
  SimpleRNNCell,
  type Tensor,
  type Variable,
  variable,
} from 'descend';
import { expect, test } from 'vitest';
import { noise } from '../noise.js';

type Options = Record<string, unknown>;
/** Options, and shapes of inputs with their batch. */
type Line = readonly [options: Options, ...shapes: number[][]];

const pair = (shape: number[]): number[][] => [shape, shape];

const TABLE: Readonly<Record<string, readonly Line[]>> = {
  Dense: [
    [{ units: 3, activation: 'tanh' }, [1, 1]],
    [{ units: 17, useBias: false }, [2, 3, 5]],
  ],
  Activation: [[{ activation: 'gelu' }, [3, 17]]],
  PReLU: [[{ alphaInitializer: 'random_normal', sharedAxes: [1] }, [2, 3, 5]]],
  ReLU: [
    [{}, [3, 17]],
    [{ maxValue: 0.7, negativeSlope: 0.2, threshold: 0.1 }, [2, 3, 5]],
  ],
  LeakyReLU: [[{}, [3, 17]]],
  ELU: [[{ alpha: 0.7 }, [3, 17]]],
  Softmax: [
    [{}, [1, 1]],
    [{ axis: 1 }, [2, 3, 5]],
    [{ axis: [1, 2] }, [2, 3, 5]],
  ],
  Identity: [[{}, [2, 3]]],
  Conv1D: [
    [{ filters: 3, kernelSize: 2, padding: 'causal', dilationRate: 2 }, [2, 7, 3]],
    [{ filters: 4, kernelSize: 3, strides: 2, groups: 2 }, [1, 8, 2]],
  ],
  Conv2D: [
    [{ filters: 1, kernelSize: 1 }, [1, 1, 1, 1]],
    [{ filters: 5, kernelSize: [3, 2], padding: 'same', strides: [2, 1] }, [2, 5, 4, 3]],
  ],
  Conv3D: [[{ filters: 2, kernelSize: 2 }, [1, 3, 2, 3, 2]]],
  Conv1DTranspose: [[{ filters: 3, kernelSize: 3, strides: 2 }, [2, 4, 2]]],
  Conv2DTranspose: [[{ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }, [1, 3, 2, 3]]],
  Conv3DTranspose: [[{ filters: 2, kernelSize: 2 }, [1, 2, 2, 2, 1]]],
  DepthwiseConv1D: [[{ kernelSize: 2, depthMultiplier: 2 }, [2, 5, 3]]],
  DepthwiseConv2D: [[{ kernelSize: 3, padding: 'same' }, [1, 4, 3, 5]]],
  SeparableConv1D: [[{ filters: 3, kernelSize: 2 }, [2, 5, 3]]],
  SeparableConv2D: [[{ filters: 3, kernelSize: 2, depthMultiplier: 2 }, [1, 4, 3, 2]]],
  MaxPooling1D: [[{}, [2, 7, 3]]],
  MaxPooling2D: [[{ poolSize: [3, 2], strides: 1, padding: 'same' }, [2, 5, 4, 3]]],
  MaxPooling3D: [[{}, [1, 3, 4, 2, 2]]],
  AveragePooling1D: [[{ poolSize: 3, strides: 2, padding: 'same' }, [2, 7, 3]]],
  AveragePooling2D: [[{}, [2, 5, 4, 3]]],
  AveragePooling3D: [[{}, [1, 3, 4, 2, 2]]],
  GlobalAveragePooling1D: [[{}, [2, 7, 3]]],
  GlobalAveragePooling2D: [[{ keepdims: true }, [2, 3, 5, 3]]],
  GlobalAveragePooling3D: [[{}, [2, 3, 1, 2, 3]]],
  GlobalMaxPooling1D: [[{}, [2, 7, 3]]],
  GlobalMaxPooling2D: [[{}, [2, 3, 5, 3]]],
  GlobalMaxPooling3D: [[{}, [2, 3, 1, 2, 3]]],
  UpSampling1D: [[{ size: 3 }, [2, 3, 2]]],
  UpSampling2D: [
    [{}, [1, 3, 2, 2]],
    [{ size: [3, 2], interpolation: 'bilinear' }, [2, 3, 4, 1]],
  ],
  UpSampling3D: [[{}, [1, 2, 1, 3, 2]]],
  ZeroPadding1D: [[{ padding: [2, 0] }, [2, 3, 2]]],
  ZeroPadding2D: [
    [
      {
        padding: [
          [1, 0],
          [2, 3],
        ],
      },
      [2, 3, 1, 2],
    ],
  ],
  ZeroPadding3D: [[{}, [1, 1, 2, 1, 1]]],
  Cropping1D: [[{}, [2, 5, 2]]],
  Cropping2D: [
    [
      {
        cropping: [
          [1, 0],
          [0, 2],
        ],
      },
      [2, 3, 4, 1],
    ],
    [{}, [2, 3, 3, 1]],
  ],
  Cropping3D: [[{}, [1, 3, 4, 3, 1]]],
  BatchNormalization: [[{}, [17, 3]]],
  LayerNormalization: [[{}, [3, 5, 7]]],
  GroupNormalization: [[{ groups: 2 }, [2, 5, 6]]],
  RMSNormalization: [[{}, [3, 17]]],
  UnitNormalization: [[{}, [3, 31]]],
  SimpleRNN: [[{ units: 3, returnSequences: true, recurrentDropout: 0.2 }, [2, 4, 3]]],
  GRU: [
    [{ units: 3, goBackwards: true }, [2, 4, 1]],
    [{ units: 2, resetAfter: false, dropout: 0.2 }, [1, 3, 5]],
  ],
  LSTM: [
    [{ units: 3, returnSequences: true }, [2, 4, 7]],
    [{ units: 1 }, [1, 1, 1]],
  ],
  Bidirectional: [[{ layer: new GRU({ units: 3, returnSequences: true }), mergeMode: 'mul' }, [2, 3, 2]]],
  ConvLSTM1D: [[{ filters: 2, kernelSize: 2, recurrentDropout: 0.2 }, [2, 3, 5, 2]]],
  ConvLSTM2D: [
    [{ filters: 2, kernelSize: [2, 1], padding: 'same', returnSequences: true, dropout: 0.2 }, [2, 2, 3, 2, 1]],
    [{ filters: 1, kernelSize: 1 }, [1, 1, 1, 1, 1]],
  ],
  ConvLSTM3D: [[{ filters: 1, kernelSize: 2, strides: 2, goBackwards: true }, [1, 2, 3, 2, 3, 2]]],
  RNN: [
    [{ cell: [new LSTMCell({ units: 3 }), new GRUCell({ units: 2 })], returnSequences: true }, [2, 4, 3]],
    [{ cell: new SimpleRNNCell({ units: 3 }), goBackwards: true }, [1, 1, 1]],
  ],
  SimpleRNNCell: [[{ units: 3 }, [2, 5], [2, 3]]],
  GRUCell: [[{ units: 3, resetAfter: false }, [2, 5], [2, 3]]],
  LSTMCell: [[{ units: 3 }, [2, 5], [2, 3], [2, 3]]],
  StackedRNNCells: [
    [{ cells: [new SimpleRNNCell({ units: 3 }), new SimpleRNNCell({ units: 2 })] }, [2, 5], [2, 3], [2, 2]],
  ],
  TimeDistributed: [[{ layer: new Dense({ units: 3 }) }, [2, 3, 5]]],
  Attention: [
    [{ useScale: true }, [2, 3, 5], [2, 7, 5]],
    [{ useScale: true, scoreMode: 'concat', useCausalMask: true }, [2, 3, 5], [2, 7, 5], [2, 7, 5]],
  ],
  AdditiveAttention: [[{ dropout: 0.2 }, [2, 3, 5], [2, 7, 5], [2, 7, 5]]],
  MultiHeadAttention: [
    [{ numHeads: 3, keyDim: 2, dropout: 0.2 }, [2, 5, 7]],
    [{ numHeads: 2, keyDim: 1, attentionAxes: [3, 1] }, [1, 3, 2, 1, 3], [1, 2, 2, 3, 3]],
    [{ numHeads: 1, keyDim: 1, valueDim: 2, useCausalMask: true }, [1, 1, 1], [1, 3, 2]],
  ],
  GroupQueryAttention: [[{ headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2 }, [2, 3, 5], [2, 4, 3]]],
  Add: [[{}, [2, 3], [2, 3], [2, 1]]],
  Subtract: [[{}, ...pair([2, 17])]],
  Multiply: [[{}, [2, 3, 5], [2, 1, 5]]],
  Average: [[{}, ...pair([2, 17])]],
  Maximum: [[{}, ...pair([2, 17])]],
  Minimum: [[{}, ...pair([2, 17])]],
  Concatenate: [[{ axis: 1 }, [2, 1, 3], [2, 4, 3]]],
  Dot: [[{ axes: [2, 2], normalize: true }, [3, 2, 5], [3, 4, 5]]],
  Flatten: [[{}, [2, 3, 5]]],
  Reshape: [[{ targetShape: [5, -1] }, [2, 3, 5]]],
  Permute: [[{ dims: [2, 1] }, [2, 3, 5]]],
  RepeatVector: [[{ n: 3 }, [2, 5]]],
  Rescaling: [[{ scale: [1, 2, 3], offset: -0.5 }, [2, 5, 3]]],
  Masking: [[{}, [2, 5, 3]]],
  Dropout: [[{ rate: 0.4 }, [3, 17]]],
  AlphaDropout: [[{ rate: 0.4 }, [3, 17]]],
  GaussianDropout: [[{ rate: 0.4 }, [3, 17]]],
  GaussianNoise: [[{ stddev: 0.4 }, [3, 17]]],
  SpatialDropout1D: [[{ rate: 0.4 }, [3, 5, 7]]],
  SpatialDropout2D: [[{ rate: 0.4 }, [3, 2, 3, 7]]],
  SpatialDropout3D: [[{ rate: 0.4 }, [3, 2, 1, 2, 7]]],
  RandomFlip: [[{}, [3, 4, 3, 2]]],
  RandomTranslation: [[{ heightFactor: 0.3, widthFactor: 0.3 }, [3, 4, 3, 2]]],
  RandomRotation: [[{ factor: 0.4, fillMode: 'wrap' }, [3, 4, 3, 2]]],
  RandomZoom: [[{ heightFactor: 0.5, fillMode: 'constant', fillValue: 3 }, [3, 4, 3, 2]]],
  RandomBrightness: [[{ factor: 0.4, valueRange: [-9, 9] }, [3, 4, 3, 2]]],
  RandomContrast: [[{ factor: 0.4, valueRange: [-9, 9] }, [3, 4, 3, 2]]],
  RandomCrop: [[{ height: 2, width: 3 }, [3, 4, 3, 2]]],
  CenterCrop: [
    [{ height: 2, width: 3 }, [3, 4, 3, 2]],
    [{ height: 5, width: 3 }, [1, 4, 3, 1]],
  ],
  Resizing: [[{ height: 5, width: 2, cropToAspectRatio: true }, [2, 4, 3, 2]]],
  Normalization: [[{ mean: [1, 2, 3], variance: [4, 5, 6] }, [2, 3]]],
};

/** Whose inputs are no numbers to differentiate by, or which are no layers by themselves. */
const EXEMPT = [
  ...['CategoryEncoding', 'Discretization', 'Hashing', 'IntegerLookup', 'StringLookup', 'Embedding'],
  ...['Layer', 'InputLayer', 'Model', 'Sequential'],
];

const all = Object.entries(descend as unknown as Record<string, { prototype?: unknown }>).filter(
  ([, unit]) => typeof unit === 'function' && unit.prototype instanceof descend.Layer,
);

test('every layer is here', () => {
  const missing = all.map(([name]) => name).filter((name) => !(name in TABLE) && !EXEMPT.includes(name));
  expect(missing).toEqual([]);
});

const LINES = Object.entries(TABLE).flatMap(([name, lines]) =>
  lines.map(([options, ...shapes]) => ({ name, options, shapes })),
);

test.each(LINES)('$name $options $shapes', async ({ name, options, shapes }) => {
  const Class = (descend as unknown as Record<string, new (options: Options) => AnyLayer>)[name]!;
  const layer = new Class({ name: 'tried', ...options });
  const inputs = shapes.map((shape, i): Variable => {
    const size = shape.reduce((product, n) => product * n, 1);
    return variable(noise(size, i + 3), shape);
  });
  const x = (inputs.length > 1 ? inputs : inputs[0]) as Operand;
  const value = (): Tensor => {
    const given = layer.apply(x, { training: true });
    // Cells give a list.
    const y = Array.isArray(given) ? ops.concat(given.slice(1), { axis: 1 }) : (given as Tensor);
    return ops.sum(ops.mul(y, ops.sin(ops.add(ops.mul(y, 2), 1))));
  };
  const once = await checkGradients(value, inputs, { seed: 4, maxElements: 40 });
  expect(once, JSON.stringify(once.worst)).toMatchObject({ ok: true });
  const weights = layer.weights.filter(({ trainable }) => trainable);
  if (weights.length === 0) return;
  const report = await checkGradients(value, weights, { seed: 4, maxElements: 40 });
  expect(report, JSON.stringify(report.worst)).toMatchObject({ ok: true });
});
