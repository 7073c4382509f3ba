// Reductions over axes, and what runs along one: sums, extremes, moments, norms, softmax, running sums. Sums and maxima
// have kernels, in a fixed order; the others are made of them.

import { fail } from '../errors.js';
import { abs, add, div, equal, exp, log, mul, neg, sqrt, square, sub } from '../generated/ops.js';
import { assertOptions } from '../units.js';
import { fixedSize } from './arranging.js';
import { type Axes, axesOf, axisOf, reduced } from './axes.js';
import type { Dim } from './dims.js';
import { floating } from './elementwise.js';
import { lastAxis, one, traced } from './entry.js';
import { isFinite as finite, where } from './logic.js';
import { dims, flag, int, ints } from './node.js';
import { concat, fill, reshape, slice, stopGradient, transpose } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';

/** What a reduction reduces over. */
export interface ReduceOptions {
  /** Axes to reduce, all by default. */
  axis?: Axes;
  /** Keep reduced axes as size 1. */
  keepDims?: boolean;
}

const REDUCE = ['axis', 'keepDims'];

function reduce(name: 'sum' | 'max', x: Operand, options: ReduceOptions): Tensor {
  assertOptions(`ops.${name}`, options, REDUCE);
  const input = floating(traced(x, name), name);
  const axes = axesOf(options.axis, input, name);
  const keep = options.keepDims === true;
  return one(name, [input], { axes: ints(axes), keep: flag(keep) }, reduced(input.shape, axes, keep));
}

/** The sum over axes; 0 over none. */
export function sum(x: Operand, options: ReduceOptions = {}): Tensor {
  return reduce('sum', x, options);
}

/** The largest element over axes; −∞ over none. Its gradient is shared equally by equal maxima. */
export function max(x: Operand, options: ReduceOptions = {}): Tensor {
  return reduce('max', x, options);
}

/** The smallest element over axes; ∞ over none. Its gradient is shared equally by equal minima. */
export function min(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.min', options, REDUCE);
  return neg(reduce('max', neg(x), options));
}

/** The mean over axes; NaN over none. */
export function mean(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.mean', options, REDUCE);
  const input = floating(traced(x, 'mean'), 'mean');
  const axes = axesOf(options.axis, input, 'mean');
  const count = axes.map((axis) => input.shape[axis] as Dim);
  return div(sum(input, options), one('size', [], { dims: dims(count) }, []));
}

/** The product over axes of fixed size; 1 over none. Multiplied by halves, so that zeros do no harm to its gradient. */
export function prod(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.prod', options, REDUCE);
  const input = floating(traced(x, 'prod'), 'prod');
  const axes = axesOf(options.axis, input, 'prod');
  const product = axes.reduce((y, axis) => halved(y, axis), input);
  return reshape(product, reduced(input.shape, axes, options.keepDims === true));
}

/** The product of the entries of an axis, as one entry. */
function halved(x: Tensor, axis: number): Tensor {
  const size = fixedSize(x, axis, 'prod');
  if (size === 1) return x;
  if (size === 0) return fill(reduced(x.shape, [axis], true), 1);
  const half = size >> 1;
  const part = (start: number, length: number) => slice(x, { axis, start, length });
  const pairs = mul(part(0, half), part(half, half));
  return halved(size % 2 === 0 ? pairs : concat([pairs, part(size - 1, 1)], { axis }), axis);
}

/** The mean square distance from the mean over axes (of the population, as Keras): two passes, for no digits to cancel. */
export function variance(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.variance', options, REDUCE);
  const input = floating(traced(x, 'variance'), 'variance');
  return mean(square(sub(input, mean(input, { ...options, keepDims: true }))), options);
}

/** The square root of `variance`; its gradient is NaN where all elements are equal. */
export function std(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.std', options, REDUCE);
  return sqrt(variance(x, options));
}

