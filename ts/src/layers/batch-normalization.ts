// Batch normalization: in training by the batch's own mean and variance, otherwise by what was seen of them.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { fail } from '../errors.js';
import { axisOf } from '../graph/axes.js';
import type { Dim } from '../graph/dims.js';
import { add, cast, div, mean, mul, reshape, rsqrt, square, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { axis, flag, from, type OptionTable } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import { constraint, initializer, regularizer } from './options.js';
import type { Weight } from './weight.js';

/** Options of BatchNormalization. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis of the features, each of which is normalized by itself. Default −1. */
  axis?: number;
  /** The share of the moving mean and variance that a step keeps. Default 0.99. */
  momentum?: number;
  /** Added to the variance. Default 0.001. */
  epsilon?: number;
  /** Whether to add a learned offset. Default true. */
  center?: boolean;
  /** Whether to multiply by a learned factor. Default true. */
  scale?: boolean;
  /** Default 'zeros'. */
  betaInitializer?: InitializerLike;
  /** Default 'ones'. */
  gammaInitializer?: InitializerLike;
  /** Default 'zeros'. */
  movingMeanInitializer?: InitializerLike;
  /** Default 'ones'. */
  movingVarianceInitializer?: InitializerLike;
  /** What the offset costs. Default none. */
  betaRegularizer?: RegularizerLike;
  /** What they are held to after every update, such as 'non_neg'. Default nothing. */
  betaConstraint?: ConstraintLike;
  /** What the factor costs. Default none. */
  gammaRegularizer?: RegularizerLike;
  /** What they are held to after every update, such as 'non_neg'. Default nothing. */
  gammaConstraint?: ConstraintLike;
}

/** Keras's epsilon, where a division by what counts might be one by nothing. */
const EPSILON = 1e-7;

/**
 * `gamma · (x − mean) / √(variance + epsilon) + beta`, feature by feature. In training mean and (biased) variance are those
 * of the batch, of what its mask lets count, and move the moving ones when the step commits; otherwise, and with
 * `trainable = false`, they are the moving ones. Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167, with Keras's
 * defaults (PyTorch: epsilon 1e-5, momentum as the share replaced, unbiased moving variance).
 */
export class BatchNormalization extends Layer {
  static override readonly className: string = 'BatchNormalization';
  /** @internal */
  static override readonly options: OptionTable = {
    axis: [-1, axis],
    momentum: [0.99, from(0, 1)],
    epsilon: [0.001, from(0)],
    center: [true, flag],
    scale: [true, flag],
    betaInitializer: ['zeros', initializer],
    gammaInitializer: ['ones', initializer],
    movingMeanInitializer: ['zeros', initializer],
    movingVarianceInitializer: ['ones', initializer],
    betaRegularizer: [null, regularizer],
    betaConstraint: [null, constraint],
    gammaRegularizer: [null, regularizer],
    gammaConstraint: [null, constraint],
  };
  declare readonly axis: number;
  declare readonly momentum: number;
  declare readonly epsilon: number;
  declare readonly center: boolean;
  declare readonly scale: boolean;
  declare readonly betaInitializer: InitializerLike;
  declare readonly gammaInitializer: InitializerLike;
  declare readonly movingMeanInitializer: InitializerLike;
  declare readonly movingVarianceInitializer: InitializerLike;
  declare readonly betaRegularizer: RegularizerLike | undefined;
  declare readonly betaConstraint: Constraint<object> | undefined;
  declare readonly gammaRegularizer: RegularizerLike | undefined;
  declare readonly gammaConstraint: Constraint<object> | undefined;
  #gamma: Weight | undefined;
  #beta: Weight | undefined;
  #movingMean!: Weight;
  #movingVariance!: Weight;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options);
  }

  override build(inputShape: readonly number[]): void {
    const at = this.axis < 0 ? this.axis + inputShape.length : this.axis - 1;
    const size = inputShape[at];
    if (size === undefined) {
      const got = `axis ${this.axis} of samples of shape [${inputShape.join(', ')}]`;
      throw fail('SHAPE_MISMATCH', this.name, 'an axis behind the batch', got);
    }
    const shape = [size];
    if (this.scale) {
      const { gammaInitializer: initializer, gammaRegularizer: regularizer, gammaConstraint: constraint } = this;
      this.#gamma = this.addWeight({ name: 'gamma', shape, initializer, regularizer, constraint });
    }
    if (this.center) {
      const { betaInitializer: initializer, betaRegularizer: regularizer, betaConstraint: constraint } = this;
      this.#beta = this.addWeight({ name: 'beta', shape, initializer, regularizer, constraint });
    }
    const still = { shape, trainable: false };
    this.#movingMean = this.addWeight({ ...still, name: 'moving_mean', initializer: this.movingMeanInitializer });
    const initial = this.movingVarianceInitializer;
    this.#movingVariance = this.addWeight({ ...still, name: 'moving_variance', initializer: initial });
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const at = axisOf(this.axis, x, this.name);
    // A vector of features as it meets x.
    const along = (v: Tensor | Weight): Tensor | Weight =>
      at === x.shape.length - 1 ? v : reshape(v, [x.shape[at] as Dim, ...x.shape.slice(at + 1).map(() => 1)]);
    const [average, variance] =
      training && this.trainable ? this.#moments(x, at) : [this.#movingMean, this.#movingVariance];
    const factor = rsqrt(add(variance, this.epsilon));
    const scaled = mul(sub(x, along(average)), along(this.#gamma ? mul(factor, this.#gamma) : factor));
    return this.#beta ? add(scaled, along(this.#beta)) : scaled;
  }

  // Those of the batch, which the moving ones follow.
  #moments(x: Tensor, at: number): [average: Tensor, variance: Tensor] {
    const others = x.shape.map((_, i) => i).filter((i) => i !== at);
    const [size] = [x.shape[at] as Dim];
    const counts = x.mask && this.#counts(x, x.mask, at);
    const over = (y: Tensor): Tensor =>
      counts ? div(sum(mul(y, counts), { axis: others }), add(sum(counts), EPSILON)) : mean(y, { axis: others });
    const average = over(x);
    const spread = reshape(average, [size, ...x.shape.slice(at + 1).map(() => 1)]);
    const variance = over(square(sub(x, spread)));
    const moved = (moving: Weight, now: Tensor): void =>
      this.assign(moving, add(mul(moving, this.momentum), mul(now, 1 - this.momentum)));
    moved(this.#movingMean, average);
    moved(this.#movingVariance, variance);
    return [average, variance];
  }

  // 1 for what counts, of sizes that broadcast.
  #counts(x: Tensor, mask: Tensor, at: number): Tensor {
    if (at === x.shape.length - 1 && mask.shape.length === at)
      return cast(reshape(mask, [...mask.shape, 1]), 'float32');
    const expected = 'a mask of all axes but the last, and the features there';
    throw fail('SHAPE_MISMATCH', this.name, expected, `${mask} for ${x}`);
  }
}
