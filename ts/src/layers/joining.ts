// Layers that put values side by side, or multiply them as matrices.

import { fail } from '../errors.js';
import { axisOf } from '../graph/axes.js';
import { type Dim, sameDim } from '../graph/dims.js';
import { cast, concat, div, fill, matmul, maximum, reshape, sqrt, square, sum, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, flag, type OptionTable, oneOrMore } from '../options.js';
import { Layer, type LayerOptions } from './layer.js';
import { allMasks } from './merging.js';

/** Options of Concatenate. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis to put them side by side along; the batch is axis 0. Default −1. */
  axis?: number;
}

/** Its inputs side by side along an axis; the other sizes are the same. */
export class Concatenate extends Layer<readonly Tensor[]> {
  static override readonly className: string = 'Concatenate';
  /** @internal */
  static override readonly options: OptionTable = { axis: [-1, axis] };
  override readonly takes = 'list';
  declare readonly axis: number;

  constructor(options: ConcatenateOptions = {}) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    const [first] = xs as [Tensor];
    const at = axisOf(this.axis, first, this.name);
    const alike = xs.every(
      ({ shape }) =>
        shape.length === first.shape.length && shape.every((n, i) => i === at || sameDim(n, first.shape[i] as Dim)),
    );
    if (alike && at > 0) return concat(xs, { axis: at });
    const expected = at === 0 ? 'an axis behind the batch' : `inputs that differ only in axis ${at}`;
    throw fail('SHAPE_MISMATCH', this.name, expected, xs.join(' and '));
  }

  /** Where an input says nothing, all of it counts. */
  override computeMask(xs: readonly Tensor[], y: Tensor): Tensor | undefined {
    const mask = xs.find((x) => x.mask !== undefined)?.mask;
    if (mask === undefined) return undefined;
    const [{ length }, at] = [mask.shape, axisOf(this.axis, y, this.name)];
    // Along an axis that masks do not have, they all speak of the same entries.
    if (at >= length) return allMasks(xs, y);
    const all = xs.map((x) => x.mask ?? cast(fill(x.shape.slice(0, length), 1), 'bool'));
    return concat(all, { axis: at });
  }
}

/** Options of Dot. */
export interface DotOptions extends LayerOptions {
  /** The axis to add up along, of both inputs or of each; the batch is axis 0. */
  axes: number | readonly [number, number];
  /** Whether to divide by the lengths along it first: the cosine. Default false. */
  normalize?: boolean;
}

/**
 * The products of two inputs, added up along an axis: `[b, n]` and `[b, n]` become `[b, 1]`, `[b, i, n]` and `[b, n, k]`
 * with axes [2, 1] `[b, i, k]`.
 */
export class Dot extends Layer<readonly Tensor[]> {
  static override readonly className: string = 'Dot';
  /** @internal */
  static override readonly options: OptionTable = { axes: [undefined, oneOrMore(axis)], normalize: [false, flag] };
  override readonly takes = 'list';
  declare readonly axes: number | readonly number[];
  declare readonly normalize: boolean;

  constructor(options: DotOptions) {
    super(options);
  }

  override call(xs: readonly Tensor[]): Tensor {
    if (xs.length !== 2) throw fail('SHAPE_MISMATCH', this.name, 'two tensors', String(xs.length));
    const [left, right] = xs.map((x, i) => this.#axis(x, i)) as [number, number];
    const [a, b] = xs.map((x, i) => (this.normalize ? normalized(x, i === 0 ? left : right) : x)) as [Tensor, Tensor];
    if (!sameDim(a.shape[left] as Dim, b.shape[right] as Dim)) {
      throw fail('SHAPE_MISMATCH', this.name, `axes ${left} and ${right} of one size`, xs.join(' and '));
    }
    const [batch] = a.shape as [Dim];
    // As matrices [b, rows, n] and [b, n, columns].
    const [lasting, first] = [moved(a, left, a.shape.length - 1), moved(b, right, 1)];
    const [rows, columns] = [lasting.shape.slice(1, -1), first.shape.slice(2)] as number[][];
    const n = lasting.shape.at(-1) as number;
    const product = matmul(reshape(lasting, [batch, size(rows), n]), reshape(first, [batch, n, size(columns)]));
    const shape = [...(rows as number[]), ...(columns as number[])];
    return reshape(product, [batch, ...(shape.length > 0 ? shape : [1])]);
  }

  override computeMask(): undefined {
    return undefined;
  }

  #axis(x: Tensor, i: number): number {
    const own = typeof this.axes === 'number' ? this.axes : this.axes[i];
    const at = axisOf(own, x, this.name);
    if (at > 0) return at;
    throw fail('INVALID_VALUE', `${this.name} axes`, 'axes behind the batch', String(own));
  }
}

function size(shape: readonly number[] | undefined): number {
  return (shape ?? []).reduce((product, length) => product * length, 1);
}

function moved(x: Tensor, from: number, to: number): Tensor {
  const order = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return from === to ? x : transpose(x, order);
}

// x / sqrt(max(Σ x², 1e-12)), Keras's epsilon.
function normalized(x: Tensor, at: number): Tensor {
  return div(x, sqrt(maximum(sum(square(x), { axis: at, keepDims: true }), 1e-12)));
}
