// How well regions of classes lie on each other: intersection over union. Of each class three sums are enough, where it is
// right, where it was said, where it is; no matrix of all pairs of classes.

import { argmax, cast, equal, greater, mul, reshape, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { sameAs, weightsLike } from '../losses/align.js';
import { EPSILON, withLast } from '../losses/formulas.js';
import { numberFrom } from '../numbers.js';
import { axis, flag, listOf, number, type OptionTable, whole } from '../options.js';
import { Metric, type MetricOptions } from './metric.js';

/** Options of OneHotMeanIoU. */
export interface OneHotMeanIoUOptions extends MetricOptions {
  /** How many classes there are. Labels beyond them do not count. */
  numClasses: number;
  /** A label of targets whose places do not count. Default: none. */
  ignoreClass?: number | null;
  /** Whether predictions are labels, rather than a score for each class. Default: true, of the one-hot metrics false. */
  sparseYPred?: boolean;
  /** The axis of the classes. Default −1, the last. */
  axis?: number;
}

/** Options of MeanIoU. */
export interface MeanIoUOptions extends OneHotMeanIoUOptions {
  /** Whether targets are labels, rather than one-hot. Default true. */
  sparseYTrue?: boolean;
}

/** Options of IoU. */
export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean it is. */
  targetClassIds: readonly number[];
}

/** Options of OneHotIoU. */
export interface OneHotIoUOptions extends OneHotMeanIoUOptions {
  /** The classes whose mean it is. */
  targetClassIds: readonly number[];
}

/** Options of BinaryIoU. */
export interface BinaryIoUOptions extends MetricOptions {
  /** The classes whose mean it is. Default [0, 1]. */
  targetClassIds?: readonly number[];
  /** Outputs of at least this are of class 1. Default 0.5. */
  threshold?: number;
}

const ONE_HOT: OptionTable = {
  numClasses: [undefined, whole(1)],
  ignoreClass: [null, number],
  sparseYPred: [false, flag],
  axis: [-1, axis],
};
const EITHER: OptionTable = { ...ONE_HOT, sparseYPred: [true, flag], sparseYTrue: [true, flag] };
const TARGETS: OptionTable = { targetClassIds: [undefined, listOf(whole(0))] };

/**
 * The mean over some classes; those that neither targets nor predictions have are left out. Weights count as they are,
 * where Keras cuts them to whole numbers unless it is given a floating dtype.
 */
abstract class Overlap<Options extends MetricOptions> extends Metric<Options> {
  declare readonly numClasses: number | undefined;
  declare readonly targetClassIds: readonly number[] | undefined;
  declare readonly ignoreClass: number | undefined;
  declare readonly sparseYTrue: boolean | undefined;
  declare readonly sparseYPred: boolean;
  declare readonly axis: number;

  constructor(options: Options) {
    super(options);
    for (const id of this.targetClassIds ?? []) numberFrom(id, `${this.name} targetClassIds`, 0, this.classes() - 1);
  }

  protected classes(): number {
    return this.numClasses as number;
  }

  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    const said = this.predicted(yPred);
    const target = sameAs(this.labels(yTrue, yPred), said, this.name);
    const ids = Float32Array.from({ length: this.classes() }, (_, id) => id);
    const rows = (x: Tensor): Tensor => cast(equal(reshape(x, [-1, 1]), ids), 'float32');
    // A label that is no class is in no column, and its row counts nowhere.
    const [is, was] = [rows(target), rows(said)];
    const known = mul(sum(is, { axis: 1, keepDims: true }), sum(was, { axis: 1, keepDims: true }));
    const kept = this.ignoreClass === undefined ? known : mul(known, this.#counted(target, this.ignoreClass));
    const weights = sampleWeight && reshape(weightsLike(target, sampleWeight), [-1, 1]);
    const count = weights ? mul(kept, weights) : kept;
    const [a, b] = [mul(is, count), mul(was, count)];
    return [mul(a, was), a, b].map((x) => sum(x, { axis: 0 }));
  }

  /** The label that each target is. */
  protected labels(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.sparseYTrue ? yTrue : this.#classOf(sameAs(yTrue, yPred, this.name));
  }

  /** The label that each prediction says. */
  protected predicted(yPred: Tensor): Tensor {
    return this.sparseYPred ? cast(cast(yPred, 'int32'), 'float32') : this.#classOf(yPred);
  }

  #classOf(x: Tensor): Tensor {
    return cast(argmax(withLast(x, this.axis)), 'float32');
  }

  #counted(target: Tensor, ignored: number): Tensor {
    return sub(1, cast(equal(reshape(target, [-1, 1]), ignored), 'float32'));
  }

  override result(totals: readonly number[]): number {
    const numClasses = this.classes();
    let [sum, classes] = [0, 0];
    for (const id of this.targetClassIds ?? Array(numClasses).keys()) {
      const at = (kind: number): number => totals[kind * numClasses + id] as number;
      const [right, union] = [at(0), at(1) + at(2) - at(0)];
      if (union <= 1e-9) continue;
      sum += right / (union + EPSILON);
      classes++;
    }
    return sum / (classes + EPSILON);
  }
}

/** `TP / (TP + FP + FN + 1e-7)`, the mean over `targetClassIds`, of which those that occur nowhere are left out. */
export class IoU extends Overlap<IoUOptions> {
  static override readonly className: string = 'IoU';
  /** @internal */
  static override readonly options: OptionTable = { ...EITHER, ...TARGETS };
}

/** `TP / (TP + FP + FN + 1e-7)`, the mean over the classes that occur in targets or predictions. */
export class MeanIoU extends Overlap<MeanIoUOptions> {
  static override readonly className: string = 'MeanIoU';
  /** @internal */
  static override readonly options: OptionTable = EITHER;
}

/** `IoU` for one-hot targets, and predictions that are scores of the classes. */
export class OneHotIoU extends Overlap<OneHotIoUOptions> {
  static override readonly className: string = 'OneHotIoU';
  /** @internal */
  static override readonly options: OptionTable = { ...ONE_HOT, ...TARGETS };
}

/** `MeanIoU` for one-hot targets, and predictions that are scores of the classes. */
export class OneHotMeanIoU extends Overlap<OneHotMeanIoUOptions> {
  static override readonly className: string = 'OneHotMeanIoU';
  /** @internal */
  static override readonly options: OptionTable = ONE_HOT;
}

/** `IoU` of two classes: targets are 0 and 1, and outputs of at least `threshold` are 1. */
export class BinaryIoU extends Overlap<BinaryIoUOptions> {
  static override readonly className: string = 'BinaryIoU';
  /** @internal */
  static override readonly options: OptionTable = {
    targetClassIds: [[0, 1], listOf(whole(0))],
    threshold: [0.5, number],
  };
  declare readonly threshold: number;

  constructor(options: BinaryIoUOptions = {}) {
    super(options);
  }

  protected override classes(): number {
    return 2;
  }

  protected override predicted(yPred: Tensor): Tensor {
    return sub(1, cast(greater(this.threshold, yPred), 'float32'));
  }

  protected override labels(yTrue: Tensor): Tensor {
    return yTrue;
  }
}
