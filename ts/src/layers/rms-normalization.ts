// Normalization by size alone.

import { add, mean, mul, rsqrt, square } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, from, type OptionTable, oneOrMore } from '../options.js';
import { axesBehindBatch } from './affine.js';
import { Layer, type LayerOptions } from './layer.js';
import { alongAxes } from './layer-normalization.js';
import type { Weight } from './weight.js';

/** Options of RMSNormalization. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** The axis, or axes, of the features; the batch is axis 0. Default −1. */
  axis?: number | readonly number[];
  /** Added to the mean square. Default 1e-6. */
  epsilon?: number;
}

/**
 * `scale · x / √(mean(x²) + epsilon)` over `axis`, with a learned factor that begins as 1. Zhang and Sennrich 2019,
 * https://arxiv.org/abs/1910.07467
 */
export class RMSNormalization extends Layer {
  static override readonly className: string = 'RMSNormalization';
  /** @internal */
  static override readonly options: OptionTable = { axis: [-1, oneOrMore(axis)], epsilon: [1e-6, from(0)] };
  declare readonly axis: number | readonly number[];
  declare readonly epsilon: number;
  #scale!: Weight;

  constructor(options: RMSNormalizationOptions = {}) {
    super(options);
  }

  override build(inputShape: readonly number[]): void {
    const axes = axesBehindBatch(this.axis, inputShape.length + 1, this.name);
    const shape = axes.map((at) => inputShape[at - 1] as number);
    this.#scale = this.addWeight({ name: 'scale', shape, initializer: 'ones' });
  }

  override call(x: Tensor): Tensor {
    const axes = axesBehindBatch(this.axis, x.shape.length, this.name);
    const factor = rsqrt(add(mean(square(x), { axis: axes, keepDims: true }), this.epsilon));
    return mul(mul(x, factor), alongAxes(this.#scale, x.shape, axes));
  }
}
