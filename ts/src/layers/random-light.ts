// Images made brighter or darker, of more contrast or less, at random in training.

import { describeValue, fail } from '../errors.js';
import { add, clip, mean, mul, reshape, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Check, OptionTable } from '../options.js';
import { drawn, factor, format, type Range, valueRange } from './draws.js';
import { imageOf } from './images.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import type { Factor } from './random-transforms.js';

/** Options of RandomBrightness and RandomContrast. */
export interface RandomLightOptions extends LayerOptions {
  /** How much, see the layer. */
  factor: Factor;
  /** The least and the greatest value of pixels, which results are cut to. Default [0, 255]. */
  valueRange?: readonly [low: number, high: number];
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** One number for each image. */
abstract class RandomLight extends Layer {
  static readonly axes: number = 2;
  declare readonly factor: readonly [low: number, high: number];
  declare readonly valueRange: readonly [low: number, high: number];

  constructor(options: RandomLightOptions) {
    super(options);
  }

  /** @internal Where the number is drawn from. */
  protected range(): Range {
    return this.factor;
  }

  /** The images by a number each, `[B, 1, 1, 1]`. */
  protected abstract lit(x: Tensor, by: Tensor): Tensor;

  override call(x: Tensor, { training }: CallOptions): Tensor {
    imageOf(this, x.shape);
    if (!training) return x;
    const [by] = drawn(x, this.name, [this.range()]) as [Tensor];
    return clip(this.lit(x, reshape(by, [x.shape[0] ?? 1, 1, 1, 1])), ...this.valueRange);
  }
}

/**
 * In training adds to each image a number of its own: a share of `valueRange`'s width from −factor to factor, or from the
 * range given, within −1 … 1.
 */
export class RandomBrightness extends RandomLight {
  static override readonly className: string = 'RandomBrightness';
  /** @internal */
  static override readonly options: OptionTable = {
    factor: [undefined, factor(-1, 1)],
    valueRange: [[0, 255], valueRange],
    dataFormat: [null, format],
  };

  protected override lit(x: Tensor, by: Tensor): Tensor {
    const [low, high] = this.valueRange;
    return add(x, mul(by, high - low));
  }
}

/** `[lower, upper]`, or one number for both, each within 0 … 1. */
const contrast: Check = (value, what) => {
  const pair = typeof value === 'number' ? [value, value] : value;
  const inside = (x: unknown): boolean => typeof x === 'number' && x >= 0 && x <= 1;
  if (Array.isArray(pair) && pair.length === 2 && pair.every(inside)) return Object.freeze([...pair]);
  throw fail('INVALID_VALUE', what, 'a number, or [lower, upper], within 0 … 1', describeValue(value));
};

/**
 * In training moves the pixels of each image from, or to, the mean of their channel by a factor of its own, drawn from
 * 1 − lower to 1 + upper: `(x − mean) · factor + mean`.
 */
export class RandomContrast extends RandomLight {
  static override readonly className: string = 'RandomContrast';
  /** @internal */
  static override readonly options: OptionTable = {
    factor: [undefined, contrast],
    valueRange: [[0, 255], valueRange],
    dataFormat: [null, format],
  };

  /** @internal */
  protected override range(): Range {
    const [lower, upper] = this.factor;
    return [1 - lower, 1 + upper];
  }

  protected override lit(x: Tensor, by: Tensor): Tensor {
    const average = mean(x, { axis: [1, 2], keepDims: true });
    return add(mul(sub(x, average), by), average);
  }
}
