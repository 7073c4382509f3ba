// Cross-entropies that care less for what is already right, or for labels that may be wrong.

import type { ArrayData } from '../data/arrays.js';
import { add, binaryCrossEntropy, clip, div, log, mean, mul, pick, sigmoid, softmax, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { flag, from, type OptionTable } from '../options.js';
import { assertLabels, labelsFor, sameAs } from './align.js';
import { type CrossentropyOptions, SmoothedLoss } from './crossentropy.js';
import { EPSILON, power, smoothed } from './formulas.js';
import { Loss, type LossOptions } from './loss.js';

/** Options of CategoricalFocalCrossentropy. */
export interface FocalOptions extends CrossentropyOptions {
  /** The factor of the loss; with `applyClassBalancing` that of targets of 1, others getting `1 − alpha`. Default 0.25. */
  alpha?: number;
  /** How little what is already right counts: the power of 1 − p. At least 0. Default 2. */
  gamma?: number;
}

/** Options of BinaryFocalCrossentropy. */
export interface BinaryFocalCrossentropyOptions extends FocalOptions {
  /** Whether to weigh targets of 1 by `alpha` and those of 0 by `1 − alpha`. Default false: `alpha` does nothing. */
  applyClassBalancing?: boolean;
}

abstract class FocalLoss<Options extends FocalOptions = FocalOptions> extends SmoothedLoss<Options> {
  /** @internal */
  static override readonly options: OptionTable = {
    ...SmoothedLoss.options,
    alpha: [0.25, from(0)],
    gamma: [2, from(0)],
  };
  declare readonly alpha: number;
  declare readonly gamma: number;
}

/**
 * `−alpha Σ target (1 − p)^gamma · log p` over the classes; targets are distributions, such as one-hot rows.
 * Lin et al. 2017, https://arxiv.org/abs/1708.02002
 */
export class CategoricalFocalCrossentropy extends FocalLoss {
  static override readonly className: string = 'CategoricalFocalCrossentropy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [target, prediction] = this.distributions(yTrue, yPred);
    const raw = this.fromLogits ? softmax(prediction) : prediction;
    const p = clip(div(raw, sum(raw, { axis: -1, keepDims: true })), EPSILON, 1 - EPSILON);
    const factor = mul(power(sub(1, p), this.gamma), -this.alpha);
    return sum(mul(factor, mul(target, log(p))), { axis: -1 });
  }
}

/**
 * The binary cross-entropy times `(1 − q)^gamma`, q being the probability given to the target, the mean over outputs.
 * Lin et al. 2017, https://arxiv.org/abs/1708.02002
 */
export class BinaryFocalCrossentropy extends FocalLoss<BinaryFocalCrossentropyOptions> {
  static override readonly className: string = 'BinaryFocalCrossentropy';
  /** @internal */
  static override readonly options: OptionTable = { ...FocalLoss.options, applyClassBalancing: [false, flag] };
  declare readonly applyClassBalancing: boolean;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = smoothed(sameAs(yTrue, yPred, this.name), this.labelSmoothing, 2);
    const p = this.fromLogits ? sigmoid(yPred) : yPred;
    // The probability of the other answer: t (1 − p) + (1 − t) p.
    const missed = add(mul(target, sub(1, p)), mul(sub(1, target), p));
    const loss = mul(power(missed, this.gamma), binaryCrossEntropy(p, target));
    if (!this.applyClassBalancing) return mean(loss, { axis: this.axis });
    const { alpha } = this;
    return mean(mul(add(mul(target, 2 * alpha - 1), 1 - alpha), loss), { axis: this.axis });
  }
}

/** Options of CategoricalGeneralizedCrossEntropy. */
export interface GeneralizedCrossEntropyOptions extends LossOptions {
  /** Between 0 (near the cross-entropy) and 1 (near the mean absolute error, which minds wrong labels less). Default 0.5. */
  q?: number;
}

/**
 * `(1 − p[label]^q) / q`: a cross-entropy for labels some of which are wrong; targets are whole numbers.
 * Zhang & Sabuncu 2018, https://arxiv.org/abs/1805.07836
 */
export class CategoricalGeneralizedCrossEntropy extends Loss<GeneralizedCrossEntropyOptions> {
  static override readonly className: string = 'CategoricalGeneralizedCrossEntropy';
  /** @internal */
  static override readonly options: OptionTable = { q: [0.5, from(EPSILON, 1 - EPSILON)] };
  declare readonly q: number;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const p = pick(yPred, labelsFor(yTrue, yPred, this.name));
    return div(sub(1, power(p, this.q)), this.q);
  }

  override assertTargets({ data }: ArrayData, outputShape: readonly number[]): void {
    assertLabels(data, outputShape.at(-1) ?? 0);
  }
}
