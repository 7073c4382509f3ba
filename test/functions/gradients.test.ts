// Gradients of composed functions: in f64 against central differences, in f32 against formulas, and nested.

import { checkGradients, grad, ops, setSeed, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';

/** Numbers from −1 to 1 that repeat in every run: a Weyl sequence. */
function numbers(n: number, start = 1): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => 2 * (((start + i) * 0.6180339887498949) % 1) - 1);
}

const a = variable(numbers(15), [3, 5], { name: 'a' });
const b = variable(numbers(10, 40), [5, 2], { name: 'b' });
const v = variable(numbers(5, 80), [5], { name: 'v' });

describe('central differences agree on', () => {
  const labels = new Int32Array([1, 4, 0]);
  const functions: Record<string, () => ReturnType<typeof ops.mean>> = {
    'sums of squares': () => ops.sum(ops.square(a)),
    'means over axes': () => ops.sum(ops.square(ops.mean(a, { axis: 1 }))),
    products: () => ops.sum(ops.tanh(ops.matmul(a, b))),
    'transposed products': () => ops.sum(ops.sigmoid(ops.matmul(a, a, { transposeB: true }))),
    'products transposed first': () => ops.sum(ops.exp(ops.matmul(a, a, { transposeA: true }))),
    broadcasting: () => ops.sum(ops.mul(ops.add(a, v), ops.div(v, ops.exp(a)))),
    softmax: () => ops.sum(ops.mul(ops.softmax(a), v)),
    'log softmax': () => ops.sum(ops.mul(ops.logSoftmax(a), v)),
    'logarithms and roots': () => ops.sum(ops.log(ops.add(1.5, ops.sqrt(ops.add(2, a))))),
    'sparse cross-entropy of logits': () => ops.mean(ops.sparseCrossEntropy(a, labels, { fromLogits: true })),
    'sparse cross-entropy of probabilities': () => ops.mean(ops.sparseCrossEntropy(ops.softmax(a), labels)),
    'binary cross-entropy': () => ops.mean(ops.binaryCrossEntropy(ops.sigmoid(a), ops.fill([3, 5], 0.25))),
    maxima: () => ops.sum(ops.square(ops.max(a, { axis: 1 }))),
    'parts and joins': () =>
      ops.sum(
        ops.square(
          ops.concat([ops.slice(a, { axis: 1, start: 1, length: 2 }), ops.slice(a, { axis: 1, start: 0, length: 3 })], {
            axis: 1,
          }),
        ),
      ),
    'gathered rows': () => ops.sum(ops.square(ops.gather(a, new Int32Array([2, 0, 2])))),
    'picked elements': () => ops.sum(ops.exp(ops.pick(a, labels))),
    'other shapes': () => ops.sum(ops.mul(ops.reshape(ops.transpose(a), [3, 5]), a)),
    dropout: () => ops.sum(ops.square(ops.dropout(a, 0.4))),
    'gradients of gradients': () => {
      const [inner] = ops.gradients(ops.sum(ops.exp(ops.matmul(a, b))), [a]);
      return ops.sum(ops.square(inner as ReturnType<typeof ops.mean>));
    },
    'a loop': () => {
      const { carries, outputs } = ops.scan(
        ([h], [x]) => {
          const next = ops.tanh(
            ops.add(ops.mul(h as ReturnType<typeof ops.mean>, v), x as ReturnType<typeof ops.mean>),
          );
          return { carries: [next], outputs: [ops.square(next)] };
        },
        { carries: [ops.fill([5], 0.1)], sequences: [a] },
      );
      return ops.add(
        ops.sum(carries[0] as ReturnType<typeof ops.mean>),
        ops.sum(outputs[0] as ReturnType<typeof ops.mean>),
      );
    },
  };

  test.each(Object.keys(functions))('%s', async (name) => {
    const report = await checkGradients(functions[name] as () => ReturnType<typeof ops.mean>, [a, b, v], { seed: 3 });
    expect(report).toMatchObject({ ok: true, checked: 30 });
    expect(report.maxError).toBeLessThan(1e-7);
  });

  test('and find a wrong gradient', async () => {
    const half = () => ops.sum(ops.add(ops.square(a), ops.stopGradient(ops.square(a))));
    const report = await checkGradients(half, [a]);
    expect(report.ok).toBe(false);
    expect(report.worst).toMatchObject({ variable: 0, name: 'a' });
  });
});

