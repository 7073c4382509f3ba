// The losses of classifiers. Values are Keras's: probabilities are divided by their sum where they are classes of one
// choice, and clipped to [1e-7, 1 − 1e-7].

import type { ArrayData } from '../data/arrays.js';
import { coefOf } from '../graph/dims.js';
import {
  binaryCrossEntropy,
  cast,
  categoricalCrossEntropy,
  equal,
  mean,
  mul,
  sparseCrossEntropy,
  sub,
} from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, flag, from, number, type OptionTable } from '../options.js';
import { assertLabels, labelsFor, sameAs } from './align.js';
import { smoothed, withLast } from './formulas.js';
import { Loss, type LossOptions } from './loss.js';

/** Options of all cross-entropies. */
export interface ClassLossOptions extends LossOptions {
  /** Predictions are logits, not probabilities. Default false. */
  fromLogits?: boolean;
  /** The axis of the classes; of BinaryCrossentropy that of the mean. Default −1, the last. */
  axis?: number;
}

/** Options of the sparse cross-entropy. */
export interface SparseCategoricalCrossentropyOptions extends ClassLossOptions {
  /** A label whose samples have no part in the loss, such as −1. Default: none. */
  ignoreClass?: number | null;
}

/** Options of the cross-entropies between distributions. */
export interface CrossentropyOptions extends ClassLossOptions {
  /** Moves this share of each target to an even spread over the classes. From 0 (the default) to 1. */
  labelSmoothing?: number;
}

/** What the losses of classifiers share. */
export abstract class ClassLoss<Options extends ClassLossOptions = ClassLossOptions> extends Loss<Options> {
  /** @internal */
  static override readonly options: OptionTable = { fromLogits: [false, flag], axis: [-1, axis] };
  declare readonly fromLogits: boolean;
  declare readonly axis: number;
}

/** `−log p[label]`; targets are whole numbers below the number of classes, of shape [n] or [n, 1]. */
export class SparseCategoricalCrossentropy extends ClassLoss<SparseCategoricalCrossentropyOptions> {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  /** @internal */
  static override readonly options: OptionTable = { ...ClassLoss.options, ignoreClass: [null, number] };
  declare readonly ignoreClass: number | undefined;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const prediction = withLast(yPred, this.axis);
    const labels = labelsFor(yTrue, prediction, this.name);
    const counted = this.mask(yTrue, yPred);
    // An ignored label may name no class: 0 does, and the mask takes its loss away.
    const known = counted ? mul(labels, labelsFor(counted, prediction, this.name)) : labels;
    return sparseCrossEntropy(prediction, known, { fromLogits: this.fromLogits });
  }

  protected override mask(yTrue: Tensor, yPred: Tensor): Tensor | undefined {
    if (this.ignoreClass === undefined) return undefined;
    const labels = labelsFor(yTrue, withLast(yPred, this.axis), this.name);
    return sub(1, cast(equal(labels, this.ignoreClass), 'float32'));
  }

  override assertTargets({ data }: ArrayData, outputShape: readonly number[]): void {
    const { axis, ignoreClass } = this;
    assertLabels(data, outputShape.at(axis < 0 ? axis : axis - 1) ?? 0, ignoreClass);
  }
}

/** A cross-entropy whose targets can be smoothed. */
export abstract class SmoothedLoss<
  Options extends CrossentropyOptions = CrossentropyOptions,
> extends ClassLoss<Options> {
  /** @internal */
  static override readonly options: OptionTable = { ...ClassLoss.options, labelSmoothing: [0, from(0, 1)] };
  declare readonly labelSmoothing: number;

  /** Targets and predictions of one shape with the classes last, the targets smoothed over the classes. */
  protected distributions(yTrue: Tensor, yPred: Tensor): [target: Tensor, prediction: Tensor] {
    const prediction = withLast(yPred, this.axis);
    const target = withLast(sameAs(yTrue, yPred, this.name), this.axis);
    return [smoothed(target, this.labelSmoothing, coefOf(prediction.shape.at(-1) ?? 1)), prediction];
  }
}

/** `−Σ target · log p` over the classes; targets are distributions, such as one-hot rows. */
export class CategoricalCrossentropy extends SmoothedLoss {
  static override readonly className: string = 'CategoricalCrossentropy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [target, prediction] = this.distributions(yTrue, yPred);
    return categoricalCrossEntropy(prediction, target, { fromLogits: this.fromLogits });
  }
}

/** `−t log p − (1 − t) log(1 − p)`, the mean over outputs: each output is a yes or no of its own. */
export class BinaryCrossentropy extends SmoothedLoss {
  static override readonly className: string = 'BinaryCrossentropy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = smoothed(sameAs(yTrue, yPred, this.name), this.labelSmoothing, 2);
    return mean(binaryCrossEntropy(yPred, target, { fromLogits: this.fromLogits }), { axis: this.axis });
  }
}
