// The area under the curve that precision and recall, or their likes, draw while the threshold goes from 0 to 1.

import type { ArrayData } from '../data/arrays.js';
import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { sigmoid } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { assertShares, sameAs, weightsLike } from '../losses/align.js';
import { flag, from, listOf, number, type OptionTable, oneOf, whole } from '../options.js';
import { above, type Counts, column, countsOf, evenCuts, precision, recall, widened } from './confusion.js';
import { Metric, type MetricOptions, ratio } from './metric.js';

/** Options of AUC. */
export interface AUCOptions extends MetricOptions {
  /** How many thresholds, evenly from 0 to 1. At least 2. Default 200. */
  numThresholds?: number;
  /** Recall by false positive rate (the default), or precision by recall, or both as gains. */
  curve?: 'ROC' | 'PR' | 'PRGAIN';
  /** Between thresholds: the mean (for PR along the true curve; the default), the smaller or the larger value. */
  summationMethod?: 'interpolation' | 'minoring' | 'majoring';
  /** Thresholds of one's own, from 0 to 1, to which 0 and 1 are added. */
  thresholds?: readonly number[] | null;
  /** Whether each output has a curve of its own, and the areas are averaged. Default false: all outputs make one. */
  multiLabel?: boolean;
  /** With `multiLabel`, the number of outputs, if it is to be checked. */
  numLabels?: number | null;
  /** Weights of the outputs, for the average of their areas or in the one curve. Default: all 1. */
  labelWeights?: readonly number[] | null;
  /** Predictions are logits, not probabilities. Default false. */
  fromLogits?: boolean;
}

/**
 * The area under a curve, by a sum over thresholds. 0.5 for chance and 1 for certainty, under ROC. PR interpolates as
 * Davis & Goadrich 2006 do, https://doi.org/10.1145/1143844.1143874; PRGAIN is that of Flach & Kull 2015.
 */
export class AUC extends Metric<AUCOptions> {
  static override readonly className: string = 'AUC';
  /** @internal */
  static override readonly options: OptionTable = {
    numThresholds: [200, whole(2)],
    curve: ['ROC', oneOf('ROC', 'PR', 'PRGAIN')],
    summationMethod: ['interpolation', oneOf('interpolation', 'minoring', 'majoring')],
    thresholds: [null, listOf(from(0, 1))],
    multiLabel: [false, flag],
    numLabels: [null, whole(1)],
    labelWeights: [null, listOf(number)],
    fromLogits: [false, flag],
  };
  declare readonly numThresholds: number;
  declare readonly curve: 'ROC' | 'PR' | 'PRGAIN';
  declare readonly summationMethod: 'interpolation' | 'minoring' | 'majoring';
  declare readonly thresholds: readonly number[] | undefined;
  declare readonly multiLabel: boolean;
  declare readonly numLabels: number | undefined;
  declare readonly labelWeights: readonly number[] | undefined;
  declare readonly fromLogits: boolean;

  #cuts(): number[] {
    const { thresholds, numThresholds } = this;
    return thresholds ? widened([...thresholds].sort((a, b) => a - b)) : evenCuts(numThresholds);
  }

  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    const cuts = this.#cuts();
    const p = this.fromLogits ? sigmoid(yPred) : yPred;
    const target = sameAs(yTrue, yPred, this.name);
    const weights = sampleWeight && weightsLike(yPred, sampleWeight);
    if (!this.multiLabel && this.labelWeights === undefined) return [above(target, p, cuts, weights)];
    const outputs = this.#outputs(yPred);
    return Array.from({ length: outputs }, (_, start) => {
      return above(column(target, start), column(p, start), cuts, weights && column(weights, start));
    });
  }

  #outputs(yPred: Tensor): number {
    const outputs = yPred.shape.at(-1);
    const { labelWeights, numLabels = labelWeights?.length ?? outputs } = this;
    const fits = outputs === numLabels && (labelWeights === undefined || labelWeights.length === outputs);
    if (typeof outputs === 'number' && yPred.shape.length === 2 && fits) return outputs;
    throw fail('SHAPE_MISMATCH', this.name, `outputs of shape [n, ${numLabels}], the labels`, shapeText(yPred.shape));
  }

  override assertTargets({ data }: ArrayData): void {
    assertShares(data);
  }

  override result(totals: readonly number[]): number {
    const width = 2 * (1 + this.#cuts().length);
    const labels = Array.from({ length: totals.length / width }, (_, k) => totals.slice(k * width, (k + 1) * width));
    const weights = labels.map((_, k) => this.labelWeights?.[k] ?? 1);
    const weighted = (numbers: readonly number[]): number =>
      numbers.reduce((sum, x, k) => sum + x * (weights[k] as number), 0);
    if (!this.multiLabel) {
      const all = Array.from({ length: width }, (_, i) => weighted(labels.map((label) => label[i] as number)));
      return this.#area(countsOf(all));
    }
    return ratio(weighted(labels.map((label) => this.#area(countsOf(label)))), weighted(labels.map(() => 1)));
  }

  #area(counts: readonly Counts[]): number {
    if (this.curve === 'PR' && this.summationMethod === 'interpolation') return areaUnderPR(counts);
    const points = counts.map(CURVES[this.curve]);
    let area = 0;
    for (let i = 1; i < points.length; i++) {
      const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]] as [Point, Point];
      area += (x0 - x1) * HEIGHTS[this.summationMethod](y0, y1);
    }
    return area;
  }
}

type Point = readonly [x: number, y: number];

const CURVES: Record<AUC['curve'], (counts: Counts) => Point> = {
  ROC: (counts) => [ratio(counts.falsePositives, counts.falsePositives + counts.trueNegatives), recall(counts)],
  PR: (counts) => [recall(counts), precision(counts)],
  PRGAIN: (counts) => {
    const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts;
    const odds = ratio(truePositives + falseNegatives, trueNegatives + falsePositives);
    if (truePositives === 0) return [0, 1];
    return [Math.max(0, 1 - (odds * falseNegatives) / truePositives), 1 - (odds * falsePositives) / truePositives];
  },
};

const HEIGHTS: Record<AUC['summationMethod'], (a: number, b: number) => number> = {
  interpolation: (a, b) => (a + b) / 2,
  minoring: Math.min,
  majoring: Math.max,
};

// Between two thresholds true positives grow in proportion to all positives, so that precision follows a hyperbola.
function areaUnderPR(counts: readonly Counts[]): number {
  let area = 0;
  for (let i = 1; i < counts.length; i++) {
    const [a, b] = [counts[i - 1], counts[i]] as [Counts, Counts];
    const [pa, pb] = [a.truePositives + a.falsePositives, b.truePositives + b.falsePositives];
    const gained = a.truePositives - b.truePositives;
    const slope = ratio(gained, Math.max(pa - pb, 0));
    const intercept = b.truePositives - slope * pb;
    const growth = pa > 0 && pb > 0 ? pa / pb : 1;
    area += ratio(slope * (gained + intercept * Math.log(growth)), b.truePositives + b.falseNegatives);
  }
  return area;
}
