// Images mirrored at random in training.

import { affineTransform, cast, concat, fill, less, mul, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { type OptionTable, oneOf } from '../options.js';
import { drawn, format } from './draws.js';
import { imageOf } from './images.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';

/** Which way images are mirrored: left and right, upside down, or each of both by itself. */
export type FlipMode = 'horizontal' | 'vertical' | 'horizontal_and_vertical';

/** Options of RandomFlip. */
export interface RandomFlipOptions extends LayerOptions {
  /** Default 'horizontal_and_vertical'. */
  mode?: FlipMode;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** In training mirrors each image, or not, with equal chances; pixels stay what they are. */
export class RandomFlip extends Layer {
  static override readonly className: string = 'RandomFlip';
  static readonly axes: number = 2;
  /** @internal */
  static override readonly options: OptionTable = {
    mode: ['horizontal_and_vertical', oneOf('horizontal', 'vertical', 'horizontal_and_vertical')],
    dataFormat: [null, format],
  };
  declare readonly mode: FlipMode;

  constructor(options: RandomFlipOptions = {}) {
    super(options);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const [height, width] = imageOf(this, x.shape).sizes as [number, number];
    if (!training) return x;
    const draws = drawn(x, this.name, [
      [0, 1],
      [0, 1],
    ]);
    const [zero, one] = [0, 1].map((value) => fill([x.shape[0] ?? 1, 1], value)) as [Tensor, Tensor];
    // Along an axis of n places: p, or n − 1 − p.
    const along = (way: string, i: number, size: number): [Tensor, Tensor] => {
      if (!this.mode.includes(way)) return [one, zero];
      const turned = cast(less(draws[i] as Tensor, 0.5), 'float32');
      return [sub(1, mul(turned, 2)), mul(turned, size - 1)];
    };
    const [[right, column], [down, row]] = [along('horizontal', 0, width), along('vertical', 1, height)];
    return affineTransform(x, concat([right, zero, column, zero, down, row], { axis: 1 }), {
      interpolation: 'nearest',
      fillMode: 'nearest',
    });
  }
}