describe('valueAndGrad', () => {
  test('gives the value and the gradients of a quadratic', async () => {
    const w = variable([1, 2], [2]);
    const target = new Float32Array([3, 5]);
    const { value, grads } = await valueAndGrad(() => ops.mean(ops.square(ops.sub(w, target))), [w]);
    // ((1 − 3)² + (2 − 5)²) / 2, and (w − target) · 2 / 2.
    expect(value).toBe(6.5);
    expect(grads).toEqual([{ data: new Float32Array([-2, -3]), shape: [2] }]);
  });

  test('sees numbers, arrays and variables as they are at each call', async () => {
    const w = variable([2]);
    const x = new Float32Array([3]);
    let factor = 10;
    const f = () => ops.sum(ops.mul(ops.mul(w, x), factor));
    expect(await valueAndGrad(f, [w])).toEqual({ value: 60, grads: [{ data: new Float32Array([30]), shape: [1] }] });
    x[0] = 4;
    factor = 100;
    w.assign([1]);
    expect(await valueAndGrad(f, [w])).toEqual({ value: 400, grads: [{ data: new Float32Array([400]), shape: [1] }] });
  });

  test('a variable that does not matter has a gradient of zeros', async () => {
    const [w, u] = [variable([1, 2]), variable([[1], [2]])];
    const grads = await grad(() => ops.sum(w), [w, u]);
    expect(grads).toEqual([
      { data: new Float32Array([1, 1]), shape: [2] },
      { data: new Float32Array([0, 0]), shape: [2, 1] },
    ]);
  });

  test('a Hessian-vector product by nesting', async () => {
    // f = Σ w³: the Hessian is diag(6 w), so Hv = 6 w v.
    const w = variable([1, -2, 3]);
    const direction = [1, 10, 100];
    const dot = () => {
      const [g] = ops.gradients(ops.sum(ops.mul(ops.square(w), w)), [w]);
      return ops.sum(ops.mul(g as ReturnType<typeof ops.mean>, direction));
    };
    const [hv] = await grad(dot, [w]);
    expect([...(hv?.data ?? [])]).toEqual([6, -120, 1800]);
  });

  test('random ops repeat with the seed and the iteration', async () => {
    const w = variable(new Float32Array(64).fill(1));
    const f = () => ops.sum(ops.dropout(w, 0.5));
    const value = async (seed: number, iteration: number) => (await valueAndGrad(f, [w], { seed, iteration })).value;
    expect(await value(1, 0)).toBe(await value(1, 0));
    const values = new Set([
      await value(1, 0),
      await value(1, 1),
      await value(1, 2),
      await value(2, 0),
      await value(3, 0),
    ]);
    expect(values.size).toBeGreaterThan(1);
  });

  test('setSeed stands in where no seed is given', async () => {
    const w = variable(new Float32Array(64).fill(1));
    const value = async () => (await valueAndGrad(() => ops.sum(ops.dropout(w, 0.5)), [w])).value;
    const given = async (seed: number) => {
      setSeed(seed);
      return [await value(), await value()];
    };
    const [one, two] = [await given(1), await given(2)];
    expect(one[0]).toBe(one[1]);
    expect(await given(1)).toEqual(one);
    expect(await given(2)).toEqual(two);
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => setSeed(bad)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    }
  });

  test.each([0, 1, 15, 16, 17, 31, 33, 63])('size %i', async (n) => {
    const w = variable(numbers(n));
    const { value, grads } = await valueAndGrad(() => ops.sum(ops.square(w)), [w]);
    const exact = w.data.reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(n * 2 ** -24 * exact);
    expect(grads[0]?.data).toEqual(Float32Array.from(w.data, (x) => 2 * x));
  });

  test.each<[string, () => unknown, string]>([
    ['a vector as result', () => valueAndGrad(() => ops.square(a), [a]), 'SHAPE_MISMATCH'],
    ['no variables', () => valueAndGrad(() => ops.sum(a), []), 'INVALID_VALUE'],
    [
      'an array as variable',
      () => valueAndGrad(() => ops.sum(a), [new Float32Array(2) as unknown as typeof a]),
      'INVALID_VALUE',
    ],
    ['a variable twice', () => valueAndGrad(() => ops.sum(a), [a, a]), 'DUPLICATE_NAME'],
    ['integers', () => valueAndGrad(() => ops.sum(a), [variable(new Int32Array(2))]), 'NOT_DIFFERENTIABLE'],
    ['no function', () => valueAndGrad(1 as unknown as () => number, [a]), 'INVALID_VALUE'],
    ['a promise', () => valueAndGrad((async () => 1) as unknown as () => number, [a]), 'INVALID_VALUE'],
    ['a seed of −1', () => valueAndGrad(() => ops.sum(a), [a], { seed: -1 }), 'INVALID_VALUE'],
    ['an unknown option', () => valueAndGrad(() => ops.sum(a), [a], { sed: 1 } as object), 'UNKNOWN_OPTION'],
    ['null as options', () => valueAndGrad(() => ops.sum(a), [a], null as never), 'INVALID_VALUE'],
    [
      'an unknown option of a check',
      () => checkGradients(() => ops.sum(a), [a], { eps: 1 } as object),
      'UNKNOWN_OPTION',
    ],
    ['an unknown option of a variable', () => variable([1], [1], { nam: 'w' } as object), 'UNKNOWN_OPTION'],
    [
      'a label out of range',
      () => valueAndGrad(() => ops.sum(ops.sparseCrossEntropy(a, [0, 5, 1])), [a]),
      'LABEL_OUT_OF_RANGE',
    ],
    [
      'a negative label',
      () => valueAndGrad(() => ops.sum(ops.sparseCrossEntropy(a, [0, -1, 1])), [a]),
      'LABEL_OUT_OF_RANGE',
    ],
    [
      'a disposed variable',
      () => {
        const gone = variable([1]);
        gone.dispose();
        return valueAndGrad(() => ops.sum(gone), [gone]);
      },
      'DISPOSED',
    ],
  ])('refuses %s, and the next call works', async (_, call, code) => {
    await expect((async () => call())()).rejects.toMatchObject({ name: 'DescendError', code });
    expect((await valueAndGrad(() => ops.sum(v), [v])).grads[0]?.data).toEqual(new Float32Array(5).fill(1));
  });
});
