// The learned factor and offset behind a normalization, one for each entry of its axes.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { fail } from '../errors.js';
import type { InitializerLike } from '../initializers/index.js';
import { axis, flag, from, type OptionTable, oneOrMore } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { Layer, type LayerOptions } from './layer.js';
import { constraint, initializer, regularizer } from './options.js';
import type { Weight } from './weight.js';

/** Options of normalizations within a sample. */
export interface AffineOptions extends LayerOptions {
  /** The axis, or axes, of the features; the batch is axis 0. Default −1. */
  axis?: number | readonly number[];
  /** Added to what is divided by, under its root. Default 0.001. */
  epsilon?: number;
  /** Whether to add a learned offset. Default true. */
  center?: boolean;
  /** Whether to multiply by a learned factor. Default true. */
  scale?: boolean;
  /** Default 'zeros'. */
  betaInitializer?: InitializerLike;
  /** Default 'ones'. */
  gammaInitializer?: InitializerLike;
  /** What the offset costs. Default none. */
  betaRegularizer?: RegularizerLike;
  /** What they are held to after every update, such as 'non_neg'. Default nothing. */
  betaConstraint?: ConstraintLike;
  /** What the factor costs. Default none. */
  gammaRegularizer?: RegularizerLike;
  /** What they are held to after every update, such as 'non_neg'. Default nothing. */
  gammaConstraint?: ConstraintLike;
}

/** A layer with a factor `gamma` and an offset `beta`. */
export abstract class Affine extends Layer {
  /** @internal */
  static override readonly options: OptionTable = {
    axis: [-1, oneOrMore(axis)],
    epsilon: [0.001, from(0)],
    center: [true, flag],
    scale: [true, flag],
    betaInitializer: ['zeros', initializer],
    gammaInitializer: ['ones', initializer],
    betaRegularizer: [null, regularizer],
    betaConstraint: [null, constraint],
    gammaRegularizer: [null, regularizer],
    gammaConstraint: [null, constraint],
  };
  declare readonly axis: number | readonly number[];
  declare readonly epsilon: number;
  declare readonly center: boolean;
  declare readonly scale: boolean;
  declare readonly betaInitializer: InitializerLike;
  declare readonly gammaInitializer: InitializerLike;
  declare readonly betaRegularizer: RegularizerLike | undefined;
  declare readonly betaConstraint: Constraint<object> | undefined;
  declare readonly gammaRegularizer: RegularizerLike | undefined;
  declare readonly gammaConstraint: Constraint<object> | undefined;
  /** The factor, if there is one. */
  protected gamma: Weight | undefined;
  /** The offset, if there is one. */
  protected beta: Weight | undefined;

  constructor(options: AffineOptions = {}) {
    super(options);
  }

  /** Declares them for samples of `inputShape`. */
  override build(inputShape: readonly number[]): void {
    const shape = this.axesIn(inputShape.length + 1).map((at) => inputShape[at - 1] as number);
    if (this.scale) {
      const { gammaInitializer: initializer, gammaRegularizer: regularizer, gammaConstraint: constraint } = this;
      this.gamma = this.addWeight({ name: 'gamma', shape, initializer, regularizer, constraint });
    }
    if (this.center) {
      const { betaInitializer: initializer, betaRegularizer: regularizer, betaConstraint: constraint } = this;
      this.beta = this.addWeight({ name: 'beta', shape, initializer, regularizer, constraint });
    }
  }

  /** Its axes among `rank`, in order. Throws SHAPE_MISMATCH. */
  protected axesIn(rank: number): number[] {
    return axesBehindBatch(this.axis, rank, this.name);
  }
}

/** `axes` among `rank`, in order, none of them the batch. Throws SHAPE_MISMATCH. */
export function axesBehindBatch(axes: number | readonly number[], rank: number, what: string): number[] {
  const own = [axes].flat().map((at) => (at < 0 ? at + rank : at));
  if (own.every((at) => at > 0 && at < rank) && new Set(own).size === own.length) return own.sort((a, b) => a - b);
  const hint = rank < 2 ? 'give samples an axis: Reshape({ targetShape: [1] })' : undefined;
  throw fail(
    'SHAPE_MISMATCH',
    what,
    `axes behind the batch, each once, of values of ${rank} axes`,
    `axis ${axes}`,
    hint,
  );
}
