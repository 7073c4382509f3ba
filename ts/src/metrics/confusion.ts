// Metrics of yes and no at thresholds. What adds up over batches is how much of the targets of 1, and of those of 0, lies
// above each threshold; everything else follows from these sums. Targets are from 0 to 1.

import type { ArrayData } from '../data/arrays.js';
import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { add, argmax, cast, concat, equal, greater, matmul, mul, reshape, slice, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { assertShares, sameAs, weightsLike } from '../losses/align.js';
import { from, type OptionTable, oneOrMore, whole } from '../options.js';
import { Metric, type MetricOptions, ratio } from './metric.js';

/** Weighted counts at one threshold. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** Stands for "not among the largest": below every threshold. */
const LEFT_OUT = -1e10;

/** Options of metrics that may look at one column. */
interface ColumnOptions extends MetricOptions {
  classId?: number | null;
}

/** A metric of the counts at thresholds. */
export abstract class ThresholdMetric<Options extends ColumnOptions = ColumnOptions> extends Metric<Options> {
  declare readonly classId: number | undefined;
  /** Outputs above it count as yes. */
  protected abstract cuts(): readonly number[];

  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    const { classId } = this;
    const cuts = this.cuts();
    const target = sameAs(yTrue, yPred, this.name);
    const outputs = this.outputs(yPred);
    const weights = sampleWeight && weightsLike(yPred, sampleWeight);
    if (classId === undefined) return [above(target, outputs, cuts, weights)];
    const size = yPred.shape.at(-1);
    if (yPred.shape.length < 2 || typeof size !== 'number' || classId >= size) {
      throw fail('SHAPE_MISMATCH', this.name, `outputs with a column ${classId}`, shapeText(yPred.shape));
    }
    return [above(column(target, classId), column(outputs, classId), cuts, weights && column(weights, classId))];
  }

  /** What is held against the thresholds. */
  protected outputs(yPred: Tensor): Tensor {
    return yPred;
  }

  override assertTargets({ data }: ArrayData): void {
    assertShares(data);
  }

  override result(totals: readonly number[]): number | readonly number[] {
    return this.score(countsOf(totals));
  }

  /** The metric, from the counts at each threshold. */
  protected abstract score(counts: readonly Counts[]): number | readonly number[];
}

/** One entry of the last axis, which stays. */
export function column(x: Tensor, start: number): Tensor {
  return slice(x, { axis: -1, start, length: 1 });
}

/**
 * How much lies above −∞ and above each of the thresholds: of the targets of 1, and of those of 0; `[2, 1 + thresholds]`.
 * One product of matrices makes them all, so that what is above −∞ and above 0.1 are exactly equal where nothing lies
 * between.
 */
export function above(target: Tensor, yPred: Tensor, cuts: readonly number[], weights: Tensor | undefined): Tensor {
  const flat = (x: Tensor): Tensor => reshape(x, [-1, 1]);
  const yes = weights ? mul(target, weights) : target;
  const no = sub(weights ?? 1, yes);
  const thresholds = { data: Float32Array.of(Number.NEGATIVE_INFINITY, ...cuts), shape: [1, 1 + cuts.length] };
  const over = cast(greater(flat(yPred), thresholds), 'float32');
  return matmul(concat([flat(yes), flat(no)], { axis: 1 }), over, { transposeA: true });
}

/** The counts that sums of `above` say. */
export function countsOf(totals: readonly number[]): Counts[] {
  const width = totals.length / 2;
  const [yes, no] = [totals.slice(0, width), totals.slice(width)];
  return yes.slice(1).map((truePositives, i) => ({
    truePositives,
    falsePositives: no[i + 1] as number,
    falseNegatives: (yes[0] as number) - truePositives,
    trueNegatives: (no[0] as number) - (no[i + 1] as number),
  }));
}

/** Options of metrics at thresholds of the user's. */
export interface ThresholdOptions extends MetricOptions {
  /** Outputs above it count as yes; of several each has a result of its own. From 0 to 1. Default 0.5. */
  thresholds?: number | readonly number[] | null;
}

/** Options of Precision and Recall. */
export interface ChosenOptions extends ThresholdOptions, ColumnOptions {
  /** Only the `topK` largest outputs of a row can count as yes; the threshold is then −∞ by default. Default: all can. */
  topK?: number | null;
  /** Only this column of the outputs counts. Default: all. */
  classId?: number | null;
}

abstract class CountMetric<Options extends ThresholdOptions = ThresholdOptions> extends ThresholdMetric<Options> {
  /** @internal */
  static override readonly options: OptionTable = { thresholds: [null, oneOrMore(from(0, 1))] };
  declare readonly thresholds: number | readonly number[] | undefined;

