// Normalization of each sample by itself, over its features.

import type { Shape } from '../graph/dims.js';
import { add, mean, mul, reshape, rsqrt, square, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { Affine, type AffineOptions } from './affine.js';
import type { Weight } from './weight.js';

/** Options of LayerNormalization. */
export type LayerNormalizationOptions = AffineOptions;

/**
 * `gamma · (x − mean) / √(variance + epsilon) + beta` with the mean and variance of each sample over `axis`. Ba, Kiros and
 * Hinton 2016, https://arxiv.org/abs/1607.06450, with Keras's epsilon (PyTorch: 1e-5).
 */
export class LayerNormalization extends Affine {
  static override readonly className: string = 'LayerNormalization';

  override call(x: Tensor): Tensor {
    const axis = this.axesIn(x.shape.length);
    const centered = sub(x, mean(x, { axis, keepDims: true }));
    const factor = rsqrt(add(mean(square(centered), { axis, keepDims: true }), this.epsilon));
    const along = (v: Weight): Tensor | Weight => alongAxes(v, x.shape, axis);
    const normal = mul(centered, factor);
    const scaled = this.gamma ? mul(normal, along(this.gamma)) : normal;
    return this.beta ? add(scaled, along(this.beta)) : scaled;
  }
}

/** `weight`, which has the sizes of some axes of `shape`, as it meets values of that shape. */
export function alongAxes(weight: Weight, shape: Shape, axes: readonly number[]): Tensor | Weight {
  const first = axes[0] as number;
  // The last axes in a row broadcast as they are.
  if (first + axes.length === shape.length) return weight;
  return reshape(
    weight,
    shape.slice(first).map((size, i) => (axes.includes(first + i) ? size : 1)),
  );
}
