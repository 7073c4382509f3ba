// Images moved, turned and scaled at random in training, and left alone otherwise. Each image of a batch draws numbers of its
// own, from the model's seed, the layer's name, the step and the row. Refuses anything but images, channels last.

import type { FillMode } from '../graph/affine.js';
import { add, affineTransform, concat, cos, fill, mul, neg, sin, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { number, type OptionTable, oneOf } from '../options.js';
import { drawn, factor, format } from './draws.js';
import { imageOf } from './images.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';

/** A share f (from −f to f), or where it is drawn from. */
export type Factor = number | readonly [low: number, high: number];

/** Options of layers that move pixels. */
export interface RandomTransformOptions extends LayerOptions {
  /** What lies beyond the edges, see `ops.affineTransform`. Default 'reflect'. */
  fillMode?: FillMode;
  /** Of fillMode 'constant'. Default 0. */
  fillValue?: number;
  /** Between pixels, or the nearest of them. Default 'bilinear'. */
  interpolation?: 'bilinear' | 'nearest';
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** Images through a map drawn for each. */
abstract class RandomTransform extends Layer {
  static readonly axes: number = 2;
  /** @internal */
  static override readonly options: OptionTable = {
    fillMode: ['reflect', oneOf('reflect', 'wrap', 'constant', 'nearest')],
    fillValue: [0, number],
    interpolation: ['bilinear', oneOf('bilinear', 'nearest')],
    dataFormat: [null, format],
  };
  declare readonly fillMode: FillMode;
  declare readonly fillValue: number;
  declare readonly interpolation: 'bilinear' | 'nearest';

  /** The six columns of the maps: numbers for all images, or `[B, 1]`. */
  protected abstract maps(x: Tensor, height: number, width: number): readonly (Tensor | number)[];

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const [height, width] = imageOf(this, x.shape).sizes as [number, number];
    if (!training) return x;
    const { fillMode, fillValue, interpolation } = this;
    const [batch] = x.shape;
    const columns = this.maps(x, height, width).map((m) => (typeof m === 'number' ? fill([batch ?? 1, 1], m) : m));
    return affineTransform(x, concat(columns, { axis: 1 }), { fillMode, fillValue, interpolation });
  }
}

/** Options of RandomTranslation. */
export interface RandomTranslationOptions extends RandomTransformOptions {
  /** How far down, as a share of the height; below 0: up. */
  heightFactor: Factor;
  /** How far right, as a share of the width; below 0: left. */
  widthFactor: Factor;
}

/** In training moves each image by a random share of its sizes. */
export class RandomTranslation extends RandomTransform {
  static override readonly className: string = 'RandomTranslation';
  /** @internal */
  static override readonly options: OptionTable = {
    ...RandomTransform.options,
    heightFactor: [undefined, factor(-1, 1)],
    widthFactor: [undefined, factor(-1, 1)],
  };
  declare readonly heightFactor: readonly [low: number, high: number];
  declare readonly widthFactor: readonly [low: number, high: number];

  constructor(options: RandomTranslationOptions) {
    super(options);
  }

  protected override maps(x: Tensor, height: number, width: number): readonly (Tensor | number)[] {
    const [down, right] = drawn(x, this.name, [this.heightFactor, this.widthFactor]) as [Tensor, Tensor];
    return [1, 0, mul(right, -width), 0, 1, mul(down, -height)];
  }
}

/** Options of RandomRotation. */
export interface RandomRotationOptions extends RandomTransformOptions {
  /** How far, in full turns; above 0 against the clock. */
  factor: Factor;
}

/** In training turns each image about its centre by a random angle. */
export class RandomRotation extends RandomTransform {
  static override readonly className: string = 'RandomRotation';
  /** @internal */
  static override readonly options: OptionTable = {
    ...RandomTransform.options,
    factor: [undefined, factor(-1, 1)],
  };
  declare readonly factor: readonly [low: number, high: number];

  constructor(options: RandomRotationOptions) {
    super(options);
  }

  protected override maps(x: Tensor, height: number, width: number): readonly (Tensor | number)[] {
    const [turn] = drawn(x, this.name, [this.factor]) as [Tensor];
    const angle = mul(turn, 2 * Math.PI);
    const [c, s] = [cos(angle), sin(angle)];
    const [right, down] = [(width - 1) / 2, (height - 1) / 2];
    // The centre stays: centre − rotation · centre.
    const column = sub(right, sub(mul(c, right), mul(s, down)));
    const row = sub(down, add(mul(s, right), mul(c, down)));
    return [c, neg(s), column, s, c, row];
  }
}

/** Options of RandomZoom. */
export interface RandomZoomOptions extends RandomTransformOptions {
  /** How much more of the height is seen: above 0 the image shrinks, below 0 it grows. */
  heightFactor: Factor;
  /** The same of the width. Default: what was drawn for the height, so that shapes stay. */
  widthFactor?: Factor | null;
}

/** In training scales each image about its centre by a random factor. */
export class RandomZoom extends RandomTransform {
  static override readonly className: string = 'RandomZoom';
  /** @internal */
  static override readonly options: OptionTable = {
    ...RandomTransform.options,
    heightFactor: [undefined, factor(-1, 1)],
    widthFactor: [null, factor(-1, 1)],
  };
  declare readonly heightFactor: readonly [low: number, high: number];
  declare readonly widthFactor: readonly [low: number, high: number] | undefined;

  constructor(options: RandomZoomOptions) {
    super(options);
  }

  protected override maps(x: Tensor, height: number, width: number): readonly (Tensor | number)[] {
    const { heightFactor, widthFactor } = this;
    const drawns = drawn(x, this.name, widthFactor ? [heightFactor, widthFactor] : [heightFactor]);
    const [down, right = down] = drawns as [Tensor, Tensor?];
    // zoom = 1 + factor; the centre stays: centre · (1 − zoom).
    return [
      add(right as Tensor, 1),
      0,
      mul(right as Tensor, -(width - 1) / 2),
      0,
      add(down, 1),
      mul(down, -(height - 1) / 2),
    ];
  }
}
