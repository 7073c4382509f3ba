// Metrics by name, by function, and as plain data; 'accuracy' becomes the form that the shapes call for. Those that few
// applications name by a string are in `rest.ts`.

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
import { Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import { FunctionMetric, type MetricFunction } from './function.js';
import type { MetricLike } from './index.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  MeanAbsoluteError,
  MeanSquaredError,
  RootMeanSquaredError,
  SparseCategoricalCrossentropy,
} from './losses.js';
import { Metric } from './metric.js';

/** The metrics that are known: all of them once `rest.ts` is there. */
export const METRICS: Units<Metric> = new Units<Metric>(
  'metric',
  Metric,
  [
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
  ],
  [
    ['acc', Accuracy],
    ['bce', BinaryCrossentropy],
    ['mae', MeanAbsoluteError],
    ['mse', MeanSquaredError],
    ['rmse', RootMeanSquaredError],
  ],
  ['accuracy', 'crossentropy'],
  'AUC CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives FalsePositives Hinge ' +
    'KLDivergence LogCoshError Mean MeanAbsolutePercentageError MeanSquaredLogarithmicError PearsonCorrelation Poisson ' +
    'Precision R2Score Recall SparseTopKCategoricalAccuracy SquaredHinge Sum TopKCategoricalAccuracy TrueNegatives ' +
    'TruePositives kld kullback_leibler_divergence logcosh mape msle',
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
const accuracy: Forms = [BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy];
const crossentropy: Forms = [BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy];
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
