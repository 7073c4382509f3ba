// The losses of classifiers. Values are Keras's: probabilities are divided by their sum where they are classes of one
// choice, and clipped to [1e-7, 1 − 1e-7].

import type { ArrayData } from '../data/arrays.js';
import { describeValue, fail } from '../errors.js';
import { coefOf } from '../graph/dims.js';
import { add, binaryCrossEntropy, categoricalCrossEntropy, mean, mul, sparseCrossEntropy } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { boolean } from '../numbers.js';
import type { Config } from '../units.js';
import { labelsFor, sameAs } from './align.js';
import { Loss, type LossOptions } from './loss.js';

/** Options of the sparse cross-entropy. */
export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Predictions are logits, not probabilities. Default false. */
  fromLogits?: boolean;
}

/** Options of the cross-entropies between distributions. */
export interface CrossentropyOptions extends SparseCategoricalCrossentropyOptions {
  /** Moves this share of each target to an even spread over the classes. From 0 (the default) to 1. */
  labelSmoothing?: number;
}

/** `−log p[label]`; targets are whole numbers below the number of classes, of shape [n] or [n, 1]. */
export class SparseCategoricalCrossentropy extends Loss {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  readonly fromLogits: boolean;

  constructor(options: SparseCategoricalCrossentropyOptions = {}) {
    super(options, ['fromLogits']);
    this.fromLogits = boolean(options.fromLogits ?? false, `${this.name} fromLogits`);
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sparseCrossEntropy(yPred, labelsFor(yTrue, yPred, this.name), { fromLogits: this.fromLogits });
  }

  override assertTargets({ data }: ArrayData, outputShape: readonly number[]): void {
    const classes = outputShape.at(-1) ?? 0;
    for (let i = 0; i < data.length; i++) {
      const label = data[i] as number;
      if (label >= 0 && label < classes && Number.isInteger(label)) continue;
      const expected = `a whole number from 0 to ${classes - 1}`;
      throw fail('LABEL_OUT_OF_RANGE', `y[${i}]`, expected, describeValue(label), `the model has ${classes} outputs`);
    }
  }

  override getConfig(): Config {
    return { ...super.getConfig(), fromLogits: this.fromLogits };
  }
}

abstract class SmoothedCrossentropy extends Loss {
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;

  constructor(options: CrossentropyOptions = {}) {
    super(options, ['fromLogits', 'labelSmoothing']);
    this.fromLogits = boolean(options.fromLogits ?? false, `${this.name} fromLogits`);
    this.labelSmoothing = shareOf(options.labelSmoothing ?? 0, `${this.name} labelSmoothing`);
  }

  /** `y (1 − s) + s / choices`. */
  protected smooth(y: Tensor, choices: number): Tensor {
    const { labelSmoothing } = this;
    return labelSmoothing === 0 ? y : add(mul(y, 1 - labelSmoothing), labelSmoothing / choices);
  }

  override getConfig(): Config {
    const { fromLogits, labelSmoothing } = this;
    return { ...super.getConfig(), fromLogits, labelSmoothing };
  }
}

/** `−Σ target · log p` over the classes; targets are distributions, such as one-hot rows. */
export class CategoricalCrossentropy extends SmoothedCrossentropy {
  static override readonly className: string = 'CategoricalCrossentropy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = this.smooth(sameAs(yTrue, yPred, this.name), coefOf(yPred.shape.at(-1) ?? 1));
    return categoricalCrossEntropy(yPred, target, { fromLogits: this.fromLogits });
  }
}

/** `−t log p − (1 − t) log(1 − p)`, the mean over outputs: each output is a yes or no of its own. */
export class BinaryCrossentropy extends SmoothedCrossentropy {
  static override readonly className: string = 'BinaryCrossentropy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = this.smooth(sameAs(yTrue, yPred, this.name), 2);
    return mean(binaryCrossEntropy(yPred, target, { fromLogits: this.fromLogits }), { axis: -1 });
  }
}

function shareOf(value: unknown, what: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw fail('INVALID_VALUE', what, 'a number from 0 to 1', describeValue(value));
}
