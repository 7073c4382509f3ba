// The layers that move a window over their input, or change its axes, against Keras: outputs, and gradients by inputs and
// weights; the rules of their shapes; what they refuse.

import * as descend from 'descend';
import {
  AveragePooling2D,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Cropping2D,
  DepthwiseConv2D,
  Flatten,
  type Layer,
  MaxPooling2D,
  ops,
  SeparableConv2D,
  Sequential,
  UpSampling2D,
  valueAndGrad,
  variable,
  ZeroPadding2D,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';
import { noise } from '../noise.js';

interface Case {
  name: string;
  layer: string;
  options: object;
  inputs: [Golden];
  weights: (Golden & { name: string })[];
  outputs: [Golden];
  upstream: [number[] | Golden];
  inputGrads: [number[] | Golden];
  weightGrads: { name: string; data: number[] }[];
}

type LayerClass = new (options: object) => Layer;

// Sums of at most 54 products of numbers below 4, rounded to 2^-24 each, relative to the largest of a case.
const BOUND = 32 * 2 ** -24;

const layerOf = (name: string, options: object): Layer =>
  new (descend as unknown as Record<string, LayerClass>)[name]!(options);
const numbers = (x: number[] | Golden): number[] => (Array.isArray(x) ? x : x.data);

describe.each(cases<Case>('convolution.json'))('$name', (golden) => {
  const [input] = golden.inputs;
  const [output] = golden.outputs;
  const model = new Sequential([layerOf(golden.layer, { ...golden.options, inputShape: input.shape.slice(1) })]);

  test('outputs', async () => {
    await model.setWeights(golden.weights);
    const got = await model.predict(input);
    expect(got.shape).toEqual(output.shape);
    expectClose(got.data, output.data, BOUND, 'output');
  });

  test('gradients', async () => {
    await model.setWeights(golden.weights);
    const x = variable(Float32Array.from(input.data), input.shape);
    const upstream = { data: Float32Array.from(numbers(golden.upstream[0])), shape: output.shape };
    const weighted = () => ops.sum(ops.mul(model.apply(x), upstream));
    const { grads } = await valueAndGrad(weighted, [x, ...model.weights]);
    expectClose(grads[0]?.data ?? [], numbers(golden.inputGrads[0]), 4 * BOUND, 'input gradient');
    for (const [i, { data }] of golden.weightGrads.entries()) {
      expectClose(grads[i + 1]?.data ?? [], data, 4 * BOUND, 'gradient');
    }
  });

  test('made again from its configuration', async () => {
    const again = layerOf(golden.layer, model.layers[0]!.getConfig());
    expect(again.getConfig()).toEqual(model.layers[0]!.getConfig());
    expect(again.computeOutputShape(input.shape.slice(1))).toEqual(output.shape.slice(1));
  });
});

test('three axes are as two, slice by slice', async () => {
  const [x, w] = [noise(2 * 3 * 5 * 4 * 2, 1), noise(3 * 2 * 2 * 3, 2)];
  const of = (shape: number[], kernel: number[]) => {
    const [input, weights] = [variable(x, shape), variable(w, kernel)];
    return valueAndGrad(() => ops.sum(ops.square(ops.conv(input, weights))), [input, weights]);
  };
  const [three, two] = [await of([2, 3, 5, 4, 2], [1, 3, 2, 2, 3]), await of([6, 5, 4, 2], [3, 2, 2, 3])];
  expect(three.value).toBe(two.value);
  expect(three.grads.map(({ data }) => data)).toEqual(two.grads.map(({ data }) => data));
});

test('the gradient of the largest goes to the first of equals', async () => {
  const x = variable(new Float32Array([1, 1, 0, 1]), [1, 2, 2, 1]);
  const { grads } = await valueAndGrad(() => ops.sum(ops.maxPool(x, { poolSize: 2 })), [x]);
  expect([...(grads[0]?.data ?? [])]).toEqual([1, 0, 0, 0]);
});

test('sizes of outputs are those of Keras', () => {
  const shape = (layer: Layer, input: number[]) => layer.computeOutputShape(input);
  expect(shape(new Conv2D({ filters: 32, kernelSize: 3 }), [28, 28, 1])).toEqual([26, 26, 32]);
  expect(shape(new Conv1D({ filters: 2, kernelSize: 3, padding: 'causal', strides: 2 }), [9, 1])).toEqual([5, 2]);
  expect(shape(new Conv3D({ filters: 2, kernelSize: [1, 2, 3], padding: 'same' }), [4, 5, 6, 1])).toEqual([4, 5, 6, 2]);
  expect(shape(new MaxPooling2D(), [13, 13, 32])).toEqual([6, 6, 32]);
  expect(shape(new AveragePooling2D({ poolSize: 3, strides: 2, padding: 'same' }), [13, 12, 1])).toEqual([7, 6, 1]);
  expect(shape(new Conv2DTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }), [7, 7, 8])).toEqual([
    14, 14, 4,
  ]);
  const odd = { filters: 4, kernelSize: 3, strides: 2, padding: 'same', outputPadding: 0 } as const;
  expect(shape(new Conv2DTranspose(odd), [7, 7, 8])).toEqual([13, 13, 4]);
  expect(shape(new DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2 }), [5, 5, 3])).toEqual([3, 3, 6]);
  expect(shape(new SeparableConv2D({ filters: 7, kernelSize: 3 }), [5, 5, 3])).toEqual([3, 3, 7]);
  expect(shape(new UpSampling2D({ size: [2, 3] }), [2, 2, 1])).toEqual([4, 6, 1]);
  expect(shape(new ZeroPadding2D({ padding: [1, [0, 2]] }), [2, 2, 1])).toEqual([4, 4, 1]);
  expect(shape(new Cropping2D({ cropping: [[1, 0], 1] }), [4, 4, 1])).toEqual([3, 2, 1]);
});

