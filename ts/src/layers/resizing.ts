// Images of another size: scaled, cut out of the middle, or cut out at random in training.

import { affineTransform, concat, fill, floor, slice } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { flag, type OptionTable, oneOf, whole } from '../options.js';
import { drawn, format } from './draws.js';
import { imageOf } from './images.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';

/** Options of CenterCrop and RandomCrop. */
export interface CropOptions extends LayerOptions {
  /** Of the output. */
  height: number;
  /** Of the output. */
  width: number;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** Options of Resizing. */
export interface ResizingOptions extends CropOptions {
  /** Between pixels, or the nearest of them; centres are those of the pixels' squares. Default 'bilinear'. */
  interpolation?: 'bilinear' | 'nearest';
  /** Whether to cut off margins, so that shapes stay. Default false: images are stretched. */
  cropToAspectRatio?: boolean;
}

/** A layer whose outputs are of a given size. */
abstract class Sized extends Layer {
  static readonly axes: number = 2;
  /** @internal */
  static override readonly options: OptionTable = {
    height: [undefined, whole(1)],
    width: [undefined, whole(1)],
    dataFormat: [null, format],
  };
  declare readonly height: number;
  declare readonly width: number;

  constructor(options: CropOptions) {
    super(options);
  }

  /** Height and width of the images. */
  protected sizes(x: Tensor): [number, number] {
    return imageOf(this, x.shape).sizes as [number, number];
  }

  /** Whether images hold what is to be cut out. */
  protected fits([height, width]: readonly [number, number]): boolean {
    return height >= this.height && width >= this.width;
  }

  /** Scaled, from the largest part in the middle that has the same shape. */
  protected scaled(x: Tensor, crop: boolean, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { height, width } = this;
    const [rows, columns] = this.sizes(x);
    const along = (own: number, other: number): number => Math.max(1, Math.min(own, Math.floor(other)));
    const part: [number, number] = crop
      ? [along(rows, (columns * height) / width), along(columns, (rows * width) / height)]
      : [rows, columns];
    const [down, right] = [part[0] / height, part[1] / width];
    const maps = [[right, 0, right / 2 - 0.5, 0, down, down / 2 - 0.5]];
    return affineTransform(middle(x, part), maps, { size: [height, width], interpolation, fillMode: 'nearest' });
  }
}

/** The part of this size in the middle of images. */
function middle(x: Tensor, size: readonly [number, number]): Tensor {
  return size.reduce((part, length, i) => {
    const whole = x.shape[i + 1] as number;
    if (whole === length) return part;
    return slice(part, { axis: i + 1, start: Math.floor((whole - length) / 2), length });
  }, x);
}

/** Images scaled to a size: bilinearly without smoothing beforehand, as in Keras and TensorFlow. */
export class Resizing extends Sized {
  static override readonly className: string = 'Resizing';
  /** @internal */
  static override readonly options: OptionTable = {
    ...Sized.options,
    interpolation: ['bilinear', oneOf('bilinear', 'nearest')],
    cropToAspectRatio: [false, flag],
  };
  declare readonly interpolation: 'bilinear' | 'nearest';
  declare readonly cropToAspectRatio: boolean;

  constructor(options: ResizingOptions) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    return this.scaled(x, this.cropToAspectRatio, this.interpolation);
  }
}

/** The middle of images; of smaller ones the largest part of the same shape, scaled. */
export class CenterCrop extends Sized {
  static override readonly className: string = 'CenterCrop';

  override call(x: Tensor): Tensor {
    return this.fits(this.sizes(x)) ? middle(x, [this.height, this.width]) : this.scaled(x, true, 'bilinear');
  }
}

/**
 * In training a part of each image at a random place of its own (Keras: one place for the whole batch). Otherwise, and of
 * smaller images, the largest part in the middle of the same shape, scaled.
 */
export class RandomCrop extends Sized {
  static override readonly className: string = 'RandomCrop';

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const [rows, columns] = this.sizes(x);
    if (!training || !this.fits([rows, columns])) return this.scaled(x, true, 'bilinear');
    const { height, width } = this;
    const places = drawn(x, this.name, [
      [0, rows - height + 1],
      [0, columns - width + 1],
    ]);
    const [down, right] = places.map((place) => floor(place)) as [Tensor, Tensor];
    const [zero, one] = [0, 1].map((value) => fill([x.shape[0] ?? 1, 1], value)) as [Tensor, Tensor];
    return affineTransform(x, concat([one, zero, right, zero, one, down], { axis: 1 }), {
      size: [height, width],
      interpolation: 'nearest',
      fillMode: 'nearest',
    });
  }
}
