// Ops that only move elements: other shapes, orders and dtypes, parts and joins. Any dtype; gradients move back. What can
// be said as a reshape or a repetition is not an op of its own.

import { describeValue, fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { axisOf, listOf, wholeNumber, withAxis } from './axes.js';
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
import { broadcast } from './elementwise.js';
import { lastAxis, one, traced } from './entry.js';
import { dims, float, int, ints, str } from './node.js';
import type { DType, Operand, Tensor } from './tensor.js';

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

/** The same values, which no gradient passes. */
export function stopGradient(x: Operand): Tensor {
  const input = traced(x, 'stop_gradient');
  return one('stop_gradient', [input], {}, input.shape, input.dtype);
}
