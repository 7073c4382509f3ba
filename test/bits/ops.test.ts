// Every public op and its gradients, on ordinary numbers and on denormals, zeros of both signs, infinities and NaN: the
// same bits on every engine and with any number of threads.

import { ops, ready, type Tensor, type Variable, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { hostile, noise } from '../noise.js';
import { Committed, ENGINE, sha256, THREADS } from './committed.js';
import { type OpCase, opCases } from './op-cases.js';

const committed = new Committed('ops');
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** The result (as the gradient by a weight of 1 on each element, hence its very bits), and gradients by the inputs. */
async function resultsOf({ run, shapes, smooth = true }: OpCase, fill: typeof noise): Promise<Float32Array[]> {
  const inputs = shapes.map((shape, i) => variable(fill(sizeOf(shape), 50 + i), [...shape]));
  let shape: number[] = [];
  const remember = (y: Tensor): Tensor => {
    shape = y.shape as number[];
    return ops.sum(y);
  };
  await valueAndGrad(() => remember(run(...inputs)), [variable([0])], { seed: 5 });
  const result = async (weights: Variable, by: Variable[]): Promise<Float32Array[]> => {
    const weighted = () => ops.sum(ops.mul(weights, run(...inputs)));
    const { value, grads } = await valueAndGrad(weighted, [weights, ...by], { seed: 5 });
    return [Float32Array.of(value), ...grads.map(({ data }) => data)];
  };
  const ones = variable(new Float32Array(sizeOf(shape)).fill(1), shape);
  const mixed = variable(noise(sizeOf(shape), 99), shape);
  const arrays = [...(await result(ones, [])), ...(smooth ? await result(mixed, inputs) : [])];
  for (const used of [...inputs, ones, mixed]) used.dispose();
  return arrays;
}

describe('ops', () => {
  for (const one of opCases()) {
    test(one.name, async () => {
      await ready({ engine: ENGINE, threads: THREADS.at(-1)! });
      committed.expect(one.name, sha256([...(await resultsOf(one, noise)), ...(await resultsOf(one, hostile))]));
    });
  }
});

describe('large enough to be shared out', () => {
  const large: OpCase[] = [
    {
      name: 'matmul 300 700 200',
      shapes: [
        [300, 700],
        [700, 200],
      ],
      run: (a, b) => ops.matmul(a, b),
    },
    { name: 'sum 1000003', shapes: [[1_000_003]], run: (x) => ops.sum(x) },
    { name: 'sum [5000, 130] over 0', shapes: [[5000, 130]], run: (x) => ops.sum(x, { axis: 0 }) },
    { name: 'softmax [5000, 130]', shapes: [[5000, 130]], run: (x) => ops.softmax(x) },
    { name: 'tanh 1000003', shapes: [[1_000_003]], run: (x) => ops.tanh(x) },
    { name: 'mul [5000, 130] [130]', shapes: [[5000, 130], [130]], run: (x, y) => ops.mul(x, y) },
    { name: 'dropout 1000003', shapes: [[1_000_003]], run: (x) => ops.dropout(x, 0.5) },
  ];
  for (const threads of THREADS) {
    for (const one of large) {
      test(`${one.name}, ${threads} threads`, async () => {
        expect(await ready({ engine: ENGINE, threads })).toMatchObject({ threads });
        committed.expect(`${one.name}, large`, sha256(await resultsOf(one, noise)));
      });
    }
  }
});
