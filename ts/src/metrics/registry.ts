// Metrics by name, by function, and as plain data; 'accuracy' becomes the form that the shapes call for.

import type { Shape } from '../graph/dims.js';
import {
  canonicalName,
  fromConfig,
  isSerializedFunction,
  refuseClass,
  type Serialized,
  serialize,
  serializeFunction,
  Units,
} from '../units.js';
import { FunctionMetric, type MetricFunction } from './function.js';
import {
  BinaryAccuracy,
  CategoricalAccuracy,
  MeanSquaredError,
  Metric,
  type MetricLike,
  SparseCategoricalAccuracy,
} from './index.js';

const METRICS: Units<Metric> = new Units(
  'metric',
  Metric,
  [BinaryAccuracy, CategoricalAccuracy, MeanSquaredError, SparseCategoricalAccuracy],
  [['mse', MeanSquaredError]],
  ['accuracy'],
);

const UNNAMED = 'give it a name, or save with { includeOptimizer: false }';

/** A metric whose form the shapes of targets and predictions decide, once they are known. */
export type MetricChoice = (yTrue: Shape, yPred: Shape) => Metric;

/** The metric that is meant; as in Keras its key in logs is the word it was asked for by. */
export function metricOf(value: MetricLike): Metric | MetricChoice {
  refuseClass(value, 'metric');
  if (typeof value === 'function') return new FunctionMetric(value);
  if (isSerializedFunction(value)) return new FunctionMetric(METRICS.customFunction(value.config) as MetricFunction);
  if (typeof value !== 'string') return METRICS.resolve(value);
  const word = canonicalName(value);
  if (word === 'accuracy' || word === 'acc') return (yTrue, yPred) => accuracyFor(yTrue, yPred, value);
  return fromConfig(METRICS.get(value), { name: value });
}

/** A metric as plain data. */
export function metricConfig(metric: Metric): Serialized {
  return metric instanceof FunctionMetric ? serializeFunction('metric', metric.fn, UNNAMED) : serialize(metric);
}

// Keras's rule: one output is binary; fewer axes or a single number in the target make it a label.
function accuracyFor(yTrue: Shape, yPred: Shape, name: string): Metric {
  if (yPred.at(-1) === 1 || yPred.length < 2) return new BinaryAccuracy({ name });
  const sparse = yTrue.length < yPred.length || yTrue.at(-1) === 1;
  return sparse ? new SparseCategoricalAccuracy({ name }) : new CategoricalAccuracy({ name });
}
