// What holds for every metric: weights of 0 leave samples out, weights of 2 count them twice, batches of any sizes add up to
// one; and how metrics are named, chosen, saved and refused.

import { Activation, Dense, loadModel, metrics, modelFromConfig, ops, Sequential } from 'descend';
import { describe, expect, test } from 'vitest';
import { refusal } from '../models/small.js';
import { noise } from '../noise.js';

type Kind = 'numbers' | 'signs' | 'rates' | 'yes' | 'one' | 'labels';

const ROWS = 33;
const CLASSES = 4;

/** Every metric, with the targets it takes. */
const METRICS: readonly [metric: metrics.MetricLike, kind: Kind][] = [
  ['accuracy', 'labels'],
  ['crossentropy', 'labels'],
  ['binary_accuracy', 'yes'],
  ['categoricalAccuracy', 'one'],
  ['sparse_categorical_accuracy', 'labels'],
  [new metrics.TopKCategoricalAccuracy({ k: 2 }), 'one'],
  [new metrics.SparseTopKCategoricalAccuracy({ k: 3 }), 'labels'],
  ['mse', 'numbers'],
  ['rmse', 'numbers'],
  ['rootMeanSquaredError', 'numbers'],
  ['mae', 'numbers'],
  ['mape', 'rates'],
  ['msle', 'rates'],
  ['cosine_similarity', 'numbers'],
  ['logcosh', 'numbers'],
  ['log_cosh_error', 'numbers'],
  ['hinge', 'signs'],
  ['squared_hinge', 'signs'],
  ['categorical_hinge', 'one'],
  ['poisson', 'rates'],
  ['kl_divergence', 'rates'],
  ['bce', 'yes'],
  ['categorical_crossentropy', 'one'],
  ['mean', 'numbers'],
  ['sum', 'numbers'],
  [new metrics.R2Score({ classAggregation: null }), 'numbers'],
  ['r2_score', 'numbers'],
  ['pearson_correlation', 'numbers'],
  ['concordance_correlation', 'numbers'],
  ['true_positives', 'yes'],
  [new metrics.FalsePositives({ thresholds: [0.3, 0.6] }), 'yes'],
  ['TrueNegatives', 'yes'],
  ['falseNegatives', 'yes'],
  ['precision', 'yes'],
  [new metrics.Precision({ topK: 2, classId: 1 }), 'one'],
  ['recall', 'yes'],
  ['AUC', 'yes'],
  [new metrics.AUC({ curve: 'PR', multiLabel: true, labelWeights: [1, 2, 3, 4], numThresholds: 31 }), 'yes'],
  [new metrics.AUC({ curve: 'PRGAIN', labelWeights: [1, 2, 3, 4], numThresholds: 31 }), 'yes'],
  [new metrics.PrecisionAtRecall({ recall: 0.4 }), 'yes'],
  [new metrics.RecallAtPrecision({ precision: 0.4, classId: 2 }), 'yes'],
  [new metrics.SensitivityAtSpecificity({ specificity: 0.4 }), 'yes'],
  [new metrics.SpecificityAtSensitivity({ sensitivity: 0.4, numThresholds: 1 }), 'yes'],
  ['f1_score', 'one'],
  [new metrics.FBetaScore({ beta: 2, average: 'weighted', threshold: 0.4 }), 'yes'],
  [new metrics.MeanIoU({ numClasses: CLASSES, sparseYPred: false }), 'labels'],
  [new metrics.IoU({ numClasses: CLASSES, targetClassIds: [0, 3], sparseYPred: false }), 'labels'],
  [new metrics.OneHotMeanIoU({ numClasses: CLASSES }), 'one'],
  [new metrics.OneHotIoU({ numClasses: CLASSES, targetClassIds: [1] }), 'one'],
  [new metrics.BinaryIoU({ threshold: 0.4 }), 'yes'],
];

interface Arrays {
  x: { data: Float32Array; shape: number[] };
  y: { data: Float32Array; shape: number[] };
}

function data(kind: Kind): Arrays {
  const x = { data: noise(ROWS * CLASSES, 3).map((v) => 0.5 + 0.45 * v), shape: [ROWS, CLASSES] };
  const drawn = noise(ROWS * CLASSES, 4);
  const label = (row: number) => (row * 7 + (row >> 2)) % CLASSES;
  if (kind === 'labels')
    return { x, y: { data: Float32Array.from({ length: ROWS }, (_, i) => label(i)), shape: [ROWS] } };
  const of = {
    numbers: (v: number) => v,
    signs: (v: number) => Math.sign(v),
    rates: (v: number) => Math.abs(v) + 0.1,
    yes: (v: number) => (v > 0.2 ? 1 : 0),
    one: (_: number, i: number) => (label(Math.floor(i / CLASSES)) === i % CLASSES ? 1 : 0),
  }[kind];
  return { x, y: { data: drawn.map(of), shape: [ROWS, CLASSES] } };
}

