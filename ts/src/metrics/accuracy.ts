// How often predictions are right, in the forms that targets come in.

import type { ArrayData } from '../data/arrays.js';
import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { argmax, cast, equal, greater, max, mul, pick, reshape, slice, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { assertLabels, labelsFor, sameAs } from '../losses/align.js';
import { flag, from, type OptionTable, whole } from '../options.js';
import { MeanMetric, type MetricOptions } from './metric.js';

/** The share of outputs that equal their targets, as they are: of labels that the model gives itself. */
export class Accuracy extends MeanMetric {
  static override readonly className: string = 'Accuracy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(sameAs(yTrue, yPred, this.name), yPred);
  }
}

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
export class BinaryAccuracy extends MeanMetric<BinaryAccuracyOptions> {
  static override readonly className: string = 'BinaryAccuracy';
  /** @internal */
  static override readonly options: OptionTable = { threshold: [0.5, from(0, 1)] };
  declare readonly threshold: number;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return equal(sameAs(yTrue, yPred, this.name), cast(greater(yPred, this.threshold), 'float32'));
  }
}

/** Options of TopKCategoricalAccuracy. */
export interface TopKOptions extends MetricOptions {
  /** How many of the largest outputs may hold the right one. Default 5. */
  k?: number;
}

abstract class TopK<Options extends TopKOptions> extends MeanMetric<Options> {
  /** @internal */
  static override readonly options: OptionTable = { k: [5, whole(1)] };
  declare readonly k: number;

  /** Whether the output of each label is among the `k` largest. */
  protected within(labels: Tensor, yPred: Tensor): Tensor {
    const own = pick(yPred, labels);
    const larger = sum(cast(greater(yPred, reshape(own, [...own.shape, 1])), 'float32'), { axis: -1 });
    return mul(cast(greater(this.k, larger), 'float32'), cast(equal(own, own), 'float32'));
  }
}

/**
 * The share of samples for which fewer than `k` outputs are larger than that of the target's largest entry: among equal
 * outputs all count as within. NaN is never within.
 */
export class TopKCategoricalAccuracy extends TopK<TopKOptions> {
  static override readonly className: string = 'TopKCategoricalAccuracy';

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.within(argmax(sameAs(yTrue, yPred, this.name)), yPred);
  }
}

/** Options of SparseTopKCategoricalAccuracy. */
export interface SparseTopKOptions extends TopKOptions {
  /** The outputs are labels already, the best first, rather than a score for each label. Default false. */
  fromSortedIds?: boolean;
}

/** `TopKCategoricalAccuracy` for labels as whole numbers, of shape [n] or [n, 1]. */
export class SparseTopKCategoricalAccuracy extends TopK<SparseTopKOptions> {
  static override readonly className: string = 'SparseTopKCategoricalAccuracy';
  /** @internal */
  static override readonly options: OptionTable = { ...TopK.options, fromSortedIds: [false, flag] };
  declare readonly fromSortedIds: boolean;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const labels = labelsFor(yTrue, yPred, this.name);
    if (!this.fromSortedIds) return this.within(labels, yPred);
    const outputs = yPred.shape.at(-1);
    if (typeof outputs !== 'number') {
      throw fail('SHAPE_MISMATCH', this.name, 'a last axis of fixed size', shapeText(yPred.shape));
    }
    const first = slice(yPred, { axis: -1, start: 0, length: Math.min(this.k, outputs) });
    return max(cast(equal(first, reshape(labels, [...labels.shape, 1])), 'float32'), { axis: -1 });
  }

  override assertTargets({ data }: ArrayData, outputShape: readonly number[]): void {
    if (!this.fromSortedIds) assertLabels(data, outputShape.at(-1) ?? 0);
  }
}
