// How often predictions are right, in the forms that targets come in.

import { describeValue, fail } from '../errors.js';
import { argmax, cast, equal, greater } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { labelsFor, sameAs } from '../losses/align.js';
import type { Config } from '../units.js';
import { MeanMetric, type MetricOptions } from './metric.js';

/** The share of samples whose largest output is the label, a whole number of shape [n] or [n, 1]. */
export class SparseCategoricalAccuracy extends MeanMetric {
  static override readonly className: string = 'SparseCategoricalAccuracy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(cast(labelsFor(yTrue, yPred, this.name), 'int32'), argmax(yPred));
  }
}

/** The share of samples whose largest output is the largest of the target, such as a one-hot row. */
export class CategoricalAccuracy extends MeanMetric {
  static override readonly className: string = 'CategoricalAccuracy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(argmax(sameAs(yTrue, yPred, this.name)), argmax(yPred));
  }
}

/** Options of BinaryAccuracy. */
export interface BinaryAccuracyOptions extends MetricOptions {
  /** Outputs above it count as 1, others as 0. Default 0.5. */
  threshold?: number;
}

/** The share of outputs on the target's side of a threshold. */
export class BinaryAccuracy extends MeanMetric {
  static override readonly className: string = 'BinaryAccuracy';
  readonly threshold: number;

  constructor(options: BinaryAccuracyOptions = {}) {
    super(options, ['threshold']);
    const { threshold = 0.5 } = options;
    if (!(typeof threshold === 'number' && threshold >= 0 && threshold <= 1)) {
      throw fail('INVALID_VALUE', `${this.name} threshold`, 'a number from 0 to 1', describeValue(threshold));
    }
    this.threshold = threshold;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(sameAs(yTrue, yPred, this.name), cast(greater(yPred, this.threshold), 'float32'));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), threshold: this.threshold };
  }
}
