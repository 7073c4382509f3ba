// Convolutions and pooling over one to three axes, channels last: `[batch, …, channels]`. Strides and dilation are numbers
// for all axes or one for each; padding becomes places before and after each axis here, the core knows only these.

import { describeValue, fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { fixedSize } from './arranging.js';
import { wholeNumber } from './axes.js';
import { type Dim, type Shape, shapeText } from './dims.js';
import { floating } from './elementwise.js';
import { one, traced } from './entry.js';
import { int, ints } from './node.js';
import { matmul } from './products.js';
import { broadcastTo, reshape } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';

const MOST = 2 ** 31 - 1;

/** A whole number for all axes, or one for each. */
export type Sizes = number | readonly number[];

/**
 * 'valid': only whole windows; 'same': as many places as before, divided by the stride, with the padding split evenly and
 * the odd place at the end; 'causal' (convolutions of one axis): padding only in front, so that no output sees the future.
 */
export type Padding = 'valid' | 'same' | 'causal';

/** How a window moves. */
export interface WindowOptions {
  /** Default 1, of pooling the size of the window. */
  strides?: Sizes | undefined;
  /** Default 'valid'. */
  padding?: Padding | undefined;
}

/** How a kernel moves. */
export interface ConvOptions extends WindowOptions {
  /** The distance of the kernel's taps. Default 1. */
  dilationRate?: Sizes | undefined;
}

/** Places between axes and in front of them. */
interface Window {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly output: readonly number[];
}

/** As many numbers as axes. Throws INVALID_VALUE. */
export function sizesOf(value: unknown, axes: number, least: number, what: string): readonly number[] {
  const list = Array.isArray(value) ? Array.from(value) : new Array(axes).fill(value);
  if (list.length !== axes) throw fail('INVALID_VALUE', what, `a number or a list of ${axes}`, describeValue(value));
  return list.map((size) => wholeNumber(size, least, MOST, what));
}

/** A padding by name. Throws INVALID_VALUE. */
export function paddingOf(value: unknown, axes: number, what: string): Padding {
  const name = typeof value === 'string' ? value.toLowerCase() : value;
  if (name === 'valid' || name === 'same' || (name === 'causal' && axes === 1)) return name;
  const known = `'valid'${axes === 1 ? ", 'causal'" : ''} or 'same'`;
  throw fail('INVALID_VALUE', what, known, describeValue(value));
}

/** The input with its axes between batch and channels, which have fixed sizes. */
function images(x: Operand, what: string): { input: Tensor; sizes: number[]; channels: number } {
  const input = floating(traced(x, what), what);
  const axes = input.shape.length - 2;
  if (axes < 1 || axes > 3) {
    throw fail('SHAPE_MISMATCH', what, '[batch, one to three axes, channels]', shapeText(input.shape));
  }
  const [, ...rest] = input.shape.map((_, axis) => (axis === 0 ? 0 : fixedSize(input, axis, what)));
  return { input, sizes: rest.slice(0, -1), channels: rest[axes] as number };
}

/** Where the window stands on axes of these sizes. */
function windowOver(sizes: readonly number[], kernel: readonly number[], options: ConvOptions, what: string): Window {
  const axes = sizes.length;
  const strides = sizesOf(options.strides ?? 1, axes, 1, `${what} strides`);
  const dilation = sizesOf(options.dilationRate ?? 1, axes, 1, `${what} dilationRate`);
  const padding = paddingOf(
    options.padding ?? 'valid',
    options.dilationRate === undefined ? 3 : axes,
    `${what} padding`,
  );
  const along = sizes.map((size, axis) => {
    const [stride, reach] = [strides[axis] as number, reachOf(kernel[axis] as number, dilation[axis] as number)];
    const [low, high] = padded(padding, size, reach, stride);
    return { low, high, output: Math.floor((size + low + high - reach) / stride) + 1 };
  });
  if (along.some(({ output }) => output < 1)) {
    const got = `a window of ${shapeText(kernel)} over ${shapeText(sizes)}`;
    throw fail('SHAPE_MISMATCH', what, 'a window that fits into its input', got, "padding: 'same' makes room for it");
  }
  const each = (name: 'low' | 'high' | 'output') => along.map((axis) => axis[name]);
  return { strides, dilation, low: each('low'), high: each('high'), output: each('output') };
}

/** Places from the first to the last tap. */
function reachOf(taps: number, dilation: number): number {
  return (taps - 1) * dilation + 1;
}

/** Places of padding before and after an axis. */
function padded(padding: Padding, size: number, reach: number, stride: number): [number, number] {
  if (padding === 'valid') return [0, 0];
  if (padding === 'causal') return [reach - 1, 0];
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function slide({ strides, dilation, low, high }: Omit<Window, 'output'>) {
  return { strides: ints(strides), dilation: ints(dilation), low: ints(low), high: ints(high) };
}

function kernelOf(kernel: Operand, axes: number, what: string): { w: Tensor; taps: number[]; last: [number, number] } {
  const w = floating(traced(kernel, what), what);
  if (w.shape.length !== axes + 2) {
    throw fail('SHAPE_MISMATCH', what, `a kernel of ${axes + 2} axes`, shapeText(w.shape));
  }
  const sizes = w.shape.map((_, axis) => fixedSize(w, axis, what));
  return { w, taps: sizes.slice(0, axes), last: sizes.slice(axes) as [number, number] };
}

/**
 * Convolution: `[batch, …, channels]` with a kernel `[…, channels / groups, filters]` gives `[batch, …, filters]`. With groups
 * the channels are cut into as many parts, and the filters with them.
 */
export function conv(x: Operand, kernel: Operand, options: ConvOptions & { groups?: number } = {}): Tensor {
  assertOptions('ops.conv', options, ['strides', 'padding', 'dilationRate', 'groups']);
  const { input, sizes, channels } = images(x, 'conv');
  const { w, taps, last } = kernelOf(kernel, sizes.length, 'conv');
  const groups = wholeNumber(options.groups ?? 1, 1, MOST, 'conv groups');
  const [own, filters] = last;
  if (own * groups !== channels || filters % groups !== 0) {
    const got = `${shapeText(input.shape)} and a kernel ${shapeText(w.shape)} in ${groups} groups`;
    throw fail('SHAPE_MISMATCH', 'conv', 'a kernel […, channels / groups, a multiple of groups]', got);
  }
  const window = windowOver(sizes, taps, { ...options, dilationRate: options.dilationRate ?? 1 }, 'conv');
  if (groups === 1 && [...taps, ...window.strides].every((size) => size === 1)) {
    return matmul(input, reshape(w, [channels, filters]));
  }
  const shape = [input.shape[0] as Dim, ...window.output, filters];
  return one('conv', [input, w], { ...slide(window), groups: int(groups) }, shape);
}

/**
 * The transposed convolution, which is the gradient of `conv` by its input: `[batch, …, channels]` with a kernel
 * `[…, filters, channels]` gives `[batch, …, filters]`, each axis multiplied by its stride. `outputPadding` adds places to the
 * end. Padding is 'valid' or 'same'; sizes are Keras's.
 */
export function convTranspose(
  x: Operand,
  kernel: Operand,
  options: ConvOptions & { outputPadding?: Sizes | null | undefined } = {},
): Tensor {
  const what = 'convTranspose';
  assertOptions(`ops.${what}`, options, ['strides', 'padding', 'dilationRate', 'outputPadding']);
  const { input, sizes, channels } = images(x, what);
  const axes = sizes.length;
  const { w, taps, last } = kernelOf(kernel, axes, what);
  if (last[1] !== channels) {
    const got = `${shapeText(input.shape)} and a kernel ${shapeText(w.shape)}`;
    throw fail('SHAPE_MISMATCH', what, 'a kernel […, filters, channels]', got);
  }
  const strides = sizesOf(options.strides ?? 1, axes, 1, `${what} strides`);
  const dilation = sizesOf(options.dilationRate ?? 1, axes, 1, `${what} dilationRate`);
  const padding = paddingOf(options.padding ?? 'valid', 3, `${what} padding`);
  const more = options.outputPadding ?? undefined;
  const extra = more === undefined ? undefined : sizesOf(more, axes, 0, `${what} outputPadding`);
  const along = sizes.map((size, axis) => {
    const [stride, reach] = [strides[axis] as number, reachOf(taps[axis] as number, dilation[axis] as number)];
    const wanted = extra?.[axis];
    if (wanted !== undefined && wanted >= stride) {
      throw fail('INVALID_VALUE', `${what} outputPadding`, `less than the stride, ${stride}`, String(wanted));
    }
    const whole = (size - 1) * stride + reach;
    const plain = padding === 'same' ? size * stride : size * stride + Math.max(reach - stride, 0);
    const cut = padding === 'same' ? 2 * Math.floor(reach / 2) : 0;
    const output = wanted === undefined ? plain : whole - cut + wanted;
    const total = padding === 'same' ? Math.max(whole - output, 0) : 0;
    return { output, low: Math.floor(total / 2), high: Math.ceil(total / 2) };
  });
  const each = (name: 'low' | 'high' | 'output') => along.map((axis) => axis[name]);
  const size = each('output');
  if (size.some((places) => places < 1)) {
    throw fail('SHAPE_MISMATCH', what, 'an output of at least one place', shapeText(size));
  }
  const attrs = {
    ...slide({ strides, dilation, low: each('low'), high: each('high') }),
    size: ints(size),
    groups: int(1),
  };
  return one('conv_transpose', [input, w], attrs, [input.shape[0] as Dim, ...size, last[0]]);
}

/**
 * Convolution of each channel by itself: `[batch, …, channels]` with a kernel `[…, channels, multiplier]` gives
 * `[batch, …, channels · multiplier]`, the outputs of a channel next to each other.
 */
export function depthwiseConv(x: Operand, kernel: Operand, options: ConvOptions = {}): Tensor {
  const what = 'depthwiseConv';
  assertOptions(`ops.${what}`, options, ['strides', 'padding', 'dilationRate']);
  const { input, sizes, channels } = images(x, what);
  const { w, taps, last } = kernelOf(kernel, sizes.length, what);
  const [own, multiplier] = last;
  if (own !== channels) {
    const got = `${shapeText(input.shape)} and a kernel ${shapeText(w.shape)}`;
    throw fail('SHAPE_MISMATCH', what, 'a kernel […, channels, multiplier]', got);
  }
  const filters = channels * multiplier;
  const lead: Shape = input.shape.slice(0, -1);
  const repeated =
    multiplier === 1
      ? input
      : reshape(broadcastTo(reshape(input, [...lead, channels, 1]), [...lead, channels, multiplier]), [
          ...lead,
          filters,
        ]);
  return conv(repeated, reshape(w, [...taps, 1, filters]), { ...options, groups: Math.max(filters, 1) });
}

function pool(name: string, x: Operand, options: WindowOptions & { poolSize: Sizes }, what: string): Tensor {
  assertOptions(`ops.${what}`, options, ['poolSize', 'strides', 'padding']);
  const { input, sizes, channels } = images(x, what);
  const size = sizesOf(options.poolSize, sizes.length, 1, `${what} poolSize`);
  const window = windowOver(sizes, size, { ...options, strides: options.strides ?? size }, what);
  const shape = [input.shape[0] as Dim, ...window.output, channels];
  return one(name, [input], { ...slide(window), size: ints(size) }, shape);
}

/** The largest of what a window sees, channel by channel. The gradient goes to the first of equals, as in TensorFlow. */
export function maxPool(x: Operand, options: WindowOptions & { poolSize: Sizes }): Tensor {
  return pool('max_pool', x, options, 'maxPool');
}

/** The mean of what a window sees, channel by channel; padding does not count. */
export function averagePool(x: Operand, options: WindowOptions & { poolSize: Sizes }): Tensor {
  return pool('average_pool', x, options, 'averagePool');
}