/** `ln Σ eˣ` over axes, without overflow; −∞ over none. */
export function logSumExp(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.logSumExp', options, REDUCE);
  const input = floating(traced(x, 'logSumExp'), 'logSumExp');
  const largest = stopGradient(max(input, { ...options, keepDims: true }));
  const shift = where(finite(largest), largest, 0);
  const rest = log(sum(exp(sub(input, shift)), options));
  return add(rest, reshape(shift, rest.shape));
}

/** What `norm` measures. */
export interface NormOptions extends ReduceOptions {
  /** 1: the sum of magnitudes; 2 (default): the root of the sum of squares; Infinity: the largest magnitude. */
  ord?: 1 | 2 | number;
}

/** The length of what lies along axes (all by default), as one vector. The gradient of a length 0 is 0. */
export function norm(x: Operand, options: NormOptions = {}): Tensor {
  assertOptions('ops.norm', options, [...REDUCE, 'ord']);
  const { ord = 2, ...over } = options;
  if (ord === 1) return sum(abs(x), over);
  if (ord === Number.POSITIVE_INFINITY) return max(abs(x), over);
  if (ord !== 2) throw fail('INVALID_VALUE', 'norm: ord', '1, 2 or Infinity', String(ord));
  const squares = sum(square(x), over);
  const nothing = equal(squares, 0);
  return where(nothing, 0, sqrt(where(nothing, 1, squares)));
}

/** `f` of `x` with one axis moved to the end; `moves`: whether the result has that axis as well, to be moved back. */
export function alongLast(x: Tensor, axis: number, moves: boolean, f: (x: Tensor) => Tensor): Tensor {
  const last = x.shape.length - 1;
  if (axis === last) return f(x);
  const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
  const y = f(transpose(x, [...others, axis]));
  if (!moves) return y;
  return transpose(y, [...others.slice(0, axis).keys(), last, ...others.slice(axis).map((i) => i - 1)]);
}

/** The index of the largest element of an axis (the last by default; of equal ones the first, NaN above all), int32. */
export function argmax(x: Operand, options: { axis?: number } = {}): Tensor {
  assertOptions('ops.argmax', options, ['axis']);
  const input = floating(traced(x, 'argmax'), 'argmax');
  lastAxis(input, 'argmax');
  const axis = axisOf(options.axis ?? -1, input, 'argmax');
  return alongLast(input, axis, false, (y) => one('argmax', [y], {}, y.shape.slice(0, -1), 'int32'));
}

/** The index of the smallest element of an axis (the last by default; of equal ones the first, NaN below all), int32. */
export function argmin(x: Operand, options: { axis?: number } = {}): Tensor {
  assertOptions('ops.argmin', options, ['axis']);
  return argmax(neg(x), options);
}

/** `eˣ / Σ eˣ` over the last axis. */
export function softmax(x: Operand): Tensor {
  const input = floating(traced(x, 'softmax'), 'softmax');
  lastAxis(input, 'softmax');
  return one('softmax', [input], {}, input.shape);
}

/** The logarithm of `softmax`, without its loss of digits. */
export function logSoftmax(x: Operand): Tensor {
  const input = floating(traced(x, 'log_softmax'), 'log_softmax');
  lastAxis(input, 'log_softmax');
  return one('log_softmax', [input], {}, input.shape);
}

/** What `cumsum` sums. */
export interface CumsumOptions {
  /** The axis along which; all elements in order by default. */
  axis?: number;
  /** Leaves an entry out of its own sum. */
  exclusive?: boolean;
  /** From the end. */
  reverse?: boolean;
}

/** Running sums along an axis; added up in f64, each rounded once. */
export function cumsum(x: Operand, options: CumsumOptions = {}): Tensor {
  assertOptions('ops.cumsum', options, ['axis', 'exclusive', 'reverse']);
  const given = floating(traced(x, 'cumsum'), 'cumsum');
  const input = options.axis === undefined ? reshape(given, [-1]) : given;
  const axis = axisOf(options.axis ?? 0, input, 'cumsum');
  const flags = { exclusive: flag(options.exclusive === true), reverse: flag(options.reverse === true) };
  return one('cumsum', [input], { axis: int(axis), ...flags }, input.shape);
}
