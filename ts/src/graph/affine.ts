// Images seen through an affine map of their own each: turned, moved, scaled, cut out. One op; what lies beyond the edges is
// one number, the edge, or the image again.

import { describeValue, fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { numberThat, wholeNumber } from './axes.js';
import { type Dim, sameDim, shapeText } from './dims.js';
import { floating } from './elementwise.js';
import { one, traced } from './entry.js';
import { flag, float, int, str } from './node.js';
import type { Operand, Tensor } from './tensor.js';

const MOST = 2 ** 31 - 1;

/**
 * What lies beyond the edges of a row `a b c`: 'constant' one number, 'nearest' `a a | a b c | c c`, 'reflect'
 * `b a | a b c | c b`, 'wrap' `b c | a b c | a b`.
 */
export type FillMode = 'constant' | 'nearest' | 'reflect' | 'wrap';

/** How images are looked at. */
export interface AffineTransformOptions {
  /** Height and width of the output. Default: those of the images. */
  size?: readonly [height: number, width: number] | undefined;
  /** Between pixels, or the nearest of them (halves go right and down). Default 'bilinear'. */
  interpolation?: 'bilinear' | 'nearest';
  /** Default 'constant'. */
  fillMode?: FillMode;
  /** Of 'constant'. Default 0. */
  fillValue?: number;
}

/**
 * Images `[B, height, width, channels]` through maps `[B or 1, 6]`: the pixel in column x and row y of the output is what the
 * image has in column `m0·x + m1·y + m2` and row `m3·x + m4·y + m5` (Keras's affine_transform without its two projective
 * numbers). No gradient flows to the maps.
 */
export function affineTransform(images: Operand, maps: Operand, options: AffineTransformOptions = {}): Tensor {
  assertOptions('ops.affineTransform', options, ['size', 'interpolation', 'fillMode', 'fillValue']);
  const [x, m] = [images, maps].map((value) => floating(traced(value, 'affineTransform'), 'affineTransform')) as [
    Tensor,
    Tensor,
  ];
  const [batch, height, width, channels] = x.shape as [Dim, number, number, number];
  const fixed = x.shape.length === 4 && x.shape.slice(1).every((size) => typeof size === 'number');
  const [count, six] = m.shape as [Dim, Dim];
  if (!fixed || m.shape.length !== 2 || six !== 6 || !(count === 1 || sameDim(count, batch))) {
    const expected = 'images [B, height, width, channels] and maps [B or 1, 6]';
    throw fail('SHAPE_MISMATCH', 'affineTransform', expected, `${shapeText(x.shape)} and ${shapeText(m.shape)}`);
  }
  const { size = [height, width], interpolation = 'bilinear', fillMode = 'constant', fillValue = 0 } = options;
  if (interpolation !== 'bilinear' && interpolation !== 'nearest') {
    const what = 'affineTransform interpolation';
    throw fail('INVALID_VALUE', what, "'bilinear' or 'nearest'", describeValue(interpolation));
  }
  if (!['constant', 'nearest', 'reflect', 'wrap'].includes(fillMode)) {
    const expected = "'constant', 'nearest', 'reflect' or 'wrap'";
    throw fail('INVALID_VALUE', 'affineTransform fillMode', expected, describeValue(fillMode));
  }
  numberThat(fillValue, () => true, 'a finite fillValue', 'affineTransform');
  const [rows, columns] = [size[0], size[1]].map((n) => wholeNumber(n, 0, MOST, 'affineTransform size')) as [
    number,
    number,
  ];
  const attrs = {
    height: int(rows),
    width: int(columns),
    bilinear: flag(interpolation === 'bilinear'),
    edge: str(fillMode),
    fill: float(fillValue),
  };
  return one('affine_transform', [x, m], attrs, [batch, rows, columns, channels]);
}