  protected override cuts(): readonly number[] {
    return [this.thresholds ?? this.defaultCut()].flat();
  }

  protected defaultCut(): number {
    return 0.5;
  }

  protected override score(counts: readonly Counts[]): number | readonly number[] {
    const scores = counts.map((count) => this.each(count));
    return scores.length === 1 ? (scores[0] as number) : scores;
  }

  /** The metric at one threshold. */
  protected abstract each(counts: Counts): number;
}

abstract class ChosenMetric extends CountMetric<ChosenOptions> {
  /** @internal */
  static override readonly options: OptionTable = {
    ...CountMetric.options,
    topK: [null, whole(1)],
    classId: [null, whole(0)],
  };
  declare readonly topK: number | undefined;

  protected override defaultCut(): number {
    return this.topK === undefined ? 0.5 : LEFT_OUT;
  }

  protected override outputs(yPred: Tensor): Tensor {
    return this.topK === undefined ? yPred : largest(yPred, this.topK);
  }
}

// The k largest of each row (the first of equals) as they are, the others far below.
function largest(x: Tensor, k: number): Tensor {
  const classes = x.shape.at(-1);
  if (typeof classes !== 'number')
    throw fail('SHAPE_MISMATCH', 'topK', 'a last axis of fixed size', shapeText(x.shape));
  const ids = Float32Array.from({ length: classes }, (_, i) => i);
  let rest = x;
  let kept: Tensor | undefined;
  for (let i = 0; i < Math.min(k, classes); i++) {
    const best = cast(argmax(rest), 'float32');
    const hit = cast(equal(reshape(best, [...best.shape, 1]), ids), 'float32');
    kept = kept ? add(kept, hit) : hit;
    rest = sub(rest, mul(hit, 3e38));
  }
  const chosen = kept as Tensor;
  return add(mul(x, chosen), mul(sub(1, chosen), LEFT_OUT));
}

/** The sum of the weights of targets of 1 whose outputs are above the threshold. */
export class TruePositives extends CountMetric {
  static override readonly className: string = 'TruePositives';

  protected override each({ truePositives }: Counts): number {
    return truePositives;
  }
}

/** The sum of the weights of targets of 0 whose outputs are above the threshold. */
export class FalsePositives extends CountMetric {
  static override readonly className: string = 'FalsePositives';

  protected override each({ falsePositives }: Counts): number {
    return falsePositives;
  }
}

/** The sum of the weights of targets of 0 whose outputs are not above the threshold. */
export class TrueNegatives extends CountMetric {
  static override readonly className: string = 'TrueNegatives';

  protected override each({ trueNegatives }: Counts): number {
    return trueNegatives;
  }
}

/** The sum of the weights of targets of 1 whose outputs are not above the threshold. */
export class FalseNegatives extends CountMetric {
  static override readonly className: string = 'FalseNegatives';

  protected override each({ falseNegatives }: Counts): number {
    return falseNegatives;
  }
}

/** `TP / (TP + FP)`: of what is said to be yes, the share that is. 0 where nothing is. */
export class Precision extends ChosenMetric {
  static override readonly className: string = 'Precision';

  protected override each(counts: Counts): number {
    return precision(counts);
  }
}

/** `TP / (TP + FN)`: of what is yes, the share that is said to be. 0 where nothing is. */
export class Recall extends ChosenMetric {
  static override readonly className: string = 'Recall';

  protected override each(counts: Counts): number {
    return recall(counts);
  }
}

/** `TP / (TP + FP)`. */
export function precision({ truePositives, falsePositives }: Counts): number {
  return ratio(truePositives, truePositives + falsePositives);
}

/** `TP / (TP + FN)`, also called sensitivity. */
export function recall({ truePositives, falseNegatives }: Counts): number {
  return ratio(truePositives, truePositives + falseNegatives);
}

/** `TN / (TN + FP)`. */
export function specificity({ trueNegatives, falsePositives }: Counts): number {
  return ratio(trueNegatives, trueNegatives + falsePositives);
}

/** `count` thresholds evenly from 0 to 1, the ends moved outwards by 1e-7, so that all and nothing lie above them. */
export function evenCuts(count: number): number[] {
  return widened(Array.from({ length: count - 2 }, (_, i) => (i + 1) / (count - 1)));
}

/** The thresholds between ones below 0 and above 1. */
export function widened(cuts: readonly number[]): number[] {
  return [-1e-7, ...cuts, 1 + 1e-7];
}
