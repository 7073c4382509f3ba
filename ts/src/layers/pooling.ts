// Pooling: the largest, or the mean, of what a window sees, channel by channel.

import { averagePool, maxPool, type Padding, paddingOf, type Sizes, sizesOf } from '../graph/convolution.js';
import type { Tensor } from '../graph/tensor.js';
import { type Config, classNameOf } from '../units.js';
import { axesOf, checkFormat, imageOf } from './images.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of pooling. */
export interface PoolingOptions extends LayerOptions {
  /** The size of the window: a number for all axes, or one for each. Default 2. */
  poolSize?: Sizes;
  /** How far the window moves. Default: its size. */
  strides?: Sizes | null;
  /** 'valid' (the default): only whole windows; 'same': as many places as before, divided by the stride. */
  padding?: 'valid' | 'same';
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** A window over the axes between batch and channels. */
abstract class Pooling extends Layer {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;

  constructor(options: PoolingOptions = {}) {
    super(options, ['poolSize', 'strides', 'padding', 'dataFormat']);
    const [what, axes] = [classNameOf(this), axesOf(this)];
    checkFormat(options.dataFormat, what);
    this.poolSize = sizesOf(options.poolSize ?? 2, axes, 1, `${what} poolSize`);
    this.strides = sizesOf(options.strides ?? this.poolSize, axes, 1, `${what} strides`);
    this.padding = paddingOf(options.padding ?? 'valid', 3, `${what} padding`);
  }

  protected abstract pool(x: Tensor, window: { poolSize: Sizes; strides: Sizes; padding: Padding }): Tensor;

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    const { poolSize, strides, padding } = this;
    return this.pool(x, { poolSize, strides, padding });
  }

  override getConfig(): Config {
    const { poolSize, strides, padding } = this;
    return { ...super.getConfig(), poolSize: [...poolSize], strides: [...strides], padding };
  }
}

abstract class MaxPooling extends Pooling {
  protected override pool(...[x, window]: Parameters<typeof maxPool>): Tensor {
    return maxPool(x, window);
  }
}

abstract class AveragePooling extends Pooling {
  protected override pool(...[x, window]: Parameters<typeof averagePool>): Tensor {
    return averagePool(x, window);
  }
}

/** The largest of each window over steps. The gradient goes to the first of equals. */
export class MaxPooling1D extends MaxPooling {
  static override readonly className: string = 'MaxPooling1D';
  static readonly axes: number = 1;
}

/** The largest of each window over images. The gradient goes to the first of equals. */
export class MaxPooling2D extends MaxPooling {
  static override readonly className: string = 'MaxPooling2D';
  static readonly axes: number = 2;
}

/** The largest of each window over volumes. The gradient goes to the first of equals. */
export class MaxPooling3D extends MaxPooling {
  static override readonly className: string = 'MaxPooling3D';
  static readonly axes: number = 3;
}

/** The mean of each window over steps. Padding does not count. */
export class AveragePooling1D extends AveragePooling {
  static override readonly className: string = 'AveragePooling1D';
  static readonly axes: number = 1;
}

/** The mean of each window over images. Padding does not count. */
export class AveragePooling2D extends AveragePooling {
  static override readonly className: string = 'AveragePooling2D';
  static readonly axes: number = 2;
}

/** The mean of each window over volumes. Padding does not count. */
export class AveragePooling3D extends AveragePooling {
  static override readonly className: string = 'AveragePooling3D';
  static readonly axes: number = 3;
}
