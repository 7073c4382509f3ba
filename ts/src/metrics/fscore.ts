// The F scores: precision and recall of each class in one number.

import type { ArrayData } from '../data/arrays.js';
import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { abs, cast, equal, greater, max, mul, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { assertShares, sameAs, weightsLike } from '../losses/align.js';
import { EPSILON } from '../losses/formulas.js';
import { from, type OptionTable, oneOf } from '../options.js';
import { Metric, type MetricOptions } from './metric.js';

/** How the scores of classes become one. */
export type Average = 'micro' | 'macro' | 'weighted';

/** Options of F1Score. */
export interface F1ScoreOptions extends MetricOptions {
  /**
   * How the scores of classes become one: counted together ('micro'), their mean ('macro'), weighed by how often the class
   * is the right one ('weighted'), or not at all (null, the default).
   */
  average?: Average | null;
  /** Outputs above it count as yes, from 0 to 1. Default: the largest of each row does, unless it is 0. */
  threshold?: number | null;
}

/** Options of FBetaScore. */
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How many times more recall counts than precision. More than 0. Default 1. */
  beta?: number;
}

const OPTIONS: OptionTable = {
  average: [null, oneOf('micro', 'macro', 'weighted')],
  threshold: [null, from(0, 1)],
};

abstract class FScore<Options extends F1ScoreOptions> extends Metric<Options> {
  declare readonly average: Average | undefined;
  declare readonly beta: number | undefined;
  declare readonly threshold: number | undefined;

  // Of each class: right ones, those said to be it, those that are.
  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    const target = sameAs(yTrue, yPred, this.name);
    if (yPred.shape.length !== 2) {
      throw fail('SHAPE_MISMATCH', this.name, 'outputs of shape [n, classes]', shapeText(yPred.shape));
    }
    const said = this.#said(yPred);
    const weighted = (x: Tensor): Tensor => (sampleWeight ? mul(x, weightsLike(x, sampleWeight)) : x);
    return [mul(said, target), said, target].map((x) => sum(weighted(x), { axis: 0 }));
  }

  #said(yPred: Tensor): Tensor {
    if (this.threshold !== undefined) return cast(greater(yPred, this.threshold), 'float32');
    const largest = cast(equal(yPred, max(yPred, { axis: -1, keepDims: true })), 'float32');
    return mul(largest, cast(greater(abs(yPred), 1e-9), 'float32'));
  }

  override assertTargets({ data }: ArrayData): void {
    assertShares(data);
  }

  override result(totals: readonly number[]): number | readonly number[] {
    const classes = totals.length / 3;
    const [right, said, all] = [0, 1, 2].map((kind) => totals.slice(kind * classes, (kind + 1) * classes)) as [
      number[],
      number[],
      number[],
    ];
    const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0);
    if (this.average === 'micro') return this.#score(sumOf(right), sumOf(said), sumOf(all));
    const scores = right.map((count, k) => this.#score(count, said[k] as number, all[k] as number));
    if (this.average === undefined) return scores;
    if (this.average === 'macro') return sumOf(scores) / classes;
    return sumOf(scores.map((score, k) => score * (all[k] as number))) / (sumOf(all) + EPSILON);
  }

  #score(right: number, said: number, all: number): number {
    const [precision, recall, square] = [right / (said + EPSILON), right / (all + EPSILON), (this.beta ?? 1) ** 2];
    return ((1 + square) * precision * recall) / (square * precision + recall + EPSILON);
  }
}

/** `(1 + β²) P R / (β² P + R)` of precision P and recall R of each class; targets are 0 and 1, such as one-hot rows. */
export class FBetaScore extends FScore<FBetaScoreOptions> {
  static override readonly className: string = 'FBetaScore';
  /** @internal */
  static override readonly options: OptionTable = { ...OPTIONS, beta: [1, from(EPSILON)] };

  constructor(options: FBetaScoreOptions = {}) {
    super({ name: 'fbeta_score', ...options });
  }
}

/** `2 P R / (P + R)` of precision P and recall R of each class; targets are 0 and 1, such as one-hot rows. */
export class F1Score extends FScore<F1ScoreOptions> {
  static override readonly className: string = 'F1Score';
  /** @internal */
  static override readonly options: OptionTable = OPTIONS;
}
