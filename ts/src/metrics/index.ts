// What the public namespace `metrics` holds.

import type { Serialized } from '../units.js';
import type { MetricFunction } from './function.js';
import type { Metric } from './metric.js';

export {
  BinaryAccuracy,
  type BinaryAccuracyOptions,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
} from './accuracy.js';
export type { MetricFunction } from './function.js';
export { MeanMetric, Metric, type MetricOptions } from './metric.js';
export { MeanSquaredError } from './regression.js';

/** What `compile` takes among metrics: one, its name in any spelling, a function, or its plain data. */
export type MetricLike = Metric | string | MetricFunction | Serialized;
