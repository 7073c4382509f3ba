// Layers whose window moves: convolutions and pooling, in ONNX with the channels behind the batch.

import { permuted } from '../arrays.js';
import { activated } from './activations.js';
import { type Context, type Floats, type Writer, weightOf } from './context.js';
import { Value } from './value.js';

/** Places before and after each axis, ONNX's way: all before, then all after. */
function padsOf(sizes: readonly number[], window: readonly number[], { config }: Context): number[] {
  const { strides, padding } = config as { strides: number[]; padding: string };
  const dilation = dilationOf(config, window);
  const pairs = sizes.map((size, i) => {
    const [stride, reach] = [strides[i] as number, ((window[i] as number) - 1) * (dilation[i] as number) + 1];
    if (padding === 'causal') return [reach - 1, 0] as const;
    if (padding !== 'same') return [0, 0] as const;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  });
  return [...pairs.map(([low]) => low), ...pairs.map(([, high]) => high)];
}

const dilationOf = (config: Context['config'], window: readonly number[]): number[] =>
  (config.dilationRate as number[] | undefined) ?? window.map(() => 1);

// The kernel `[…window, a, b]` with the axes of `order`.
function kernelOf(b: Context['b'], { data, shape }: Floats, order: (window: number[]) => number[], sizes?: number[]) {
  const window = shape.slice(0, -2).map((_, i) => i);
  const axes = order(window);
  return b.floats('kernel', permuted(data, shape, axes), sizes ?? axes.map((axis) => shape[axis] as number));
}

function convolved(context: Context, x: Value, kernel: string, window: readonly number[], group: number): Value {
  const { b, config, outputShape } = context;
  const bias = context.weight('bias');
  const inputs = [x.first, kernel, ...(bias ? [b.floats('bias', bias.data, bias.shape)] : [])];
  const name = b.node('Conv', inputs, {
    kernel_shape: window,
    strides: config.strides as number[],
    dilations: dilationOf(config, window),
    pads: padsOf(x.shape.slice(0, -1), window, context),
    group,
  });
  return activated(b, Value.first(b, name, outputShape), config.activation, context.layer.name);
}

/** Convolutions: `[…window, in, out]` becomes `[out, in, …window]`. */
export const conv: Writer = (context, [x]) => {
  const kernel = weightOf(context, 'kernel');
  const rank = kernel.shape.length;
  const turned = kernelOf(context.b, kernel, (window) => [rank - 1, rank - 2, ...window]);
  return convolved(context, x as Value, turned, kernel.shape.slice(0, -2), context.config.groups as number);
};

/** Of each channel by itself: `[…window, channels, times]` becomes `[channels · times, 1, …window]`. */
export const depthwise: Writer = (context, [x]) => {
  const kernel = weightOf(context, 'kernel');
  const [window, channels] = [kernel.shape.slice(0, -2), kernel.shape.at(-2) as number];
  return convolved(context, x as Value, depthwiseKernel(context, kernel), window, channels);
};

function depthwiseKernel({ b }: Context, kernel: Floats): string {
  const rank = kernel.shape.length;
  const [channels, times] = kernel.shape.slice(-2) as [number, number];
  const sizes = [channels * times, 1, ...kernel.shape.slice(0, -2)];
  return kernelOf(b, kernel, (window) => [rank - 2, rank - 1, ...window], sizes);
}

/** Of each channel, then of all channels of each place. */
export const separable: Writer = (context, [x]) => {
  const { b, config } = context;
  const [first, second] = [weightOf(context, 'depthwise_kernel'), weightOf(context, 'pointwise_kernel')];
  const [window, channels] = [first.shape.slice(0, -2), first.shape.at(-2) as number];
  const between = [...context.outputShape.slice(0, -1), second.shape.at(-2) as number];
  const bare = {
    ...context,
    config: { ...config, activation: 'linear' },
    outputShape: between,
    weight: () => undefined,
  };
  const middle = convolved(bare, x as Value, depthwiseKernel(context, first), window, channels);
  const rank = second.shape.length;
  const kernel = kernelOf(b, second, (axes) => [rank - 1, rank - 2, ...axes]);
  const ones = window.map(() => 1);
  const places = { ...config, strides: ones, dilationRate: ones, padding: 'valid' };
  return convolved({ ...context, config: places }, middle, kernel, ones, 1);
};

/** Transposed: `[…window, out, in]` becomes `[in, out, …window]`. */
export const transposed: Writer = (context, [value]) => {
  const { b, config, outputShape } = context;
  const x = value as Value;
  const kernel = weightOf(context, 'kernel');
  const rank = kernel.shape.length;
  const window = kernel.shape.slice(0, -2);
  const [strides, dilations] = [config.strides as number[], dilationOf(config, window)];
  const along = window.map((taps, i) => {
    const reach = (taps - 1) * (dilations[i] as number) + 1;
    const whole = ((x.shape[i] as number) - 1) * (strides[i] as number) + reach;
    const output = outputShape[i] as number;
    const total = config.padding === 'same' ? Math.max(whole - output, 0) : 0;
    return { low: Math.floor(total / 2), high: Math.ceil(total / 2), more: output - (whole - total) };
  });
  const bias = context.weight('bias');
  const turned = kernelOf(b, kernel, (axes) => [rank - 1, rank - 2, ...axes]);
  const name = b.node('ConvTranspose', [x.first, turned, ...(bias ? [b.floats('bias', bias.data, bias.shape)] : [])], {
    kernel_shape: window,
    strides,
    dilations,
    pads: [...along.map(({ low }) => low), ...along.map(({ high }) => high)],
    output_padding: along.map(({ more }) => more),
  });
  return activated(b, Value.first(b, name, outputShape), config.activation, context.layer.name);
};

/** The largest, or the mean, of a window; padding does not count. */
export const pooling =
  (op: 'MaxPool' | 'AveragePool'): Writer =>
  (context, [value]) => {
    const { b, config, outputShape } = context;
    const x = value as Value;
    const window = config.poolSize as number[];
    const pads = padsOf(x.shape.slice(0, -1), window, context);
    const name = b.node(op, [x.first], { kernel_shape: window, strides: config.strides as number[], pads });
    return Value.first(b, name, outputShape);
  };

/** The largest, or the mean, of all places. */
export const globalPooling =
  (op: 'ReduceMax' | 'ReduceMean'): Writer =>
  ({ b, config, outputShape }, [value]) => {
    const x = value as Value;
    const axes = x.shape.slice(1).map((_, i) => i + (x.isFirst ? 2 : 1));
    const keepdims = config.keepdims ? 1 : 0;
    const name = b.node(op, [x.isFirst ? x.first : x.last], { axes, keepdims });
    return x.isFirst && keepdims ? Value.first(b, name, outputShape) : Value.last(b, name, outputShape);
  };

/** Places several times, or what lies between them. */
export const upSampling: Writer = ({ b, config, outputShape }, [value]) => {
  const scales = b.floats('scales', [1, 1, ...(config.size as number[])], [2 + (config.size as number[]).length]);
  const linear = config.interpolation === 'bilinear';
  const name = b.node('Resize', [(value as Value).first, '', scales], {
    mode: linear ? 'linear' : 'nearest',
    coordinate_transformation_mode: linear ? 'half_pixel' : 'asymmetric',
    ...(!linear && { nearest_mode: 'floor' }),
  });
  return Value.first(b, name, outputShape);
};
