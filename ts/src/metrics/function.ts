// A user's function as a metric.

import { describeValue, fail } from '../errors.js';
import { Tensor } from '../graph/tensor.js';
import { MeanMetric } from './metric.js';

/** A metric as a function of float32 targets and predictions: a value for each sample, or their mean. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The metric that a function is; its name is the function's. */
export class FunctionMetric extends MeanMetric {
  readonly fn: MetricFunction;

  constructor(fn: MetricFunction) {
    super({ name: fn.name || 'metric' });
    this.fn = fn;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const values = this.fn(yTrue, yPred);
    if (values instanceof Tensor) return values;
    throw fail(
      'INVALID_VALUE',
      this.name,
      'a function that returns a tensor',
      describeValue(values),
      'compose it of ops',
    );
  }
}
