// Dropout of whole channels: what is near in a sequence, an image or a volume is alike, so that dropping single numbers
// hides nothing.

import { fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { dropout, fill, mul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { OptionTable } from '../options.js';
import { type CallOptions, Layer } from './layer.js';
import type { RateOptions } from './noise.js';
import { rate } from './options.js';

/** Of values with `axes` axes between the batch and the channels. */
abstract class SpatialDropout extends Layer {
  /** @internal */
  static override readonly options: OptionTable = { rate: [undefined, rate] };
  declare readonly rate: number;
  protected abstract readonly axes: number;

  constructor(options: RateOptions) {
    super(options);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate, axes, name } = this;
    if (x.shape.length !== axes + 2) {
      const fitting = x.shape.length - 2;
      const hint = fitting > 0 && fitting < 4 ? `use SpatialDropout${fitting}D` : 'use Dropout';
      throw fail('SHAPE_MISMATCH', name, `values of ${axes + 2} axes, the channels last`, String(x), hint);
    }
    if (!training || rate === 0) return x;
    const channels = [x.shape[0] as Dim, ...Array<number>(axes).fill(1), x.shape.at(-1) as Dim];
    return mul(x, dropout(fill(channels, 1), rate, { name }));
  }
}

/**
 * In training sets a random share of the channels of `[batch, steps, channels]` to 0 and divides the others by `1 − rate`.
 * Tompson et al. 2014, https://arxiv.org/abs/1411.4280
 */
export class SpatialDropout1D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout1D';
  protected override readonly axes = 1;
}

/** The same for `[batch, height, width, channels]`. */
export class SpatialDropout2D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout2D';
  protected override readonly axes = 2;
}

/** The same for `[batch, depth, height, width, channels]`. */
export class SpatialDropout3D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout3D';
  protected override readonly axes = 3;
}
