// Losses of embeddings: what is of one kind shall lie near, what is not far. Those over all pairs of a batch take labels of
// samples as targets; a batch needs several samples of a kind.

import { fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import {
  add,
  cast,
  cumsum,
  div,
  equal,
  fill,
  greater,
  logicalAnd,
  logicalNot,
  logSumExp,
  matmul,
  max,
  maximum,
  min,
  mul,
  relu,
  reshape,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  where,
} from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { flag, from, type OptionTable } from '../options.js';
import { sameAs } from './align.js';
import { Loss, type LossOptions } from './loss.js';

/** Farther than anything. */
const FAR = 1e30;

/** Options of Circle. */
export interface CircleOptions extends LossOptions {
  /** The scale. Default 80. */
  gamma?: number;
  /** How far from the ideal is good enough. Default 0.4. */
  margin?: number;
  /** Whether to leave out the pair of each sample with itself. Default true. */
  removeDiagonal?: boolean;
}

/**
 * `ln(1 + Σ e^(gamma · aₙ (sₙ − margin)) · Σ e^(−gamma · aₚ (sₚ − 1 + margin)))` of each sample over cosines s with samples of its
 * kind (p) and others (n), `aₚ = max(1 + margin − sₚ, 0)` and `aₙ = max(sₙ + margin, 0)`, as Keras computes it by distances
 * `max(1 − s, 0)`. Predictions are embeddings of length 1; the mean is over losses above 0. Sun et al. 2020, https://arxiv.org/abs/2002.10857
 */
export class Circle extends Loss<CircleOptions> {
  static override readonly className: string = 'Circle';
  /** @internal */
  static override readonly options: OptionTable = {
    gamma: [80, from(0)],
    margin: [0.4, from(0, 1)],
    removeDiagonal: [true, flag],
  };
  declare readonly gamma: number;
  declare readonly margin: number;
  declare readonly removeDiagonal: boolean;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const { gamma, margin } = this;
    const [same, itself] = pairs(yTrue, yPred, this.name);
    const positive = this.removeDiagonal ? logicalAnd(same, logicalNot(itself)) : same;
    const distance = maximum(sub(1, matmul(yPred, yPred, { transposeB: true })), 0);
    // Keras's weights: without a gradient stop, unlike the paper's.
    const near = mul(mul(relu(add(distance, margin)), sub(margin, distance)), -gamma);
    const far = mul(mul(relu(sub(1 + margin, distance)), sub(1 - margin, distance)), gamma);
    const over = (pair: Tensor, x: Tensor): Tensor => logSumExp(where(pair, x, -FAR), { axis: 1 });
    return softplus(add(over(positive, near), over(logicalNot(same), far)));
  }

  protected override mask(yTrue: Tensor, yPred: Tensor): Tensor {
    return cast(greater(this.call(yTrue, yPred), 0), 'float32');
  }
}

/** Options of the triplet and contrastive losses. */
export interface MarginOptions extends LossOptions {
  /** How far beyond a pair of one kind others are to be. Default 1. */
  margin?: number;
}

const MARGIN: OptionTable = { margin: [1, from(0)] };

/**
 * `max(0, d(a, p) − d(a, n) + margin)` over all pairs (a, p) of one kind, the mean; n is the nearest of another kind farther
 * than p, or else the farthest. Predictions are embeddings, distances Euclidean. One number for a batch. Schroff et al. 2015,
 * https://arxiv.org/abs/1503.03832, as in TensorFlow Addons.
 */
