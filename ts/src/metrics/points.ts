// Metrics at a point of the curve that precision and recall, or their likes, draw while the threshold goes from 0 to 1.

import { from, type OptionTable, whole } from '../options.js';
import { type Counts, evenCuts, precision, recall, specificity, ThresholdMetric } from './confusion.js';
import type { MetricOptions } from './metric.js';

/** Options of metrics at a point of a curve. */
export interface PointOptions extends MetricOptions {
  /** How many thresholds, evenly from 0 to 1. At least 1 (then 0.5). Default 200. */
  numThresholds?: number;
  /** Only this column of the outputs counts. Default: all. */
  classId?: number | null;
}

const POINT: OptionTable = { numThresholds: [200, whole(1)], classId: [null, whole(0)] };
const REQUIRED: OptionTable[string] = [undefined, from(0, 1)];

/** The best of one thing at thresholds where another is good enough; 0 where it never is. */
abstract class PointMetric<Options extends PointOptions> extends ThresholdMetric<Options> {
  declare readonly numThresholds: number;

  constructor(options: Options) {
    super(options);
  }

  protected override cuts(): readonly number[] {
    return this.numThresholds === 1 ? [0.5] : evenCuts(this.numThresholds);
  }

  protected override score(counts: readonly Counts[]): number {
    return counts.reduce((best, at) => Math.max(best, this.at(at)), 0);
  }

  /** The metric at one threshold; 0 where it is not good enough. */
  protected abstract at(counts: Counts): number;
}

/** The best precision at a threshold whose recall is at least `recall`. */
export class PrecisionAtRecall extends PointMetric<PointOptions & { recall: number }> {
  static override readonly className: string = 'PrecisionAtRecall';
  /** @internal */
  static override readonly options: OptionTable = { ...POINT, recall: REQUIRED };
  declare readonly recall: number;

  protected override at(counts: Counts): number {
    return recall(counts) >= this.recall ? precision(counts) : 0;
  }
}

/** The best recall at a threshold whose precision is at least `precision`. */
export class RecallAtPrecision extends PointMetric<PointOptions & { precision: number }> {
  static override readonly className: string = 'RecallAtPrecision';
  /** @internal */
  static override readonly options: OptionTable = { ...POINT, precision: REQUIRED };
  declare readonly precision: number;

  protected override at(counts: Counts): number {
    return precision(counts) >= this.precision ? recall(counts) : 0;
  }
}

/** The best sensitivity, `TP / (TP + FN)`, at a threshold whose specificity, `TN / (TN + FP)`, is at least `specificity`. */
export class SensitivityAtSpecificity extends PointMetric<PointOptions & { specificity: number }> {
  static override readonly className: string = 'SensitivityAtSpecificity';
  /** @internal */
  static override readonly options: OptionTable = { ...POINT, specificity: REQUIRED };
  declare readonly specificity: number;

  protected override at(counts: Counts): number {
    return specificity(counts) >= this.specificity ? recall(counts) : 0;
  }
}

/** The best specificity, `TN / (TN + FP)`, at a threshold whose sensitivity, `TP / (TP + FN)`, is at least `sensitivity`. */
export class SpecificityAtSensitivity extends PointMetric<PointOptions & { sensitivity: number }> {
  static override readonly className: string = 'SpecificityAtSensitivity';
  /** @internal */
  static override readonly options: OptionTable = { ...POINT, sensitivity: REQUIRED };
  declare readonly sensitivity: number;

  protected override at(counts: Counts): number {
    return recall(counts) >= this.sensitivity ? specificity(counts) : 0;
  }
}
