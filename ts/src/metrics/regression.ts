// How well predictions follow their targets, beyond the losses: shares of explained variance, correlations, plain sums.

import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { add, div, fill, mean, mul, sqrt, square, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { sameAs, weightsLike } from '../losses/align.js';
import { EPSILON } from '../losses/formulas.js';
import { axis, type OptionTable, oneOf, whole } from '../options.js';
import { MeanMetric, Metric, type MetricOptions } from './metric.js';

/** The mean of the outputs, whatever the targets are. */
export class Mean extends MeanMetric {
  static override readonly className: string = 'Mean';

  override call(_yTrue: Tensor, yPred: Tensor): Tensor {
    return yPred;
  }
}

/** The sum of the outputs, each times the weight of its sample, whatever the targets are. */
export class Sum extends Metric {
  static override readonly className: string = 'Sum';

  override statistics(_yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    return [sum(sampleWeight ? mul(yPred, weightsLike(yPred, sampleWeight)) : yPred)];
  }

  override result(totals: readonly number[]): number {
    return totals[0] as number;
  }
}

/** Options of R2Score. */
export interface R2ScoreOptions extends MetricOptions {
  /** How the scores of several outputs become one: their mean (the default), weighed by variance, or not at all (null). */
  classAggregation?: 'uniform_average' | 'variance_weighted_average' | null;
  /** The number of explaining variables, for the adjusted score; 0 (the default) for the plain one. */
  numRegressors?: number;
}

/**
 * `1 − Σ (target − prediction)² / Σ (target − mean target)²` of each output: the share of the variance explained, at most
 * 1. With p regressors and n numbers in the targets, as Keras counts, `1 − (1 − R²)(n − 1) / (n − p − 1)`, where that has
 * a value. Targets that are all equal score 0.
 */
export class R2Score extends Metric<R2ScoreOptions> {
  static override readonly className: string = 'R2Score';
  /** @internal */
  static override readonly options: OptionTable = {
    classAggregation: ['uniform_average', oneOf('uniform_average', 'variance_weighted_average', null)],
    numRegressors: [0, whole(0)],
  };
  declare readonly classAggregation: 'uniform_average' | 'variance_weighted_average' | null;
  declare readonly numRegressors: number;

  override statistics(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): readonly Tensor[] {
    const target = sameAs(yTrue, yPred, this.name);
    if (target.shape.length !== 2) {
      throw fail('SHAPE_MISMATCH', this.name, 'outputs of shape [n, outputs]', shapeText(yPred.shape));
    }
    const weights = sampleWeight ? weightsLike(target, sampleWeight) : fill(target.shape, 1);
    const total = (x: Tensor): Tensor => sum(mul(x, weights), { axis: 0 });
    return [total(target), total(square(target)), total(square(sub(target, yPred))), sum(weights, { axis: 0 })];
  }

  override result(totals: readonly number[], rows: number): number | readonly number[] {
    const outputs = totals.length / 4;
    const at = (kind: number, output: number): number => totals[kind * outputs + output] as number;
    const variances = Array.from({ length: outputs }, (_, k) => at(1, k) - at(0, k) ** 2 / at(3, k));
    const scores = variances.map((variance, k) => (variance === 0 ? 0 : 1 - at(2, k) / variance));
    const adjusted = (score: number): number => this.#adjusted(score, rows * outputs);
    const { classAggregation } = this;
    if (classAggregation === null) return scores.map(adjusted);
    const factors = classAggregation === 'uniform_average' ? scores.map(() => 1) : variances;
    const weighted = scores.reduce((all, score, k) => all + score * (factors[k] as number), 0);
    return adjusted(weighted / factors.reduce((all, factor) => all + factor, 0));
  }

  #adjusted(score: number, n: number): number {
    const p = this.numRegressors;
    return p === 0 || n - p - 1 <= 0 ? score : 1 - ((1 - score) * (n - 1)) / (n - p - 1);
  }
}

/** Options of PearsonCorrelation and ConcordanceCorrelation. */
export interface CorrelationOptions extends MetricOptions {
  /** The axis along which numbers are correlated. Default −1: the outputs of a sample. */
  axis?: number;
}

abstract class Correlation extends MeanMetric<CorrelationOptions> {
  /** @internal */
  static override readonly options: OptionTable = { axis: [-1, axis] };
  declare readonly axis: number;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const over = { axis: this.axis, keepDims: true };
    const target = sameAs(yTrue, yPred, this.name);
    const means = [mean(target, over), mean(yPred, over)] as const;
    const [a, b] = [sub(target, means[0]), sub(yPred, means[1])];
    const covariance = mean(mul(a, b), over);
    const coefficient = this.coefficient(covariance, mean(square(a), over), mean(square(b), over), sub(...means));
    return sum(coefficient, { axis: this.axis });
  }

  /** From the covariance, the variances, and the difference of the means. */
  protected abstract coefficient(covariance: Tensor, a: Tensor, b: Tensor, difference: Tensor): Tensor;
}

/** The mean of `cov(target, prediction) / (σ σ')`, of the outputs of each sample: 1 where they rise together on a line. */
export class PearsonCorrelation extends Correlation {
  static override readonly className: string = 'PearsonCorrelation';

  protected override coefficient(covariance: Tensor, a: Tensor, b: Tensor): Tensor {
    return div(covariance, mul(sqrt(a), sqrt(b)));
  }
}

/**
 * The mean of `2 cov / (σ² + σ'² + (μ − μ')² + 1e-7)`, of the outputs of each sample: 1 where they are equal.
 * Lin 1989, https://doi.org/10.2307/2532051
 */
export class ConcordanceCorrelation extends Correlation {
  static override readonly className: string = 'ConcordanceCorrelation';

  protected override coefficient(covariance: Tensor, a: Tensor, b: Tensor, difference: Tensor): Tensor {
    return div(mul(covariance, 2), add(add(add(a, b), square(difference)), EPSILON));
  }
}
