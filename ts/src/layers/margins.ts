// Zeros around samples, and margins cut off them.

import { describeValue, fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { pad, slice } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { wholeNumber } from '../numbers.js';
import { type Config, classNameOf } from '../units.js';
import { axesOf, checkFormat, imageOf } from './images.js';
import { Layer, type LayerOptions } from './layer.js';

/** Places on each side: one number for all, a number for each axis, or `[before, after]` for each; of one axis `[before, after]`. */
export type Margins = number | readonly (number | readonly [number, number])[];

/** Options of ZeroPadding1D, ZeroPadding2D and ZeroPadding3D. */
export interface ZeroPaddingOptions extends LayerOptions {
  /** Places of zeros on each side. Default 1. */
  padding?: Margins;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

/** Options of Cropping1D, Cropping2D and Cropping3D. */
export interface CroppingOptions extends LayerOptions {
  /** Places cut off on each side. Default 1, in two dimensions 0, as in Keras. */
  cropping?: Margins;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

function marginsOf(value: unknown, axes: number, what: string): readonly (readonly [number, number])[] {
  const refused = () => fail('INVALID_VALUE', what, `a number, or ${axes} numbers or pairs`, describeValue(value));
  const both = (x: unknown): readonly [number, number] => {
    const [before, after] = Array.isArray(x) ? x : [x, x];
    if (Array.isArray(x) && x.length !== 2) throw refused();
    return [wholeNumber(before, what, 0), wholeNumber(after, what, 0)];
  };
  if (!Array.isArray(value)) return new Array<readonly [number, number]>(axes).fill(both(value));
  if (axes === 1 && value.length === 2 && !value.some(Array.isArray)) return [both(value)];
  if (value.length !== axes) throw refused();
  return value.map(both);
}

/** Zeros around the axes between batch and channels. */
abstract class ZeroPadding extends Layer {
  readonly padding: readonly (readonly [number, number])[];

  constructor(options: ZeroPaddingOptions = {}) {
    super(options, ['padding', 'dataFormat']);
    const what = classNameOf(this);
    checkFormat(options.dataFormat, what);
    this.padding = marginsOf(options.padding ?? 1, axesOf(this), `${what} padding`);
  }

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    return pad(x, [[0, 0], ...this.padding, [0, 0]]);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), padding: this.padding.map((pair) => [...pair]) };
  }
}

/** Margins cut off the axes between batch and channels. */
abstract class Cropping extends Layer {
  readonly cropping: readonly (readonly [number, number])[];

  constructor(options: CroppingOptions = {}) {
    super(options, ['cropping', 'dataFormat']);
    const what = classNameOf(this);
    checkFormat(options.dataFormat, what);
    this.cropping = marginsOf(options.cropping ?? (axesOf(this) === 2 ? 0 : 1), axesOf(this), `${what} cropping`);
  }

  override call(x: Tensor): Tensor {
    const { sizes } = imageOf(this, x.shape);
    return this.cropping.reduce((y, [before, after], i) => {
      const size = sizes[i] as number;
      if (before + after === 0) return y;
      if (before + after >= size) {
        throw fail(
          'SHAPE_MISMATCH',
          this.name,
          `more than ${before + after} places on axis ${i + 1}`,
          String(size as Dim),
        );
      }
      return slice(y, { axis: i + 1, start: before, length: size - before - after });
    }, x);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cropping: this.cropping.map((pair) => [...pair]) };
  }
}

/** Zeros around steps. */
export class ZeroPadding1D extends ZeroPadding {
  static override readonly className: string = 'ZeroPadding1D';
  static readonly axes: number = 1;
}

/** Zeros around images. */
export class ZeroPadding2D extends ZeroPadding {
  static override readonly className: string = 'ZeroPadding2D';
  static readonly axes: number = 2;
}

/** Zeros around volumes. */
export class ZeroPadding3D extends ZeroPadding {
  static override readonly className: string = 'ZeroPadding3D';
  static readonly axes: number = 3;
}

/** Margins cut off steps. */
export class Cropping1D extends Cropping {
  static override readonly className: string = 'Cropping1D';
  static readonly axes: number = 1;
}

/** Margins cut off images. */
export class Cropping2D extends Cropping {
  static override readonly className: string = 'Cropping2D';
  static readonly axes: number = 2;
}

/** Margins cut off volumes. */
export class Cropping3D extends Cropping {
  static override readonly className: string = 'Cropping3D';
  static readonly axes: number = 3;
}
