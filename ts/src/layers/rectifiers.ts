// Activations with numbers of their own as layers: rectifiers, softmax over any axes. What has none is an `Activation`.

import { cast, clip, elu, exp, greater, leakyRelu, logSumExp, mul, relu, softmax, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, from, type OptionTable, oneOrMore } from '../options.js';
import { axesBehindBatch } from './affine.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of ReLU. */
export interface ReLUOptions extends LayerOptions {
  /** The most that comes out. Default: no limit. */
  maxValue?: number | null;
  /** The slope below the threshold. Default 0. */
  negativeSlope?: number;
  /** Where it begins, at least 0. Default 0. */
  threshold?: number;
}

/** `x` above `threshold`, `negativeSlope · (x − threshold)` up to it, and `maxValue` at most. */
export class ReLU extends Layer {
  static override readonly className: string = 'ReLU';
  /** @internal */
  static override readonly options: OptionTable = {
    maxValue: [null, from(0)],
    negativeSlope: [0, from(0)],
    threshold: [0, from(0)],
  };
  declare readonly maxValue: number | undefined;
  declare readonly negativeSlope: number;
  declare readonly threshold: number;

  constructor(options: ReLUOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this;
    const above = threshold === 0 ? relu(x) : mul(relu(x), cast(greater(x, threshold), 'float32'));
    const limited = maxValue === undefined ? above : clip(above, 0, maxValue);
    return negativeSlope === 0 ? limited : sub(limited, mul(relu(sub(threshold, x)), negativeSlope));
  }
}

/** Options of LeakyReLU. */
export interface LeakyReLUOptions extends LayerOptions {
  /** The slope below 0. Default 0.3, that of the activation 'leaky_relu' being 0.2, as in Keras. */
  negativeSlope?: number;
}

/** `x`, or `negativeSlope · x` below 0. */
export class LeakyReLU extends Layer {
  static override readonly className: string = 'LeakyReLU';
  /** @internal */
  static override readonly options: OptionTable = { negativeSlope: [0.3, from(0)] };
  declare readonly negativeSlope: number;

  constructor(options: LeakyReLUOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}

/** Options of ELU. */
export interface ELUOptions extends LayerOptions {
  /** What it goes to below 0, times −1. Above 0. Default 1. */
  alpha?: number;
}

/** `x`, or `alpha · (eˣ − 1)` below 0. Clevert et al. 2016, https://arxiv.org/abs/1511.07289 */
export class ELU extends Layer {
  static override readonly className: string = 'ELU';
  /** @internal */
  static override readonly options: OptionTable = { alpha: [1, from(Number.MIN_VALUE)] };
  declare readonly alpha: number;

  constructor(options: ELUOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha });
  }
}

/** Options of Softmax. */
export interface SoftmaxOptions extends LayerOptions {
  /** The axis, or axes, over which the results add up to 1; the batch is axis 0. Default −1. */
  axis?: number | readonly number[];
}

/** `eˣ / Σ eˣ` over `axis`. */
export class Softmax extends Layer {
  static override readonly className: string = 'Softmax';
  /** @internal */
  static override readonly options: OptionTable = { axis: [-1, oneOrMore(axis)] };
  declare readonly axis: number | readonly number[];

  constructor(options: SoftmaxOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    const axes = axesBehindBatch(this.axis, x.shape.length, this.name);
    if (axes.length === 1 && axes[0] === x.shape.length - 1) return softmax(x);
    return exp(sub(x, logSumExp(x, { axis: axes, keepDims: true })));
  }
}
