// The public ops that are not elementwise: reductions, shapes, products, selections, randomness. Each checks what it is
// given and adds one entry to the trace under way; shape rules are those of the core, said in the user's terms.

import type { DType } from '../data/typed.js';
import { describeValue, fail } from '../errors.js';
import { div } from '../generated/ops.js';
import { assertOptions } from '../units.js';
import { type Axes, axesOf, axisOf, listOf, numberThat, reduced, wholeNumber, withAxis } from './axes.js';
import {
  checkDims,
  coefOf,
  type Dim,
  makeDim,
  powerOf,
  quotient,
  type Shape,
  sameDim,
  sameShape,
  shapeText,
  sizeOf,
} from './dims.js';
import { broadcast, floating } from './elementwise.js';
import { type Attrs, dims, flag, float, int, ints, str } from './node.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

export * from '../generated/ops.js';
export { binaryCrossEntropy, categoricalCrossEntropy, pick, sparseCrossEntropy } from './classes.js';
export { scan } from './scan.js';

/** What `sum`, `mean` and `max` reduce over. */
export interface ReduceOptions {
  /** Axes to reduce, all by default. */
  axis?: Axes;
  /** Keep reduced axes as size 1. */
  keepDims?: boolean;
}

/** What `matmul` does first. */
export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** A name for the random numbers of an op; by default a count within the traced function. */
export interface StreamOptions {
  name?: string;
}

function one(name: string, inputs: readonly Tensor[], attrs: Attrs, shape: Shape, dtype: DType = 'float32'): Tensor {
  return currentTracer(name).op(name, inputs, attrs, [{ shape, dtype }])[0] as Tensor;
}

