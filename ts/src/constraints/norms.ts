// Keras's constraints: on the lengths of vectors in a weight, and on signs.

import type { Axes } from '../graph/axes.js';
import { add, clip, div, mul, relu, sqrt, square, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, from, type OptionTable, oneOrMore } from '../options.js';
import { Constraint } from './constraint.js';

/** Keras's epsilon, added to what is divided by. */
const EPSILON = 1e-7;

function lengths(x: Tensor, along: Axes): Tensor {
  return sqrt(sum(square(x), { axis: along, keepDims: true }));
}

/** Options of UnitNorm. */
export interface UnitNormOptions {
  /** The axis, or axes, along which vectors lie. Default 0: in the kernel of a Dense what one unit gets. */
  axis?: number | readonly number[];
}

/** Options of MaxNorm. */
export interface MaxNormOptions extends UnitNormOptions {
  /** The greatest length. Default 2. */
  maxValue?: number;
}

/** Options of MinMaxNorm. */
export interface MinMaxNormOptions extends UnitNormOptions {
  /** The least length. Default 0. */
  minValue?: number;
  /** The greatest length. Default 1. */
  maxValue?: number;
  /** The share of the way to the nearest of them that a step goes. Default 1. */
  rate?: number;
}

const AXIS: OptionTable[string] = [0, oneOrMore(axis)];

/** Vectors no longer than `maxValue`. */
export class MaxNorm extends Constraint<MaxNormOptions> {
  static override readonly className: string = 'MaxNorm';
  /** @internal */
  static override readonly options: OptionTable = { maxValue: [2, from(0)], axis: AXIS };
  declare readonly maxValue: number;
  declare readonly axis: Axes;

  override call(x: Tensor): Tensor {
    const length = lengths(x, this.axis);
    return mul(x, div(clip(length, 0, this.maxValue), add(length, EPSILON)));
  }
}

/** Lengths between `minValue` and `maxValue`. */
export class MinMaxNorm extends Constraint<MinMaxNormOptions> {
  static override readonly className: string = 'MinMaxNorm';
  /** @internal */
  static override readonly options: OptionTable = {
    minValue: [0, from(0)],
    maxValue: [1, from(0)],
    rate: [1, from(0, 1)],
    axis: AXIS,
  };
  declare readonly minValue: number;
  declare readonly maxValue: number;
  declare readonly rate: number;
  declare readonly axis: Axes;

  override call(x: Tensor): Tensor {
    const length = lengths(x, this.axis);
    const nearest = mul(clip(length, this.minValue, this.maxValue), this.rate);
    return mul(x, div(add(nearest, mul(length, 1 - this.rate)), add(length, EPSILON)));
  }
}

/** Vectors of length 1. */
export class UnitNorm extends Constraint<UnitNormOptions> {
  static override readonly className: string = 'UnitNorm';
  /** @internal */
  static override readonly options: OptionTable = { axis: AXIS };
  declare readonly axis: Axes;

  override call(x: Tensor): Tensor {
    return div(x, add(lengths(x, this.axis), EPSILON));
  }
}

/** No number below 0. */
export class NonNeg extends Constraint {
  static override readonly className: string = 'NonNeg';

  override call(x: Tensor): Tensor {
    return relu(x);
  }
}
