// Layers that are noise in training, and nothing otherwise. What they draw depends on the model's seed, the layer's name,
// the step and the row.

import { add, greaterEqual, mul, randomUniform, where } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { standardNormal } from '../initializers/normal.js';
import { from, type OptionTable } from '../options.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import { rate } from './options.js';

/** Options of GaussianNoise. */
export interface GaussianNoiseOptions extends LayerOptions {
  /** The standard deviation of the noise. */
  stddev: number;
}

/** In training adds noise of mean 0. */
export class GaussianNoise extends Layer {
  static override readonly className: string = 'GaussianNoise';
  /** @internal */
  static override readonly options: OptionTable = { stddev: [undefined, from(0)] };
  declare readonly stddev: number;

  constructor(options: GaussianNoiseOptions) {
    super(options);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.stddev === 0) return x;
    return add(x, mul(standardNormal(x.shape, this.name, false), this.stddev));
  }
}

/** Options of layers that drop a share of their inputs. */
export interface RateOptions extends LayerOptions {
  /** The share, from 0 up to, not including, 1. */
  rate: number;
}

/**
 * In training multiplies by noise of mean 1 and standard deviation `√(rate / (1 − rate))`, which is that of dropout of this
 * rate. Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 */
export class GaussianDropout extends Layer {
  static override readonly className: string = 'GaussianDropout';
  /** @internal */
  static override readonly options: OptionTable = { rate: [undefined, rate] };
  declare readonly rate: number;

  constructor(options: RateOptions) {
    super(options);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    if (!training || this.rate === 0) return x;
    const deviation = Math.sqrt(this.rate / (1 - this.rate));
    return mul(x, add(mul(standardNormal(x.shape, this.name, false), deviation), 1));
  }
}

/** Where selu levels off: −scale · alpha. */
const SATURATED = -1.7580993408473766;

/**
 * In training sets a random share of the inputs to where selu levels off, then scales and shifts all so that mean and
 * variance stay: the dropout for selu. Klambauer et al. 2017, https://arxiv.org/abs/1706.02515
 */
export class AlphaDropout extends Layer {
  static override readonly className: string = 'AlphaDropout';
  /** @internal */
  static override readonly options: OptionTable = { rate: [undefined, rate] };
  declare readonly rate: number;

  constructor(options: RateOptions) {
    super(options);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate } = this;
    if (!training || rate === 0) return x;
    const kept = greaterEqual(randomUniform(x.shape, { name: this.name }), rate);
    const scale = 1 / Math.sqrt((1 - rate) * (1 + rate * SATURATED ** 2));
    const shift = -scale * SATURATED * rate;
    return add(mul(where(kept, x, SATURATED), scale), shift);
  }
}