function picked({ x, y }: Arrays, rows: readonly number[]): Arrays {
  const take = ({ data, shape }: Arrays['x']) => {
    const size = data.length / ROWS;
    return {
      data: Float32Array.from(rows.flatMap((row) => [...data.subarray(row * size, (row + 1) * size)])),
      shape: [rows.length, ...shape.slice(1)],
    };
  };
  return { x: take(x), y: take(y) };
}

/** A model that gives its inputs back, and measures them by a metric. */
function model(metric: metrics.MetricLike, weighted: boolean): Sequential {
  const made = new Sequential([new Activation({ activation: 'linear', inputShape: [CLASSES] })]);
  const loss = (_: unknown, yPred: Parameters<metrics.MetricFunction>[1]) => ops.fill(yPred.shape.slice(0, 1), 0);
  made.compile({ loss, ...(weighted ? { weightedMetrics: [metric] } : { metrics: [metric] }) });
  return made;
}

async function measured(metric: metrics.MetricLike, { x, y }: Arrays, sampleWeight?: Float32Array, batchSize = 64) {
  const weighted = sampleWeight !== undefined;
  const { loss, ...logs } = await model(metric, weighted).evaluate(x, y, { batchSize, sampleWeight });
  expect(loss).toBe(0);
  return Object.values(logs) as number[];
}

function expectEqual(got: number[], expected: number[]): void {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of got.entries()) {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(2e-6 * Math.max(1, Math.abs(value)));
  }
}

const nameOf = (metric: metrics.MetricLike) => (typeof metric === 'string' ? metric : (metric as metrics.Metric).name);

describe.each(METRICS.map(([metric, kind], i) => [`${nameOf(metric)} ${i}`, metric, kind] as const))(
  '%s',
  (_, metric, kind) => {
    const all = data(kind);
    const rows = Array.from({ length: ROWS }, (_, row) => row);

    test('weights of 0 leave samples out, weights of 2 count them twice', async () => {
      const weights = Float32Array.from(rows, (row) => row % 3);
      const repeated = rows.flatMap((row) => Array<number>(row % 3).fill(row));
      expectEqual(await measured(metric, all, weights), await measured(metric, picked(all, repeated)));
    });

    test('weights of 1 change nothing', async () => {
      const expected = await measured(metric, all);
      expect(expected.every(Number.isFinite)).toBe(true);
      expectEqual(await measured(metric, all, new Float32Array(ROWS).fill(1)), expected);
    });

    test('batches of any size add up to one', async () => {
      const weights = Float32Array.from(rows, (row) => 0.5 + ((row * 5) % 7));
      const expected = await measured(metric, all, weights);
      for (const batchSize of [1, 15, 16, 17, 32]) {
        expectEqual(await measured(metric, all, weights, batchSize), expected);
      }
    });
  },
);

describe('logs', () => {
  const { x, y } = data('yes');

  test('several results have numbers', async () => {
    const made = model(new metrics.Precision({ thresholds: [0.2, 0.5, 0.8], name: 'p' }), false);
    expect(Object.keys(await made.evaluate(x, y))).toEqual(['loss', 'p_0', 'p_1', 'p_2']);
  });

  test('fit reports every epoch, for validation too', async () => {
    const made = new Sequential([new Dense({ units: CLASSES, activation: 'sigmoid', inputShape: [CLASSES] })], {
      seed: 2,
    });
    made.compile({ loss: 'binaryCrossentropy', metrics: ['AUC', 'f1_score'], weightedMetrics: ['AUC'] });
    const { history } = await made.fit(x, y, { epochs: 2, validationSplit: 0.2, verbose: 0, classWeight: { 1: 2 } });
    const keys = ['AUC', 'f1_score_0', 'f1_score_1', 'f1_score_2', 'f1_score_3', 'weighted_AUC'];
    for (const key of keys.flatMap((name) => [name, `val_${name}`])) expect(history[key]?.length).toBe(2);
    // Outputs that say nothing of the targets are ranked like chance.
    expect(Math.abs((history.AUC?.[0] as number) - 0.5)).toBeLessThan(0.3);
  });

  test('the word accuracy or crossentropy is the form that the targets call for', async () => {
    const labels = data('labels');
    const oneHot = data('one');
    for (const [word, sparse, categorical] of [
      ['accuracy', 'sparse_categorical_accuracy', 'categorical_accuracy'],
      ['ce', 'sparse_categorical_crossentropy', 'categorical_crossentropy'],
    ] as const) {
      expect(await measured(word, labels)).toEqual(await measured(sparse, labels));
      expect(await measured(word, oneHot)).toEqual(await measured(categorical, oneHot));
      expectEqual(await measured(word, labels), await measured(word, oneHot));
    }
  });

  test('a user’s metric may have sums of any fixed shape', async () => {
    class Columns extends metrics.Metric {
      override statistics(...[, yPred]: Parameters<metrics.Metric['statistics']>) {
        return [ops.sum(yPred, { axis: 0 }), ops.sum(yPred)];
      }
      override result(totals: readonly number[], rows: number) {
        return totals.map((total) => total / rows);
      }
    }
    const got = await measured(new Columns(), data('numbers'), undefined, 7);
    expect(got.length).toBe(CLASSES + 1);
    expect(got.at(-1)).toBeCloseTo(
      got.slice(0, -1).reduce((sum, value) => sum + value, 0),
      5,
    );
  });
});

