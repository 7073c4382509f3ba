// A rectifier whose slope below 0 is learned.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { add, mul, neg, relu } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { axis, type OptionTable, oneOrMore } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { axesBehindBatch } from './affine.js';
import { Layer, type LayerOptions } from './layer.js';
import { constraint, initializer, regularizer } from './options.js';
import type { Weight } from './weight.js';

/** Options of PReLU. */
export interface PReLUOptions extends LayerOptions {
  /** Default 'zeros'. */
  alphaInitializer?: InitializerLike;
  /** What the slopes cost. Default none. */
  alphaRegularizer?: RegularizerLike;
  /** What they are held to after every update, such as 'non_neg'. Default nothing. */
  alphaConstraint?: ConstraintLike;
  /** Axes along which there is one slope: [1, 2] for one for each channel of images. Default none. */
  sharedAxes?: number | readonly number[] | null;
}

/** `x` above 0, `alpha · x` below, with a learned `alpha` for each feature. He et al. 2015, https://arxiv.org/abs/1502.01852 */
export class PReLU extends Layer {
  static override readonly className: string = 'PReLU';
  /** @internal */
  static override readonly options: OptionTable = {
    alphaInitializer: ['zeros', initializer],
    alphaRegularizer: [null, regularizer],
    alphaConstraint: [null, constraint],
    sharedAxes: [null, oneOrMore(axis)],
  };
  declare readonly alphaInitializer: InitializerLike;
  declare readonly alphaRegularizer: RegularizerLike | undefined;
  declare readonly alphaConstraint: Constraint<object> | undefined;
  declare readonly sharedAxes: number | readonly number[] | undefined;
  #alpha!: Weight;

  constructor(options: PReLUOptions = {}) {
    super(options);
  }

  override build(inputShape: readonly number[]): void {
    const shared = axesBehindBatch(this.sharedAxes ?? [], inputShape.length + 1, this.name);
    const shape = inputShape.map((size, i) => (shared.includes(i + 1) ? 1 : size));
    const { alphaInitializer: initializer, alphaRegularizer: regularizer, alphaConstraint: constraint } = this;
    this.#alpha = this.addWeight({ name: 'alpha', shape, initializer, regularizer, constraint });
  }

  override call(x: Tensor): Tensor {
    return add(relu(x), mul(neg(this.#alpha), relu(neg(x))));
  }
}
