// Global pooling: the largest, or the mean, of each channel.

import { max, mean } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { boolean } from '../numbers.js';
import { type Config, classNameOf } from '../units.js';
import { checkFormat, imageOf } from './images.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of global pooling. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the axes stay, with size 1. Default false. */
  keepdims?: boolean;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** All places of each channel as one. */
abstract class GlobalPooling extends Layer {
  readonly keepdims: boolean;

  constructor(options: GlobalPoolingOptions = {}) {
    super(options, ['keepdims', 'dataFormat']);
    const what = classNameOf(this);
    checkFormat(options.dataFormat, what);
    this.keepdims = boolean(options.keepdims ?? false, `${what} keepdims`);
  }

  /** The axes to reduce, and whether they stay. */
  protected over(x: Tensor): { axis: number[]; keepDims: boolean } {
    const axis = imageOf(this, x.shape).sizes.map((_, i) => i + 1);
    return { axis, keepDims: this.keepdims };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), keepdims: this.keepdims };
  }
}

abstract class GlobalMaxPooling extends GlobalPooling {
  override call(x: Tensor): Tensor {
    return max(x, this.over(x));
  }
}

abstract class GlobalAveragePooling extends GlobalPooling {
  override call(x: Tensor): Tensor {
    return mean(x, this.over(x));
  }
}

/** The largest of each channel of steps. */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  static override readonly className: string = 'GlobalMaxPooling1D';
  static readonly axes: number = 1;
}

/** The largest of each channel of images. */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  static override readonly className: string = 'GlobalMaxPooling2D';
  static readonly axes: number = 2;
}

/** The largest of each channel of volumes. */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  static override readonly className: string = 'GlobalMaxPooling3D';
  static readonly axes: number = 3;
}

/** The mean of each channel of steps. */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  static override readonly className: string = 'GlobalAveragePooling1D';
  static readonly axes: number = 1;
}

/** The mean of each channel of images. */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  static override readonly className: string = 'GlobalAveragePooling2D';
  static readonly axes: number = 2;
}

/** The mean of each channel of volumes. */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  static override readonly className: string = 'GlobalAveragePooling3D';
  static readonly axes: number = 3;
}