export class TripletSemiHardLoss extends Loss<MarginOptions> {
  static override readonly className: string = 'TripletSemiHardLoss';
  /** @internal */
  static override readonly options: OptionTable = MARGIN;
  declare readonly margin: number;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [same, itself] = pairs(yTrue, yPred, this.name);
    const distance = distances(yPred, itself);
    const [n] = distance.shape as [Dim];
    const [toP, toN] = [reshape(distance, [n, n, 1]), reshape(distance, [n, 1, n])];
    const other = logicalNot(same);
    const beyond = logicalAnd(reshape(other, [n, 1, n]), greater(toN, toP));
    const nearest = min(where(beyond, toN, FAR), { axis: 2 });
    const farthest = max(where(other, distance, 0), { axis: 1, keepDims: true });
    const negative = where(greater(FAR, nearest), nearest, farthest);
    const positive = cast(logicalAnd(same, logicalNot(itself)), 'float32');
    const losses = mul(relu(add(sub(distance, negative), this.margin)), positive);
    // No pairs, no loss.
    return div(sum(losses), maximum(sum(positive), 1));
  }
}

/** Options of TripletHardLoss. */
export interface TripletHardOptions extends MarginOptions {
  /** `ln(1 + e^(d(a, p) − d(a, n)))` instead, without a margin. Default false. */
  soft?: boolean;
}

/**
 * `max(0, d(a, p) − d(a, n) + margin)` of each sample a, p being the farthest of its kind and n the nearest of another.
 * Predictions are embeddings, distances Euclidean. Hermans et al. 2017, https://arxiv.org/abs/1703.07737, as in TensorFlow Addons.
 */
export class TripletHardLoss extends Loss<TripletHardOptions> {
  static override readonly className: string = 'TripletHardLoss';
  /** @internal */
  static override readonly options: OptionTable = { ...MARGIN, soft: [false, flag] };
  declare readonly margin: number;
  declare readonly soft: boolean;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [same, itself] = pairs(yTrue, yPred, this.name);
    const distance = distances(yPred, itself);
    const farthest = max(where(same, distance, 0), { axis: 1 });
    // Without others: the farthest of all, as there.
    const none = max(distance, { axis: 1, keepDims: true });
    const nearest = min(where(same, none, distance), { axis: 1 });
    const difference = sub(farthest, nearest);
    return this.soft ? softplus(difference) : relu(add(difference, this.margin));
  }
}

/**
 * `t d² + (1 − t) max(margin − d, 0)²` of distances d, t being 1 for pairs of one kind and 0 for others. Hadsell et al. 2006,
 * https://doi.org/10.1109/CVPR.2006.100, as in TensorFlow Addons.
 */
export class ContrastiveLoss extends Loss<MarginOptions> {
  static override readonly className: string = 'ContrastiveLoss';
  /** @internal */
  static override readonly options: OptionTable = MARGIN;
  declare readonly margin: number;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = sameAs(yTrue, yPred, this.name);
    const apart = square(relu(sub(this.margin, yPred)));
    return add(mul(target, square(yPred)), mul(sub(1, target), apart));
  }
}

// Which pairs of samples have one label, and which are a sample and itself.
function pairs(labels: Tensor, embeddings: Tensor, what: string): [same: Tensor, itself: Tensor] {
  const [n] = embeddings.shape as [Dim];
  const single = labels.shape.length === 1 || (labels.shape.length === 2 && labels.shape[1] === 1);
  if (embeddings.shape.length !== 2 || !single) {
    throw fail(
      'SHAPE_MISMATCH',
      what,
      'a label per sample, and embeddings (batch, size)',
      `${labels} and ${embeddings}`,
    );
  }
  const alike = (x: Tensor): Tensor => equal(reshape(x, [n, 1]), reshape(x, [1, n]));
  return [alike(labels), alike(cumsum(fill([n], 1)))];
}

// Euclidean, exactly 0 of a sample from itself; the gradient at 0 is 0.
function distances(x: Tensor, itself: Tensor): Tensor {
  const length = sum(square(x), { axis: 1, keepDims: true });
  const squares = sub(add(length, transpose(length)), mul(matmul(x, x, { transposeB: true }), 2));
  const apart = logicalAnd(greater(squares, 0), logicalNot(itself));
  return where(apart, sqrt(where(apart, squares, 1)), 0);
}
