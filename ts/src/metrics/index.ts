// What the public namespace `metrics` holds.

import type { Serialized } from '../units.js';
import type { MetricFunction } from './function.js';
import type { Metric } from './metric.js';

export {
  Accuracy,
  BinaryAccuracy,
  type BinaryAccuracyOptions,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  type SparseTopKOptions,
  TopKCategoricalAccuracy,
  type TopKOptions,
} from './accuracy.js';
export { AUC, type AUCOptions } from './auc.js';
export {
  type ChosenOptions,
  type Counts,
  FalseNegatives,
  FalsePositives,
  Precision,
  Recall,
  type ThresholdOptions,
  TrueNegatives,
  TruePositives,
} from './confusion.js';
export { type Average, F1Score, type F1ScoreOptions, FBetaScore, type FBetaScoreOptions } from './fscore.js';
export type { MetricFunction } from './function.js';
export {
  BinaryIoU,
  type BinaryIoUOptions,
  IoU,
  type IoUOptions,
  MeanIoU,
  type MeanIoUOptions,
  OneHotIoU,
  type OneHotIoUOptions,
  OneHotMeanIoU,
  type OneHotMeanIoUOptions,
} from './iou.js';
export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  MeanAbsoluteError,
  MeanSquaredError,
  RootMeanSquaredError,
  SparseCategoricalCrossentropy,
} from './losses.js';
export { MeanMetric, Metric, type MetricOptions } from './metric.js';
export {
  CategoricalHinge,
  CosineSimilarity,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  Poisson,
  SquaredHinge,
} from './more-losses.js';
export {
  type PointOptions,
  PrecisionAtRecall,
  RecallAtPrecision,
  SensitivityAtSpecificity,
  SpecificityAtSensitivity,
} from './points.js';
export {
  ConcordanceCorrelation,
  type CorrelationOptions,
  Mean,
  PearsonCorrelation,
  R2Score,
  type R2ScoreOptions,
  Sum,
} from './regression.js';

/** What `compile` takes among metrics: one, its name in any spelling, a function, or its plain data. */
export type MetricLike = Metric | string | MetricFunction | Serialized;