function traced(x: Operand, what: string): Tensor {
  return currentTracer(what).operand(x, what);
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

/** The mean over axes; NaN over none. */
export function mean(x: Operand, options: ReduceOptions = {}): Tensor {
  assertOptions('ops.mean', options, REDUCE);
  const input = floating(traced(x, 'mean'), 'mean');
  const axes = axesOf(options.axis, input, 'mean');
  const count = axes.map((axis) => input.shape[axis] as Dim);
  return div(sum(input, options), one('size', [], { dims: dims(count) }, []));
}

/** The index of the largest element of the last axis (the first of equals), int32. */
export function argmax(x: Operand): Tensor {
  const input = floating(traced(x, 'argmax'), 'argmax');
  return one('argmax', [input], {}, input.shape.slice(0, lastAxis(input, 'argmax')), 'int32');
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

function lastAxis(x: Tensor, what: string): number {
  if (x.shape.length > 0) return x.shape.length - 1;
  throw fail('SHAPE_MISMATCH', what, 'at least one axis', shapeText(x.shape));
}

/** The matrix product `a · b`: `[..., m, k]` with `[k, n]` gives `[..., m, n]`. Only rank 2 is transposed. */
export function matmul(a: Operand, b: Operand, options: MatmulOptions = {}): Tensor {
  assertOptions('ops.matmul', options, ['transposeA', 'transposeB']);
  const [x, y] = [floating(traced(a, 'matmul'), 'matmul'), floating(traced(b, 'matmul'), 'matmul')];
  const [ta, tb] = [options.transposeA === true, options.transposeB === true];
  const got = `${shapeText(x.shape)} and ${shapeText(y.shape)}`;
  if (x.shape.length < 2 || y.shape.length !== 2 || (ta && x.shape.length > 2)) {
    const expected = ta ? 'two matrices' : 'a matrix (or several) and a matrix';
    throw fail('SHAPE_MISMATCH', 'matmul', expected, got);
  }
  const [rows, inner] = (ta ? [-1, -2] : [-2, -1]).map((axis) => x.shape.at(axis) as Dim) as [Dim, Dim];
  const [inner2, columns] = (tb ? [...y.shape].reverse() : y.shape) as [Dim, Dim];
  if (!sameDim(inner, inner2)) {
    const flags = [ta && 'transposeA', tb && 'transposeB'].filter(Boolean).join(', ');
    throw fail('SHAPE_MISMATCH', 'matmul', 'inner sizes to be equal', got + (flags && ` with ${flags}`));
  }
  return one('matmul', [x, y], { ta: flag(ta), tb: flag(tb) }, [...x.shape.slice(0, -2), rows, columns]);
}

/** The same elements in another shape; one size may be −1. */
export function reshape(x: Operand, shape: Shape): Tensor {
  const input = traced(x, 'reshape');
  const hole = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  const target = checkDims(hole < 0 ? shape : withAxis(shape, hole, 1), 'reshape');
  if (hole >= 0) target[hole] = quotient(sizeOf(input.shape), sizeOf(target)) ?? 0;
  if (!sameDim(sizeOf(input.shape), sizeOf(target))) {
    const count = String(sizeOf(input.shape));
    throw fail(
      'SHAPE_MISMATCH',
      'reshape',
      `a shape of ${count} elements for ${shapeText(input.shape)}`,
      shapeText(shape),
    );
  }
  return one('reshape', [input], { dims: dims(target) }, target, input.dtype);
}

/** Repeats sizes of 1, and adds axes in front, up to `shape`. */
export function broadcastTo(x: Operand, shape: Shape): Tensor {
  const input = traced(x, 'broadcast_to');
  const target = checkDims(shape, 'broadcast_to');
  if (!sameShape(broadcast(input.shape, target, 'broadcast_to'), target)) {
    throw fail(
      'SHAPE_MISMATCH',
      'broadcast_to',
      `a shape that ${shapeText(input.shape)} broadcasts to`,
      shapeText(target),
    );
  }
  return one('broadcast_to', [input], { dims: dims(target) }, target, input.dtype);
}

/** Axes in another order; reversed by default. */
export function transpose(x: Operand, perm?: readonly number[]): Tensor {
  const input = traced(x, 'transpose');
  const reversed = input.shape.map((_, axis) => input.shape.length - 1 - axis);
  const order =
    perm === undefined ? reversed : listOf(perm, 'transpose').map((axis) => axisOf(axis, input, 'transpose'));
  if (new Set(order).size !== input.shape.length || order.length !== input.shape.length) {
    throw fail('INVALID_VALUE', 'transpose', `every axis of ${shapeText(input.shape)} once`, describeValue(perm));
  }
  return one(
    'transpose',
    [input],
    { perm: ints(order) },
    order.map((axis) => input.shape[axis] as Dim),
    input.dtype,
  );
}

/** Rows of `x` (entries of its first axis) by index: `[n, ...row]` and `[...i]` give `[...i, ...row]`. */
export function gather(x: Operand, indices: Operand): Tensor {
  const [input, index] = [traced(x, 'gather'), asIndices(indices, 'gather')];
  lastAxis(input, 'gather');
  return one('gather', [input, index], {}, [...index.shape, ...input.shape.slice(1)], input.dtype);
}

/** Whole numbers for ops that count in int32. */
function asIndices(x: Operand, what: string): Tensor {
  const index = traced(x, what);
  return index.dtype === 'int32' ? index : cast(index, 'int32');
}

/** `length` entries of one axis (the first by default) from `start` on. */
export function slice(x: Operand, options: { axis?: number; start: number; length: number }): Tensor {
  assertOptions('ops.slice', options, ['axis', 'start', 'length']);
  const input = traced(x, 'slice');
  const axis = axisOf(options.axis ?? 0, input, 'slice');
  const size = input.shape[axis] as Dim;
  if (typeof size !== 'number') throw fail('SHAPE_MISMATCH', 'slice', 'an axis of fixed size', shapeText(input.shape));
  const start = wholeNumber(options.start, 0, size, 'slice: start');
  const length = wholeNumber(options.length, 0, size - start, 'slice: length');
  const attrs = { axis: int(axis), start: int(start), length: int(length) };
  return one('slice', [input], attrs, withAxis(input.shape, axis, length), input.dtype);
}

/** Joins along one axis (the first by default); the other sizes are equal. */
export function concat(xs: readonly Operand[], options: { axis?: number } = {}): Tensor {
  const inputs = listOf(xs, 'concat').map((x) => traced(x, 'concat'));
  assertOptions('ops.concat', options, ['axis']);
  const first = inputs[0];
  if (!first) throw fail('INVALID_VALUE', 'concat', 'at least one tensor', 'none');
  const axis = axisOf(options.axis ?? 0, first, 'concat');
  for (const x of inputs) {
    const alike =
      x.shape.length === first.shape.length &&
      x.dtype === first.dtype &&
      x.shape.every((dim, i) =>
        i === axis ? powerOf(dim) === powerOf(first.shape[i] as Dim) : sameDim(dim, first.shape[i] as Dim),
      );
    if (!alike) throw fail('SHAPE_MISMATCH', 'concat', `tensors like ${first} but for axis ${axis}`, String(x));
  }
  const length = inputs.reduce((total, x) => total + coefOf(x.shape[axis] as Dim), 0);
  const shape = withAxis(first.shape, axis, makeDim(length, powerOf(first.shape[axis] as Dim)));
  return one('concat', inputs, { axis: int(axis) }, shape, first.dtype);
}

/** The same numbers in another dtype: fractions are cut off towards zero, bool is 0 and 1. */
export function cast(x: Operand, dtype: DType): Tensor {
  const input = traced(x, 'cast');
  if (!['float32', 'int32', 'uint8', 'bool'].includes(dtype)) {
    throw fail('INVALID_DTYPE', 'cast', "'float32', 'int32', 'uint8' or 'bool'", describeValue(dtype));
  }
  return input.dtype === dtype ? input : one('cast', [input], { dtype: str(dtype) }, input.shape, dtype);
}

/** An array of one number. The number is part of the plan: for one that changes, broadcast a captured one. */
export function fill(shape: Shape, value: number): Tensor {
  const target = checkDims(shape, 'fill');
  return one('fill', [], { dims: dims(target), value: float(Number(value)) }, target);
}

/** Elements below `low` become `low`, above `high` become `high`. */
export function clip(x: Operand, low: number, high: number): Tensor {
  const input = floating(traced(x, 'clip'), 'clip');
  if (typeof low !== 'number' || typeof high !== 'number' || !(low <= high)) {
    throw fail('INVALID_VALUE', 'clip', 'low <= high', `${describeValue(low)} and ${describeValue(high)}`);
  }
  return one('clip', [input], { low: float(low), high: float(high) }, input.shape);
}

/** The same values, which no gradient passes. */
export function stopGradient(x: Operand): Tensor {
  const input = traced(x, 'stop_gradient');
  return one('stop_gradient', [input], {}, input.shape, input.dtype);
}

/** Sets a random share `rate` (0 ≤ rate < 1) of the elements to 0 and scales the others by 1 / (1 − rate). */
export function dropout(x: Operand, rate: number, options: StreamOptions = {}): Tensor {
  assertOptions('ops.dropout', options, ['name']);
  const input = floating(traced(x, 'dropout'), 'dropout');
  numberThat(rate, (r) => r >= 0 && r < 1, 'a rate from 0 up to, not including, 1', 'dropout');
  const stream = int(currentTracer('dropout').stream('dropout', options.name));
  return one('dropout', [input], { rate: float(rate), stream }, input.shape);
}

/** Random numbers from `low` (0) up to, not including, `high` (1). */
export function randomUniform(shape: Shape, options: StreamOptions & { low?: number; high?: number } = {}): Tensor {
  assertOptions('ops.randomUniform', options, ['low', 'high', 'name']);
  const target = checkDims(shape, 'random_uniform');
  const [low, high] = [options.low ?? 0, options.high ?? 1];
  numberThat(low, () => true, 'a finite low', 'random_uniform');
  numberThat(high, (x) => x >= low, 'a finite high, not below low', 'random_uniform');
  const stream = int(currentTracer('random_uniform').stream('random_uniform', options.name));
  return one('random_uniform', [], { dims: dims(target), low: float(low), high: float(high), stream }, target);
}

/** The gradients of Σ y with respect to each of `xs`; more graph, so they nest. */
export function gradients(y: Operand, xs: readonly Operand[]): Tensor[] {
  const tracer = currentTracer('gradients');
  return tracer.gradients(
    [traced(y, 'gradients')],
    Array.from(listOf(xs, 'gradients'), (x) => traced(x, 'gradients')),
  );
}
