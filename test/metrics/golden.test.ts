// Metrics against Keras: after each of three batches of different sizes, with weights of samples.

import { Activation, metrics, ops, Sequential } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface Batch {
  yTrue?: Golden;
  yPred?: Golden;
  values?: Golden;
  sampleWeight?: Golden;
}

interface MetricCase {
  name: string;
  metric: keyof typeof metrics;
  options: Record<string, unknown>;
  batches: Batch[];
  results: (number | number[])[];
}

const BOUND = 32 * 2 ** -24;

// Cases leave out options that are null. And Keras compared a precision of exactly 0.6 in float64 with 0.6 in float32,
// which is a little more.
function made({ metric, options }: MetricCase): metrics.Metric {
  const Class = metrics[metric] as unknown as new (options: object) => metrics.Metric;
  const own: Record<string, unknown> = metric === 'R2Score' ? { classAggregation: null, ...options } : { ...options };
  if (metric === 'RecallAtPrecision') own.precision = Math.fround(own.precision as number);
  return new Class({ ...own, name: 'metric' });
}

function joined(batches: readonly Batch[], of: (batch: Batch) => Golden | undefined): Golden {
  const parts = batches.map((batch) => of(batch) as Golden);
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  return { data: parts.flatMap(({ data }) => data), shape: [rows, ...(parts[0] as Golden).shape.slice(1)] };
}

describe.each(cases<MetricCase>('metrics.json'))('$name', (golden) => {
  test.each([1, 2, 3])('after %i batches', async (count) => {
    const batches = golden.batches.slice(0, count);
    const x = joined(batches, ({ yPred, values }) => yPred ?? values);
    const y = joined(batches, ({ yTrue, values }) => yTrue ?? values);
    const sampleWeight = batches[0]?.sampleWeight && joined(batches, (batch) => batch.sampleWeight);
    // A model that gives its inputs back, so that the predictions are those of the case.
    const model = new Sequential([new Activation({ activation: 'linear', inputShape: x.shape.slice(1) })]);
    const expected = [golden.results[count - 1]].flat() as number[];
    // The loss is no affair of this test: 0 for each row.
    const loss = (_: unknown, yPred: Parameters<metrics.MetricFunction>[1]) => ops.fill(yPred.shape.slice(0, 1), 0);
    model.compile({ loss, weightedMetrics: [made(golden)] });
    for (const batchSize of [1, 5, 64]) {
      const { loss: _, ...logs } = await model.evaluate(x, y, { batchSize, sampleWeight });
      expectClose(Object.values(logs), expected, BOUND, `in batches of ${batchSize}`);
    }
  });

  test('as plain data and back', () => {
    const metric = made(golden);
    const Class = metric.constructor as unknown as { fromConfig(config: object): metrics.Metric };
    const config = metric.getConfig();
    expect(Class.fromConfig(JSON.parse(JSON.stringify(config))).getConfig()).toEqual(config);
  });
});
