// Losses and metrics against Keras.

import { Activation, losses, metrics, ops, Sequential, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface LossCase {
  name: string;
  loss: keyof typeof losses;
  options: Record<string, unknown>;
  yTrue: Golden;
  yPred: Golden;
  value: number | Golden;
  upstream?: Golden | number[];
  grad: number[];
}

interface MetricCase {
  name: string;
  metric: keyof typeof metrics;
  options: Record<string, unknown>;
  batches: { yTrue: Golden; yPred: Golden }[];
  results: number[];
}

// A few roundings in the loss of each sample and in their mean; log loses at most 1 ulp of a value near 16.
const BOUND = 32 * 2 ** -24;

function lossOf({ loss, options: { axis, ...options } }: LossCase): losses.Loss {
  expect([undefined, -1]).toContain(axis);
  const Class = losses[loss] as unknown as new (options: object) => losses.Loss;
  return new Class(options);
}

describe.each(cases<LossCase>('losses.json'))('$name', (golden) => {
  test('value and gradient', async () => {
    const loss = lossOf(golden);
    const yTrue = { ...golden.yTrue, data: Float32Array.from(golden.yTrue.data) };
    const yPred = variable(Float32Array.from(golden.yPred.data), golden.yPred.shape);
    const { upstream, value } = golden;
    const weights = Array.isArray(upstream) ? upstream : upstream?.data;
    // Without a reduction the gradient is that of the losses weighted by `upstream`.
    const shape = typeof value === 'number' ? [] : value.shape;
    const weighted = () =>
      weights === undefined
        ? loss.apply(yTrue, yPred)
        : ops.sum(ops.mul(loss.apply(yTrue, yPred), { data: Float32Array.from(weights), shape }));
    const got = await valueAndGrad(weighted, [yPred]);
    const expected =
      typeof value === 'number' ? value : value.data.reduce((sum, x, i) => sum + x * (weights?.[i] ?? 1), 0);
    expectClose([got.value], [expected], BOUND, 'value');
    expectClose(got.grads[0]?.data ?? [], golden.grad, BOUND, 'gradient');
  });
});

describe.each(cases<MetricCase>('metrics.json'))('$name', (golden) => {
  test.each([golden.batches.length, 2, 1])('after %i batches', async (count) => {
    const batches = golden.batches.slice(0, count);
    const joined = (of: (batch: (typeof batches)[0]) => Golden): Golden => {
      const parts = batches.map(of);
      const rows = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
      return { data: parts.flatMap(({ data }) => data), shape: [rows, ...(parts[0]?.shape.slice(1) ?? [])] };
    };
    const x = joined(({ yPred }) => yPred);
    const Class = metrics[golden.metric] as unknown as new (options: object) => metrics.Metric;
    // A model that gives its inputs back, so that the predictions are those of the case.
    const model = new Sequential([new Activation({ activation: 'linear', inputShape: x.shape.slice(1) })]);
    model.compile({ loss: () => ops.sum(0), metrics: [new Class({ ...golden.options, name: 'metric' })] });
    const y = joined(({ yTrue }) => yTrue);
    for (const batchSize of [1, 5, 32]) {
      const { metric } = await model.evaluate(x, y, { batchSize });
      expectClose([metric as number], [golden.results[count - 1] as number], BOUND, `in batches of ${batchSize}`);
    }
  });
});