describe('saving', () => {
  test('a model with metrics made of options, loaded in another order of things', async () => {
    const made = model(new metrics.MeanIoU({ numClasses: CLASSES, sparseYPred: false }), true);
    const { x, y } = data('labels');
    const w = Float32Array.from({ length: ROWS }, (_, i) => i % 4);
    const compiled = {
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy', new metrics.MeanIoU({ numClasses: CLASSES, sparseYPred: false })],
      weightedMetrics: ['accuracy', new metrics.SparseTopKCategoricalAccuracy({ k: 2 })],
    };
    made.compile(compiled);
    const loaded = await loadModel(await made.toBytes());
    const options = { sampleWeight: w };
    expect(await loaded.evaluate(x, y, options)).toEqual(await made.evaluate(x, y, options));
    expect(modelFromConfig({ className: 'Sequential', config: made.getConfig() }).getConfig()).toEqual(
      made.getConfig(),
    );
  });
});

describe('is refused', () => {
  const { x, y } = data('yes');
  const evaluate =
    (metric: metrics.MetricLike, targets: unknown = y) =>
    () =>
      model(metric, false).evaluate(x, targets as never);

  test.each<[string, () => unknown, string]>([
    [
      'a name without the options it needs',
      evaluate('MeanIoU'),
      'UNKNOWN_NAME metric: expected one that needs no options',
    ],
    [
      'a threshold beyond 1',
      () => new metrics.Precision({ thresholds: [0.5, 2] }),
      'INVALID_VALUE precision thresholds',
    ],
    ['no thresholds', () => new metrics.Recall({ thresholds: [] }), 'INVALID_VALUE recall thresholds'],
    ['topK of 0', () => new metrics.Recall({ topK: 0 }), 'INVALID_VALUE recall topK'],
    [
      'an option of another metric',
      () => new metrics.TruePositives({ topK: 1 } as never),
      'UNKNOWN_OPTION TruePositives',
    ],
    ['a column that is not there', evaluate(new metrics.Precision({ classId: 4 })), 'SHAPE_MISMATCH precision'],
    ['a curve', () => new metrics.AUC({ curve: 'roc' as 'ROC' }), 'INVALID_VALUE auc curve'],
    ['one threshold for a curve', () => new metrics.AUC({ numThresholds: 1 }), 'INVALID_VALUE auc numThresholds'],
    ['as many labels', evaluate(new metrics.AUC({ multiLabel: true, numLabels: 3 })), 'SHAPE_MISMATCH auc'],
    ['weights of other labels', evaluate(new metrics.AUC({ labelWeights: [1, 2] })), 'SHAPE_MISMATCH auc'],
    ['no recall', () => new metrics.PrecisionAtRecall({} as never), 'INVALID_VALUE precision_at_recall recall'],
    ['no number of classes', () => new metrics.MeanIoU({} as never), 'INVALID_VALUE mean_io_u numClasses'],
    [
      'a class beyond them',
      () => new metrics.IoU({ numClasses: 2, targetClassIds: [2] }),
      'INVALID_VALUE io_u targetClassIds',
    ],
    ['an average', () => new metrics.F1Score({ average: 'mean' as 'macro' }), 'INVALID_VALUE f1_score average'],
    ['beta of 0', () => new metrics.FBetaScore({ beta: 0 }), 'INVALID_VALUE fbeta_score beta'],
    ['beta of F1', () => new metrics.F1Score({ beta: 2 } as never), 'UNKNOWN_OPTION F1Score'],
    ['a reduction', () => new metrics.Hinge({ reduction: 'sum' } as never), 'UNKNOWN_OPTION Hinge'],
    ['an option of the loss', () => new metrics.Poisson({ axis: 1 } as never), 'UNKNOWN_OPTION Poisson'],
    ['a name that is no text', () => new metrics.AUC({ name: 1 as never }), 'INVALID_VALUE auc name'],
    ['targets of another shape', evaluate('recall', data('labels').y), 'SHAPE_MISMATCH recall'],
    [
      'k of one half',
      () => new metrics.TopKCategoricalAccuracy({ k: 0.5 }),
      'INVALID_VALUE top_k_categorical_accuracy k',
    ],
    [
      'a sum that depends on the batch',
      evaluate(
        new (class extends metrics.Metric {
          override statistics(...[, yPred]: Parameters<metrics.Metric['statistics']>) {
            return [yPred];
          }
          override result = () => 0;
        })({ name: 'all' }),
      ),
      'SHAPE_MISMATCH all',
    ],
  ])('%s', async (_, work, expected) => {
    expect(await refusal(work)).toContain(expected);
  });
});
