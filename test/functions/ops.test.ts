// What compositions of ops compute, against plain loops; their gradients and those of activations, against differences in
// f64. (Ops of the core have their own tables; here is what TypeScript makes of them.)

import { checkGradients, type Operand, ops, ready, type Tensor, type Variable, valueAndGrad, variable } from 'descend';
import { beforeAll, describe, expect, test } from 'vitest';
import { resultsOf } from '../bits/op-results.js';
import { noise } from '../noise.js';

beforeAll(async () => {
  await ready({ engine: process.env.DESCEND_ENGINE as 'native' | 'wasm' });
});

/** The elements of what `run` makes of arrays. */
async function computed(run: (...xs: Operand[]) => Tensor, ...inputs: { data: number[]; shape: number[] }[]) {
  const fill = (_: number, seed: number) => Float32Array.from(inputs[seed - 50]!.data);
  const shapes = inputs.map(({ shape }) => shape);
  return [...(await resultsOf({ name: '', shapes, run, smooth: false }, fill))[1]!];
}

const range = (...shape: number[]) => {
  const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1);
  return { data, shape };
};
const numbers = (x: Tensor) => ops.cast(x, 'float32');
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('values', () => {
  test.each<[string, (...xs: Operand[]) => Tensor, ReturnType<typeof range>[], number[]]>([
    ['stack', (a, b) => ops.stack([a, b], { axis: -1 }), [range(2), range(2)], [1, 1, 2, 2]],
    ['split', (x) => ops.split(x, [1, 3], { axis: 1 })[1]!, [range(2, 4)], [2, 3, 6, 7]],
    ['split into equal parts', (x) => ops.split(x, 2)[1]!, [range(4)], [3, 4]],
    [
      'pad',
      (x) =>
        ops.pad(
          x,
          [
            [1, 0],
            [0, 2],
          ],
          { value: 9 },
        ),
      [range(1, 2)],
      [9, 9, 9, 9, 1, 2, 9, 9],
    ],
    ['tile', (x) => ops.tile(x, [2, 2]), [range(1, 2)], [1, 2, 1, 2, 1, 2, 1, 2]],
    ['repeat', (x) => ops.repeat(x, 2, { axis: 0 }), [range(2, 2)], [1, 2, 1, 2, 3, 4, 3, 4]],
    ['repeat of all', (x) => ops.repeat(x, 2), [range(2)], [1, 1, 2, 2]],
    ['flip', (x) => ops.flip(x, { axis: 1 }), [range(2, 3)], [3, 2, 1, 6, 5, 4]],
    ['flip of all', (x) => ops.flip(x), [range(2, 3)], [6, 5, 4, 3, 2, 1]],
    ['oneHot', (x) => ops.oneHot(x, 3), [{ data: [2, 0, 3, -1], shape: [4] }], [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['oneHot in front', (x) => ops.oneHot(x, 2, { axis: 0 }), [{ data: [1, 0], shape: [2] }], [0, 1, 1, 0]],
    ['min', (x) => ops.min(x, { axis: 1 }), [{ data: [3, -1, nan, 2], shape: [2, 2] }], [-1, nan]],
    ['min of nothing', (x) => ops.min(x), [range(0)], [inf]],
    ['prod', (x) => ops.prod(x, { axis: 1 }), [range(2, 5)], [120, 30240]],
    ['prod of nothing', (x) => ops.prod(x, { axis: 0 }), [range(0, 2)], [1, 1]],
    ['prod of all', (x) => ops.prod(x), [range(2, 3)], [720]],
    ['variance', (x) => ops.variance(x), [range(4)], [1.25]],
    [
      'variance far from 0',
      (x) => ops.variance(x),
      [{ data: [1e4, 1e4 + 1, 1e4 + 2], shape: [3] }],
      [Math.fround(2 / 3)],
    ],
    ['std', (x) => ops.std(x, { axis: 0 }), [{ data: [1, 3], shape: [2] }], [1]],
    [
      'logSumExp of large ones',
      (x) => ops.logSumExp(x),
      [{ data: [1000, 1000], shape: [2] }],
      [Math.fround(1000 + Math.LN2)],
    ],
    ['logSumExp of −∞', (x) => ops.logSumExp(x), [{ data: [-inf, -inf], shape: [2] }], [-inf]],
    ['logSumExp with ∞', (x) => ops.logSumExp(x), [{ data: [1, inf], shape: [2] }], [inf]],
    ['norm', (x) => ops.norm(x, { axis: 1 }), [{ data: [3, -4, 0, 0], shape: [2, 2] }], [5, 0]],
    ['norm of order 1', (x) => ops.norm(x, { ord: 1 }), [{ data: [3, -4], shape: [2] }], [7]],
    ['norm of order ∞', (x) => ops.norm(x, { ord: inf }), [{ data: [3, -4], shape: [2] }], [4]],
    ['argmax over 0', (x) => numbers(ops.argmax(x, { axis: 0 })), [{ data: [1, 5, 5, 2], shape: [2, 2] }], [1, 0]],
    ['argmin', (x) => numbers(ops.argmin(x)), [{ data: [1, -5, -5], shape: [3] }], [1]],
    ['cumsum', (x) => ops.cumsum(x, { axis: 1 }), [range(2, 3)], [1, 3, 6, 4, 9, 15]],
    [
      'cumsum exclusive and reverse',
      (x) => ops.cumsum(x, { exclusive: true, reverse: true }),
      [range(4)],
      [9, 7, 4, 0],
    ],
    ['sort', (x) => ops.sort(x, { axis: 0 }), [{ data: [3, 1, 2, 4], shape: [2, 2] }], [2, 1, 3, 4]],
    ['sort with NaN', (x) => ops.sort(x), [{ data: [nan, 2, -inf, 1], shape: [4] }], [-inf, 1, 2, nan]],
    [
      'sort of three axes',
      (x) => ops.sort(x, { axis: 1, descending: true }),
      [range(2, 2, 2)],
      [3, 4, 1, 2, 7, 8, 5, 6],
    ],
    [
      'argsort keeps the order of equals',
      (x) => numbers(ops.argsort(x)),
      [{ data: [2, 1, 2, 1], shape: [4] }],
      [1, 3, 0, 2],
    ],
    ['topK', (x) => ops.topK(x, 2).values, [{ data: [3, 9, 7, 1, 1, 0], shape: [2, 3] }], [9, 7, 1, 1]],
    [
      'topK indices',
      (x) => numbers(ops.topK(x, 2).indices),
      [{ data: [3, 9, 7, 1, 1, 0], shape: [2, 3] }],
      [1, 2, 0, 1],
    ],
    [
      'sparsemax',
      ops.sparsemax,
      [{ data: [1, 0.5, 0, 0.5, 0.5, 0, -9, 2, 0.5], shape: [3, 3] }],
      [0.75, 0.25, 0, 0.5, 0.5, 0, 0, 1, 0],
    ],
    ['ceil', ops.ceil, [{ data: [-0.5, 0.5, 2], shape: [3] }], [-0, 1, 2]],
    ['reciprocal', ops.reciprocal, [{ data: [4, 0], shape: [2] }], [0.25, inf]],
    ['isNan', (x) => numbers(ops.isNan(x)), [{ data: [nan, inf, 1], shape: [3] }], [1, 0, 0]],
    ['isFinite', (x) => numbers(ops.isFinite(x)), [{ data: [nan, inf, 1], shape: [3] }], [0, 0, 1]],
    [
      'logicalAnd',
      (a, b) => numbers(ops.logicalAnd(a, b)),
      [
        { data: [0, 0, 2, 3], shape: [4] },
        { data: [0, 1, 0, 5], shape: [4] },
      ],
      [0, 0, 0, 1],
    ],
    [
      'logicalOr',
      (a, b) => numbers(ops.logicalOr(a, b)),
      [
        { data: [0, 0, 2, 3], shape: [4] },
        { data: [0, 1, 0, 5], shape: [4] },
      ],
      [0, 1, 1, 1],
    ],
    ['logicalNot', (x) => numbers(ops.logicalNot(x)), [{ data: [0, 3], shape: [2] }], [1, 0]],
  ])('%s', async (_, run, inputs, expected) => {
    expect(await computed(run, ...inputs)).toEqual(expected);
  });

  test.each<[string, number[], number[]]>([
    ['ij,jk->ik', [2, 3], [3, 4]],
    ['ij,jk', [2, 3], [3, 4]],
    ['ij,kj->ki', [2, 3], [4, 3]],
    ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
    ['bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]],
    ['i,j->ij', [3], [4]],
    ['i,i->i', [3], [3]],
    ['i,i->', [3], [3]],
    ['ijk,ijk->j', [2, 3, 4], [2, 3, 4]],
    ['ij,k->kj', [2, 3], [4]],
    ['abc,dca->db', [2, 3, 4], [5, 4, 2]],
  ])('einsum %s', async (equation, a, b) => {
    // Whole numbers, so that every order of adding gives the same.
    const got = await computed((x, y) => ops.einsum(equation, x, y), range(...a), range(...b));
    expect(got).toEqual(naive(equation, [range(...a), range(...b)]));
  });
});

/** Sums over every letter, in loops. */
function naive(equation: string, operands: ReturnType<typeof range>[]): number[] {
  const [left = '', right] = equation.split('->');
  const inputs = left.split(',');
  const all = [...left.replace(',', '')];
  const output =
    right ??
    [...new Set(all)]
      .filter((c) => all.indexOf(c) === all.lastIndexOf(c))
      .sort()
      .join('');
  const sizes = new Map(
    inputs.flatMap((letters, i) => [...letters].map((c, j) => [c, operands[i]!.shape[j]!] as const)),
  );
  const offset = (letters: string, at: Map<string, number>) =>
    [...letters].reduce((sum, c) => sum * sizes.get(c)! + at.get(c)!, 0);
  const result = new Array<number>([...output].reduce((n, c) => n * sizes.get(c)!, 1)).fill(0);
  const visit = (letters: string[], at: Map<string, number>) => {
    const [first, ...rest] = letters;
    if (first === undefined) {
      result[offset(output, at)]! += operands.reduce((p, x, i) => p * x.data[offset(inputs[i]!, at)]!, 1);
      return;
    }
    for (let i = 0; i < sizes.get(first)!; i++) visit(rest, new Map([...at, [first, i]]));
  };
  visit([...sizes.keys()], new Map());
  return result;
}

describe('gradients', () => {
  const a = variable(noise(24, 1), [2, 3, 4], { name: 'a' });
  const b = variable(noise(24, 2), [2, 4, 3], { name: 'b' });
  const loss = (y: Tensor) => ops.sum(ops.mul(ops.square(y), ops.add(ops.sin(y), 2)));
  const functions: Record<string, (x: Variable, y: Variable) => Tensor> = {
    'matmul of many': (x, y) => ops.matmul(x, y),
    'matmul of one by many': (x, y) => ops.matmul(ops.reshape(x, [8, 3]), y, { transposeB: true }),
    einsum: (x, y) => ops.einsum('bij,bjk->ki', x, y),
    'einsum of three': (x, y) => ops.einsum('bij,bjk,k->b', x, y, new Float32Array([1, 2, 3])),
    stack: (x) => ops.stack([x, ops.neg(x)], { axis: 1 }),
    split: (x) => ops.mul(...(ops.split(x, 2, { axis: 2 }) as [Tensor, Tensor])),
    pad: (x) =>
      ops.pad(x, [
        [1, 0],
        [0, 0],
        [2, 1],
      ]),
    tile: (x) => ops.tile(x, [2, 1, 3]),
    repeat: (x) => ops.repeat(x, 3, { axis: 1 }),
    flip: (x, y) => ops.mul(ops.flip(x), ops.reshape(y, [2, 3, 4])),
    min: (x) => ops.min(x, { axis: 1 }),
    prod: (x) => ops.prod(x, { axis: [1, 2] }),
    variance: (x) => ops.variance(x, { axis: [0, 2] }),
    std: (x) => ops.std(x, { axis: 1 }),
    logSumExp: (x) => ops.logSumExp(x, { axis: 1 }),
    norm: (x) => ops.norm(x, { axis: 2 }),
    'norm of order 1': (x) => ops.norm(x, { ord: 1, axis: 2 }),
    cumsum: (x) => ops.cumsum(x, { axis: 1, reverse: true }),
    sort: (x, y) => ops.mul(ops.sort(x, { axis: 1 }), ops.reshape(y, [2, 3, 4])),
    topK: (x) => ops.topK(x, 2).values,
    sparsemax: (x) => ops.sparsemax(x),
    where: (x, y) => ops.where(ops.greater(x, 0), x, ops.reshape(y, [2, 3, 4])),
    pow: (x, y) => ops.pow(ops.add(ops.square(x), 0.1), ops.reshape(y, [2, 3, 4])),
    activations: (x) =>
      [ops.leakyRelu, ops.elu, ops.selu, ops.celu, ops.gelu, ops.silu, ops.mish, ops.softsign, ops.logSigmoid]
        .map((activation) => activation(x))
        .reduce((sum, y) => ops.add(sum, y)),
    'other activations': (x) =>
      [ops.squareplus, ops.tanhShrink, ops.sparsePlus, ops.hardSilu, ops.hardShrink, ops.softShrink]
        .map((activation) => activation(x))
        .reduce((sum, y) => ops.add(sum, y), ops.gelu(x, { approximate: true })),
    'gradients of gradients': (x) => {
      const inner = [ops.gelu(x), ops.silu(x), ops.elu(x), ops.cumsum(x, { axis: 0 }), ops.sort(ops.exp(x))];
      return ops.gradients(ops.sum(ops.square(inner.reduce((sum, y) => ops.add(sum, y)))), [x])[0]!;
    },
  };

  test.each(Object.keys(functions))('%s', async (name) => {
    const report = await checkGradients(() => loss(functions[name]!(a, b)), [a, b]);
    expect(report.maxError).toBeLessThan(1e-6);
  });

  test('of a product with zeros are the products of the others', async () => {
    const x = variable([2, 0, 3, 0, 5, 0], [2, 3]);
    const { grads } = await valueAndGrad(() => ops.sum(ops.prod(x, { axis: 1 })), [x]);
    expect([...grads[0]!.data]).toEqual([0, 6, 0, 0, 0, 0]);
  });

  test('of a length of 0 are 0', async () => {
    const x = variable([0, 0, 3, 4], [2, 2]);
    const { grads } = await valueAndGrad(() => ops.sum(ops.norm(x, { axis: 1 })), [x]);
    expect([...grads[0]!.data]).toEqual([0, 0, Math.fround(0.6), Math.fround(0.8)]);
  });
});
