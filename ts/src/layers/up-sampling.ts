// Up-sampling: each place several times, or what lies between them.

import { describeValue, fail } from '../errors.js';
import { type Sizes, sizesOf } from '../graph/convolution.js';
import type { Dim } from '../graph/dims.js';
import { add, broadcastTo, concat, mul, reshape, slice } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { type Config, classNameOf } from '../units.js';
import { axesOf, checkFormat, imageOf } from './images.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of UpSampling1D and UpSampling3D. */
export interface UpSamplingOptions extends LayerOptions {
  /** How many places each becomes: a number for all axes, or one for each. Default 2. */
  size?: Sizes;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** Options of UpSampling2D. */
export interface UpSampling2DOptions extends UpSamplingOptions {
  /** 'nearest' (the default), or 'bilinear': half-pixel centres, the edge repeated. */
  interpolation?: 'nearest' | 'bilinear';
}

/** The axes between batch and channels, made larger. */
abstract class UpSampling extends Layer {
  readonly size: readonly number[];

  constructor(options: UpSamplingOptions = {}, own: readonly string[] = []) {
    super(options, ['size', 'dataFormat', ...own]);
    const what = classNameOf(this);
    checkFormat(options.dataFormat, what);
    this.size = sizesOf(options.size ?? 2, axesOf(this), 1, `${what} size`);
  }

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    return this.size.reduce((y, times, i) => (times === 1 ? y : this.along(y, i + 1, times)), x);
  }

  /** One axis made larger. */
  protected along(x: Tensor, axis: number, times: number): Tensor {
    return repeated(x, axis, times);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), size: [...this.size] };
  }
}

/** Each entry of an axis several times. */
function repeated(x: Tensor, axis: number, times: number): Tensor {
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const size = x.shape[axis] as number;
  const apart = broadcastTo(reshape(x, [...before, size, 1, ...after]), [...before, size, times, ...after]);
  return reshape(apart, [...before, size * times, ...after]);
}

/** Entries between the centres of those of an axis, the first and last repeated beyond them. */
function between(x: Tensor, axis: number, times: number): Tensor {
  const size = x.shape[axis] as number;
  const [first, last] = [slice(x, { axis, start: 0, length: 1 }), slice(x, { axis, start: size - 1, length: 1 })];
  const framed = concat([first, x, last], { axis });
  const parts = Array.from({ length: times }, (_, i) => {
    // Where the i-th of the entries of place 0 lies, as a distance from the centre of the place before it.
    const at = (i + 0.5) / times + 0.5;
    const [whole, part] = [Math.floor(at), at - Math.floor(at)];
    const left = slice(framed, { axis, start: whole, length: size });
    if (part === 0) return left;
    return add(mul(left, 1 - part), mul(slice(framed, { axis, start: whole + 1, length: size }), part));
  });
  const [lead, rest] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)];
  const stacked = concat(
    parts.map((part) => reshape(part, [...lead, 1, ...rest])),
    { axis: axis + 1 },
  );
  return reshape(stacked, [...x.shape.slice(0, axis), (size * times) as Dim, ...rest]);
}

/** Each step several times. */
export class UpSampling1D extends UpSampling {
  static override readonly className: string = 'UpSampling1D';
  static readonly axes: number = 1;
}

/** Images made larger by repeating places, or bilinearly. */
export class UpSampling2D extends UpSampling {
  static override readonly className: string = 'UpSampling2D';
  static readonly axes: number = 2;
  readonly interpolation: 'nearest' | 'bilinear';

  constructor(options: UpSampling2DOptions = {}) {
    super(options, ['interpolation']);
    const interpolation = options.interpolation ?? 'nearest';
    if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
      const what = 'UpSampling2D interpolation';
      throw fail('INVALID_VALUE', what, "'nearest' or 'bilinear'", describeValue(interpolation));
    }
    this.interpolation = interpolation;
  }

  protected override along(x: Tensor, axis: number, times: number): Tensor {
    return this.interpolation === 'bilinear' ? between(x, axis, times) : super.along(x, axis, times);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), interpolation: this.interpolation };
  }
}

/** Each place of a volume several times. */
export class UpSampling3D extends UpSampling {
  static override readonly className: string = 'UpSampling3D';
  static readonly axes: number = 3;
}