test('names are those of Keras', () => {
  const model = new Sequential([
    new Conv2D({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }),
    new MaxPooling2D(),
    new Conv2D({ filters: 2, kernelSize: 2 }),
    new SeparableConv2D({ filters: 2, kernelSize: 1 }),
    new Flatten(),
  ]);
  expect(model.layers.map(({ name }) => name)).toEqual([
    'conv2d',
    'max_pooling2d',
    'conv2d_1',
    'separable_conv2d',
    'flatten',
  ]);
  expect(model.weights.slice(4).map(({ name }) => name)).toEqual([
    'separable_conv2d/depthwise_kernel',
    'separable_conv2d/pointwise_kernel',
    'separable_conv2d/bias',
  ]);
});

describe('what is refused says what to do', () => {
  const conv = (options: object) => new Conv2D({ filters: 2, kernelSize: 3, ...options });
  test.each([
    [
      () => conv({ name: 'conv2d_1' }).computeOutputShape([784]),
      'conv2d_1: expected rank 4 (batch, height, width, channels), got [B, 784] (add new Reshape({ targetShape: [28, 28, 1] }) before it)',
    ],
    [() => conv({}).computeOutputShape([28, 28]), 'targetShape: [28, 28, 1]'],
    [() => new Conv1D({ filters: 1, kernelSize: 2 }).computeOutputShape([5]), 'targetShape: [5, 1]'],
    [() => new MaxPooling2D().computeOutputShape([3072]), 'targetShape: [32, 32, 3]'],
    [() => conv({}).computeOutputShape([2, 5, 1]), "padding: 'same' makes room"],
    [() => conv({ groups: 3 }), 'a multiple of groups, 3, got 2'],
    [() => conv({ strides: 2, dilationRate: 2 }), 'not both'],
    [() => conv({ padding: 'causal' }), "expected 'valid' or 'same'"],
    [() => conv({ kernelSize: [3, 3, 3] }), 'a number or a list of 2'],
    [() => conv({ kernelSize: 0 }), 'a whole number from 1 to'],
    [() => conv({ dataFormat: 'channels_first' }), "expected 'channels_last'"],
    [() => new Conv2D({ filters: 2 } as never), 'kernelSize'],
    [() => new Cropping2D({ cropping: 2 }).computeOutputShape([4, 9, 1]), 'more than 4 places'],
  ])('%#', (make, message) => {
    expect(make).toThrow(message);
  });
});
