// Normalization to length 1.

import { maximum, mul, rsqrt, square, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, type OptionTable, oneOrMore } from '../options.js';
import { axesBehindBatch } from './affine.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of UnitNormalization. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** The axis, or axes, along which the length is measured; the batch is axis 0. Default −1. */
  axis?: number | readonly number[];
}

/** Keras's epsilon: squares of lengths count at least so much. */
const EPSILON = 1e-12;

/** `x / √max(Σ x², 1e-12)` over `axis`. */
export class UnitNormalization extends Layer {
  static override readonly className: string = 'UnitNormalization';
  /** @internal */
  static override readonly options: OptionTable = { axis: [-1, oneOrMore(axis)] };
  declare readonly axis: number | readonly number[];

  constructor(options: UnitNormalizationOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    const axes = axesBehindBatch(this.axis, x.shape.length, this.name);
    return mul(x, rsqrt(maximum(sum(square(x), { axis: axes, keepDims: true }), EPSILON)));
  }
}
