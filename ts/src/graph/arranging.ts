// Stacks, parts, margins and repetitions, as compositions of the ops that move elements.

import { describeValue, fail } from '../errors.js';
import { equal } from '../generated/ops.js';
import { assertOptions } from '../units.js';
import { type Axes, axesOf, axisOf, listOf, wholeNumber, withAxis } from './axes.js';
import { coefOf, type Dim, makeDim, powerOf, type Shape, shapeText } from './dims.js';
import { one, traced } from './entry.js';
import { int } from './node.js';
import { broadcastTo, cast, concat, fill, reshape, slice } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';

const MOST = 2 ** 31 - 1;

/** The size of an axis, which must not depend on the batch. */
export function fixedSize(x: Tensor, axis: number, what: string): number {
  const size = x.shape[axis] as Dim;
  if (typeof size === 'number') return size;
  throw fail('SHAPE_MISMATCH', what, 'an axis of fixed size', shapeText(x.shape));
}

/** A new axis of size 1 at `axis` of the result; negative ones count from its last. */
export function expandDims(x: Operand, axis: number): Tensor {
  const input = traced(x, 'expandDims');
  const rank = input.shape.length;
  const at = wholeNumber(axis, -rank - 1, rank, 'expandDims: axis');
  const shape: Dim[] = [...input.shape];
  shape.splice(at < 0 ? at + rank + 1 : at, 0, 1);
  return reshape(input, shape);
}

/** Without axes of size 1: those named, or all there are. */
export function squeeze(x: Operand, axis?: Axes): Tensor {
  const input = traced(x, 'squeeze');
  const ones = input.shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  const axes = axis === undefined ? ones : axesOf(axis, input, 'squeeze');
  if (axes.some((i) => !ones.includes(i))) {
    throw fail('SHAPE_MISMATCH', 'squeeze', 'axes of size 1', `${describeValue(axis)} of ${shapeText(input.shape)}`);
  }
  return reshape(
    input,
    input.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Joins tensors of one shape along a new axis (the first by default). */
export function stack(xs: readonly Operand[], options: { axis?: number } = {}): Tensor {
  assertOptions('ops.stack', options, ['axis']);
  const axis = options.axis ?? 0;
  const inputs = listOf(xs, 'stack').map((x) => expandDims(x, axis));
  const rank = inputs[0]?.shape.length ?? 0;
  return concat(inputs, { axis: axis < 0 ? axis + rank : axis });
}

/**
 * Parts of one axis (the first by default): a number of equal ones, or those between the indices of a list, as Keras and
 * NumPy split.
 */
export function split(x: Operand, sections: number | readonly number[], options: { axis?: number } = {}): Tensor[] {
  assertOptions('ops.split', options, ['axis']);
  const input = traced(x, 'split');
  const axis = axisOf(options.axis ?? 0, input, 'split');
  const size = fixedSize(input, axis, 'split');
  const ends = [...(typeof sections === 'number' ? equalParts(sections, size) : listOf(sections, 'split')), size];
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : (ends[i - 1] as number);
    return slice(input, { axis, start, length: wholeNumber(end, start, size, 'split: index') - start });
  });
}

function equalParts(count: number, size: number): number[] {
  wholeNumber(count, 1, MOST, 'split: number of parts');
  if (size % count !== 0) throw fail('SHAPE_MISMATCH', 'split', `a size divisible by ${count}`, String(size));
  return Array.from({ length: count - 1 }, (_, i) => ((i + 1) * size) / count);
}

/** Adds `[before, after]` entries of `value` (0) to each axis. */
export function pad(
  x: Operand,
  widths: readonly (readonly [number, number])[],
  options: { value?: number } = {},
): Tensor {
  assertOptions('ops.pad', options, ['value']);
  let padded = traced(x, 'pad');
  if (listOf(widths, 'pad').length !== padded.shape.length) {
    throw fail(
      'SHAPE_MISMATCH',
      'pad',
      `[before, after] for each axis of ${shapeText(padded.shape)}`,
      String(widths.length),
    );
  }
  for (const [axis, width] of widths.entries()) {
    const [before, after] = [0, 1].map((i) => wholeNumber(width?.[i], 0, MOST, 'pad: width')) as [number, number];
    if (before + after === 0) continue;
    fixedSize(padded, axis, 'pad');
    const margin = (n: number) => cast(fill(withAxis(padded.shape, axis, n), options.value ?? 0), padded.dtype);
    const parts = [before > 0 && margin(before), padded, after > 0 && margin(after)];
    padded = concat(
      parts.filter((part) => part !== false),
      { axis },
    );
  }
  return padded;
}

const times = (dim: Dim, n: number): Dim => makeDim(coefOf(dim) * n, powerOf(dim));

/** The whole repeated along each axis, as often as the list says. */
export function tile(x: Operand, repeats: readonly number[]): Tensor {
  const input = traced(x, 'tile');
  const counts = listOf(repeats, 'tile').map((n) => wholeNumber(n, 0, MOST, 'tile: repeats'));
  if (counts.length !== input.shape.length) {
    throw fail('SHAPE_MISMATCH', 'tile', `a number for each axis of ${shapeText(input.shape)}`, String(counts.length));
  }
  const single = input.shape.flatMap((dim, i) => (counts[i] === 1 ? [dim] : [1, dim]));
  const many = input.shape.flatMap((dim, i) => (counts[i] === 1 ? [dim] : [counts[i] as number, dim]));
  return reshape(
    broadcastTo(reshape(input, single), many),
    input.shape.map((dim, i) => times(dim, counts[i] as number)),
  );
}

/** Every entry of an axis `repeats` times in a row; without an axis, of all elements in order. */
export function repeat(x: Operand, repeats: number, options: { axis?: number } = {}): Tensor {
  assertOptions('ops.repeat', options, ['axis']);
  const input = options.axis === undefined ? reshape(x, [-1]) : traced(x, 'repeat');
  const axis = axisOf(options.axis ?? 0, input, 'repeat');
  const count = wholeNumber(repeats, 0, MOST, 'repeat: repeats');
  const many: Dim[] = [...input.shape];
  many.splice(axis + 1, 0, count);
  const shape: Shape = withAxis(input.shape, axis, times(input.shape[axis] as Dim, count));
  return reshape(broadcastTo(expandDims(input, axis + 1), many), shape);
}

/** Axes backwards, all by default. */
export function flip(x: Operand, options: { axis?: Axes } = {}): Tensor {
  assertOptions('ops.flip', options, ['axis']);
  const input = traced(x, 'flip');
  const axes = axesOf(options.axis, input, 'flip');
  return axes.reduce((y, axis) => one('flip', [y], { axis: int(axis) }, y.shape, y.dtype), input);
}

/** float32 1 at the class that each whole number names, 0 elsewhere, along a new axis (the last by default). */
export function oneHot(indices: Operand, numClasses: number, options: { axis?: number } = {}): Tensor {
  assertOptions('ops.oneHot', options, ['axis']);
  const count = wholeNumber(numClasses, 1, MOST, 'oneHot: numClasses');
  const classes = Int32Array.from({ length: count }, (_, i) => i);
  const at = expandDims(cast(indices, 'int32'), options.axis ?? -1);
  const axis = axisOf(options.axis ?? -1, at, 'oneHot');
  const along = at.shape.map((_, i) => (i === axis ? count : 1));
  return cast(equal(at, reshape(classes, along)), 'float32');
}
