// Metrics by name, by function, and as plain data; 'accuracy' becomes the form that the shapes call for.

import { fail, quote } from '../errors.js';
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
import type { MetricLike } from './index.js';
import * as metrics from './index.js';
import { Metric } from './metric.js';

const METRICS: Units<Metric> = new Units<Metric>(
  'metric',
  Metric,
  [
    metrics.AUC,
    metrics.Accuracy,
    metrics.BinaryAccuracy,
    metrics.BinaryCrossentropy,
    metrics.CategoricalAccuracy,
    metrics.CategoricalCrossentropy,
    metrics.CategoricalHinge,
    metrics.ConcordanceCorrelation,
    metrics.CosineSimilarity,
    metrics.F1Score,
    metrics.FBetaScore,
    metrics.FalseNegatives,
    metrics.FalsePositives,
    metrics.Hinge,
    metrics.KLDivergence,
    metrics.LogCoshError,
    metrics.Mean,
    metrics.MeanAbsoluteError,
    metrics.MeanAbsolutePercentageError,
    metrics.MeanSquaredError,
    metrics.MeanSquaredLogarithmicError,
    metrics.PearsonCorrelation,
    metrics.Poisson,
    metrics.Precision,
    metrics.R2Score,
    metrics.Recall,
    metrics.RootMeanSquaredError,
    metrics.SparseCategoricalAccuracy,
    metrics.SparseCategoricalCrossentropy,
    metrics.SparseTopKCategoricalAccuracy,
    metrics.SquaredHinge,
    metrics.Sum,
    metrics.TopKCategoricalAccuracy,
    metrics.TrueNegatives,
    metrics.TruePositives,
  ],
  [
    ['acc', metrics.Accuracy],
    ['bce', metrics.BinaryCrossentropy],
    ['kld', metrics.KLDivergence],
    ['kullback_leibler_divergence', metrics.KLDivergence],
    ['logcosh', metrics.LogCoshError],
    ['mae', metrics.MeanAbsoluteError],
    ['mape', metrics.MeanAbsolutePercentageError],
    ['mse', metrics.MeanSquaredError],
    ['msle', metrics.MeanSquaredLogarithmicError],
    ['rmse', metrics.RootMeanSquaredError],
  ],
  ['accuracy', 'crossentropy'],
);

/** Makes those metrics known too that only their options make, for what rebuilds models from data. */
export function knowMetrics(): void {
  METRICS.know([
    metrics.BinaryIoU,
    metrics.IoU,
    metrics.MeanIoU,
    metrics.OneHotIoU,
    metrics.OneHotMeanIoU,
    metrics.PrecisionAtRecall,
    metrics.RecallAtPrecision,
    metrics.SensitivityAtSpecificity,
    metrics.SpecificityAtSensitivity,
  ]);
}

const UNNAMED = 'give it a name, or save with { includeOptimizer: false }';

/** A metric whose form the shapes of targets and predictions decide, once they are known. */
export type MetricChoice = (yTrue: Shape, yPred: Shape) => Metric;

/** The metric that is meant; as in Keras its key in logs is the word it was asked for by. */
export function metricOf(value: MetricLike): Metric | MetricChoice {
  refuseClass(value, 'metric');
  if (typeof value === 'function') return new FunctionMetric(value);
  if (isSerializedFunction(value)) return new FunctionMetric(METRICS.customFunction(value.config) as MetricFunction);
  if (typeof value !== 'string') return METRICS.resolve(value);
  const forms = FORMS.get(canonicalName(value));
  if (forms) return (yTrue, yPred) => new forms[formFor(yTrue, yPred)]({ name: value });
  const made = MADE.find((name) => canonicalName(name) === canonicalName(value));
  if (made) {
    throw fail('UNKNOWN_NAME', 'metric', 'one that needs no options', quote(value), `use new metrics.${made}({ … })`);
  }
  return fromConfig(METRICS.get(value), { name: value });
}

// Those that only their options make: an application that names metrics by strings need not carry them.
const MADE = [
  'BinaryIoU',
  'IoU',
  'MeanIoU',
  'OneHotIoU',
  'OneHotMeanIoU',
  'PrecisionAtRecall',
  'RecallAtPrecision',
  'SensitivityAtSpecificity',
  'SpecificityAtSensitivity',
] as const;

/** A metric as plain data. */
export function metricConfig(metric: Metric): Serialized {
  return metric instanceof FunctionMetric ? serializeFunction('metric', metric.fn, UNNAMED) : serialize(metric);
}

type Form = new (options: { name: string }) => Metric;
type Forms = readonly [binary: Form, categorical: Form, sparse: Form];

// Words for the form that targets call for.
const accuracy: Forms = [metrics.BinaryAccuracy, metrics.CategoricalAccuracy, metrics.SparseCategoricalAccuracy];
const crossentropy: Forms = [
  metrics.BinaryCrossentropy,
  metrics.CategoricalCrossentropy,
  metrics.SparseCategoricalCrossentropy,
];
const FORMS: ReadonlyMap<string, Forms> = new Map([
  ['accuracy', accuracy],
  ['acc', accuracy],
  ['crossentropy', crossentropy],
  ['ce', crossentropy],
]);

// Keras's rule: one output is binary; fewer axes or a single number in the target make it a label.
function formFor(yTrue: Shape, yPred: Shape): 0 | 1 | 2 {
  if (yPred.at(-1) === 1 || yPred.length < 2) return 0;
  return yTrue.length < yPred.length || yTrue.at(-1) === 1 ? 2 : 1;
}
