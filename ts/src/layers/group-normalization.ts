// Normalization of each sample by groups of its features.

import { fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { add, mean, mul, reshape, rsqrt, square, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, type OptionTable, whole } from '../options.js';
import { Affine, type AffineOptions } from './affine.js';
import { alongAxes } from './layer-normalization.js';

/** Options of GroupNormalization. */
export interface GroupNormalizationOptions extends AffineOptions {
  /** How many groups the features form; −1: each feature by itself, which is instance normalization. Default 32. */
  groups?: number;
  /** The axis of the features. Default −1. */
  axis?: number;
}

/**
 * `gamma · (x − mean) / √(variance + epsilon) + beta` with the mean and variance of each sample and group of features over
 * all other axes. Wu and He 2018, https://arxiv.org/abs/1803.08494
 */
export class GroupNormalization extends Affine {
  static override readonly className: string = 'GroupNormalization';
  /** @internal */
  static override readonly options: OptionTable = { ...Affine.options, groups: [32, whole(-1)], axis: [-1, axis] };
  declare readonly axis: number;
  declare readonly groups: number;

  constructor(options: GroupNormalizationOptions = {}) {
    super(options);
  }

  override build(inputShape: readonly number[]): void {
    const [at] = this.axesIn(inputShape.length + 1) as [number];
    const size = inputShape[at - 1] as number;
    const groups = this.groups === -1 ? size : this.groups;
    if (groups < 1 || size % groups !== 0) {
      const hint = 'set groups to a divisor, or to -1';
      throw fail('SHAPE_MISMATCH', this.name, `features that ${groups} groups divide`, `${size} features`, hint);
    }
    super.build(inputShape);
  }

  override call(x: Tensor): Tensor {
    const axes = this.axesIn(x.shape.length);
    const [at] = axes as [number];
    const size = x.shape[at] as number;
    const groups = this.groups === -1 ? size : this.groups;
    const parted: Dim[] = [...x.shape.slice(0, at), groups, size / groups, ...x.shape.slice(at + 1)];
    const parts = reshape(x, parted);
    const axis = parted.map((_, i) => i).filter((i) => i !== 0 && i !== at);
    const centered = sub(parts, mean(parts, { axis, keepDims: true }));
    const factor = rsqrt(add(mean(square(centered), { axis, keepDims: true }), this.epsilon));
    const normal = reshape(mul(centered, factor), x.shape);
    const scaled = this.gamma ? mul(normal, alongAxes(this.gamma, x.shape, axes)) : normal;
    return this.beta ? add(scaled, alongAxes(this.beta, x.shape, axes)) : scaled;
  }
}
