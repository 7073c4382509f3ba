// Losses against Keras: values and gradients, with weights of samples and every reduction.

import { losses, ops, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface LossCase {
  name: string;
  loss: keyof typeof losses;
  options: object;
  yTrue: Golden;
  yPred: Golden;
  sampleWeight?: Golden;
  value: number | Golden;
  upstream?: Golden | number[];
  grad: number[];
}

// A few roundings in the loss of each sample and in their mean; log loses at most 1 ulp of a value near 16.
const BOUND = 32 * 2 ** -24;

const floats = ({ data, shape }: Golden) => ({ data: Float32Array.from(data), shape });

describe.each(cases<LossCase>('losses.json'))('$name', (golden) => {
  test('value and gradient', async () => {
    const Class = losses[golden.loss] as unknown as new (options: object) => losses.Loss;
    const loss = new Class(golden.options);
    const yTrue = floats(golden.yTrue);
    const yPred = variable(Float32Array.from(golden.yPred.data), golden.yPred.shape);
    const sampleWeight = golden.sampleWeight && floats(golden.sampleWeight);
    const { upstream, value } = golden;
    const factors = Array.isArray(upstream) ? upstream : upstream?.data;
    // Without a reduction the gradient is that of the losses weighted by `upstream`.
    const shape = typeof value === 'number' ? [] : value.shape;
    const weighted = () => {
      const got = loss.apply(yTrue, yPred, { sampleWeight });
      return factors === undefined ? got : ops.sum(ops.mul(got, { data: Float32Array.from(factors), shape }));
    };
    const got = await valueAndGrad(weighted, [yPred]);
    const expected =
      typeof value === 'number' ? value : value.data.reduce((sum, x, i) => sum + x * (factors?.[i] ?? 1), 0);
    expectClose([got.value], [expected], BOUND, 'value');
    expectClose(got.grads[0]?.data ?? [], golden.grad, BOUND, 'gradient');
  });

  test('as plain data and back', () => {
    const Class = losses[golden.loss] as unknown as {
      new (options: object): losses.Loss;
      fromConfig(config: object): losses.Loss;
    };
    const config = new Class(golden.options).getConfig();
    expect(Class.fromConfig(JSON.parse(JSON.stringify(config))).getConfig()).toEqual(config);
  });
});
