// Products with Hessians and Jacobians, against formulas, against differences in f64 and against each other; gradients by
// rules of the user's own.

import {
  checkGradients,
  grad,
  hessianVectorProduct,
  jacobianVectorProduct,
  type Operand,
  ops,
  type Tensor,
  valueAndGrad,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../golden.js';
import { noise } from '../noise.js';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

describe('hessianVectorProduct', () => {
  test('of a quadratic is its matrix times the vector', async () => {
    const matrix = [
      [2, 1, 0],
      [1, 3, -1],
      [0, -1, 4],
    ];
    const x = variable([1, -2, 0.5]);
    const value = () => ops.mul(0.5, ops.sum(ops.mul(x, ops.reshape(ops.matmul(matrix, ops.reshape(x, [3, 1])), [3]))));
    const [product] = await hessianVectorProduct(value, [x], [[1, 2, 3]]);
    expect(product).toEqual({ data: Float32Array.from([4, 4, 10]), shape: [3] });
  });

  test('of Rosenbrock’s function, by its formula', async () => {
    const [a, b] = [-1.2, 1.5];
    const [x, y] = [variable([a]), variable([b])];
    const value = () =>
      ops.sum(ops.add(ops.square(ops.sub(1, x)), ops.mul(100, ops.square(ops.sub(y, ops.square(x))))));
    const [byX, byY] = await hessianVectorProduct(value, [x, y], [[0.3], [-0.7]]);
    // Terms of some 340 cancel.
    expectClose(byX!.data, [(2 - 400 * (b - 3 * a * a)) * 0.3 - 400 * a * -0.7], 340 * 2 ** -24, 'by x');
    expectClose(byY!.data, [-400 * a * 0.3 + 200 * -0.7], 340 * 2 ** -24, 'by y');
  });

  test('of a network: symmetric, and what gradients change by', async () => {
    const w = variable(noise(15, 1), [5, 3]);
    const b = variable(noise(3, 2), [3]);
    const x = { data: noise(35, 3), shape: [7, 5] };
    const labels = Int32Array.from([0, 2, 1, 1, 0, 2, 2]);
    const value = () =>
      ops.mean(ops.sparseCrossEntropy(ops.tanh(ops.add(ops.matmul(x, w), b)), labels, { fromLogits: true }));
    const [u, v] = [4, 5].map((seed) => [noise(15, seed), noise(3, seed + 10)] as const) as [
      readonly [Float32Array, Float32Array],
      readonly [Float32Array, Float32Array],
    ];
    const product = async (of: typeof u) => (await hessianVectorProduct(value, [w, b], of)).map(({ data }) => data);
    const [hu, hv] = [await product(u), await product(v)];
    const inner = (a: readonly ArrayLike<number>[], c: readonly ArrayLike<number>[]): number =>
      dot(a[0]!, c[0]!) + dot(a[1]!, c[1]!);
    expect(inner(u, hv)).toBeCloseTo(inner(v, hu), 6);
    // The gradient of ∇f · v is H v: the oracle's differences of the former, in f64, hold the graph of the latter.
    const along = (): Tensor => {
      const [byW, byB] = ops.gradients(value(), [w, b]) as [Tensor, Tensor];
      return ops.add(ops.sum(ops.mul(byW, ops.reshape(v[0], [5, 3]))), ops.sum(ops.mul(byB, v[1])));
    };
    expect(await checkGradients(along, [w, b])).toMatchObject({ ok: true });
    const exact = await grad(along, [w, b]);
    for (const [i, { data }] of exact.entries()) expectClose(hv[i]!, data, 1e-6, `part ${i}`);
  });
});

describe('jacobianVectorProduct', () => {
  test('of a matrix product and of elementwise functions, by formulas', async () => {
    const x = variable([0.3, -1.1, 2]);
    const v = [1, -2, 0.5];
    const sines = await jacobianVectorProduct(() => ops.sin(x), [x], [v]);
    expectClose(
      sines.data,
      v.map((d, i) => Math.cos(x.data[i]!) * d),
      1e-6,
      'sine',
    );
    expect(sines.shape).toEqual([3]);
    const a = noise(6, 1);
    const product = await jacobianVectorProduct(
      () => ops.matmul({ data: a, shape: [2, 3] }, ops.reshape(x, [3, 1])),
      [x],
      [Float32Array.from(v)],
    );
    expect(product.shape).toEqual([2, 1]);
    expectClose(
      product.data,
      [0, 1].map((row) => dot(a.slice(3 * row, 3 * row + 3), v)),
      1e-6,
      'product',
    );
  });

  test.each<[string, (x: Operand, w: Operand) => Tensor]>([
    ['softmax', (x, w) => ops.softmax(ops.mul(x, ops.slice(w, { start: 0, length: 4 })))],
    ['layers', (x, w) => ops.tanh(ops.matmul(ops.reshape(x, [3, 4]), ops.reshape(w, [4, 5])))],
    [
      'a loop',
      (x, w) => {
        const { outputs } = ops.scan(
          ([h], [entry]) => {
            const next = ops.tanh(
              ops.add(ops.mul(h as Tensor, ops.slice(w, { start: 0, length: 4 })), entry as Tensor),
            );
            return { carries: [next], outputs: [next] };
          },
          { carries: [ops.fill([4], 0.1)], sequences: [ops.reshape(x, [3, 4])] },
        );
        return outputs[0] as Tensor;
      },
    ],
  ])('%s: u · (J v) = (uᵀ J) · v', async (_, fn) => {
    const [x, w] = [variable(noise(12, 1), [3, 4]), variable(noise(20, 2), [5, 4])];
    const flat = () => fn(x, ops.reshape(w, [20, 1].slice(0, 1)));
    const vectors = [noise(12, 3), noise(20, 4)] as const;
    const product = await jacobianVectorProduct(flat, [x, w], vectors);
    const u = { data: noise(product.data.length, 5), shape: product.shape };
    const back = await grad(() => ops.sum(ops.mul(flat(), u)), [x, w]);
    const [forwards, backwards] = [
      dot(u.data, product.data),
      dot(back[0]!.data, vectors[0]) + dot(back[1]!.data, vectors[1]),
    ];
    expect(Math.abs(forwards - backwards)).toBeLessThan(1e-5 * Math.max(1, Math.abs(forwards)));
    expect(Math.abs(forwards)).toBeGreaterThan(1e-3);
  });

  test('what does not depend on the variables has none', async () => {
    const x = variable([1, 2]);
    const none = await jacobianVectorProduct(() => ops.fill([2, 2], 3), [x], [[1, 1]]);
    expect(none).toEqual({ data: new Float32Array(4), shape: [2, 2] });
  });

  test('random numbers are those of the seed', async () => {
    const x = variable(new Float32Array(50).fill(1));
    const of = async (seed: number) =>
      (await jacobianVectorProduct(() => ops.dropout(x, 0.5), [x], [new Float32Array(50).fill(1)], { seed })).data;
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
    expect(new Set(await of(1))).toEqual(new Set([0, 2]));
  });
});

test('vectors that do not fit are refused', async () => {
  const x = variable([1, 2]);
  const value = () => ops.sum(ops.square(x));
  await expect(hessianVectorProduct(value, [x], [])).rejects.toThrow(
    'hessianVectorProduct: vectors: expected a list of 1, one for each variable, got 0',
  );
  await expect(hessianVectorProduct(value, [x], [[1, 2, 3]])).rejects.toThrow(
    'hessianVectorProduct: vector 0: expected',
  );
  await expect(jacobianVectorProduct(value, [x], [Int32Array.of(1, 2)])).rejects.toMatchObject({
    code: 'SHAPE_MISMATCH',
  });
  await expect(jacobianVectorProduct(3 as never, [x], [[1, 2]])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  await expect(hessianVectorProduct(() => ops.square(x), [x], [[1, 1]])).rejects.toMatchObject({
    code: 'SHAPE_MISMATCH',
  });
});

describe('ops.customGradient', () => {
  const x = variable([-1.4, 0.2, 2.6]);

  test('lets a gradient through, turns it round, and clips it', async () => {
    const through = () =>
      ops.sum(
        ops.mul(
          [1, 2, 3],
          ops.customGradient(
            [x],
            (x) => ops.round(x),
            (dy) => [dy],
          ),
        ),
      );
    const { value, grads } = await valueAndGrad(through, [x]);
    expect(value).toBe(-1 + 0 + 9);
    expect([...grads[0]!.data]).toEqual([1, 2, 3]);
    const round = () =>
      ops.sum(
        ops.square(
          ops.customGradient(
            [x],
            (x) => ops.mul(x, 1),
            (dy) => [ops.neg(dy)],
          ),
        ),
      );
    expectClose((await grad(round, [x]))[0]!.data, [2.8, -0.4, -5.2], 1e-6, 'turned round');
    const clipped = () =>
      ops.sum(
        ops.square(
          ops.customGradient(
            [x],
            (x) => ops.mul(x, 1),
            (dy) => [ops.clip(dy, -1, 1)],
          ),
        ),
      );
    expectClose((await grad(clipped, [x]))[0]!.data, [-1, 0.4, 1], 1e-6, 'clipped');
  });

  test('a true rule is one that differences agree with, at every order', async () => {
    // ln(1 + eˣ), by its own gradient, dy · (1 − e^(−y)).
    const soft = (x: Operand): Tensor =>
      ops.customGradient(
        [x],
        (x) => ops.log(ops.add(1, ops.exp(x))),
        (dy, _xs, y) => [ops.mul(dy, ops.sub(1, ops.exp(ops.neg(y))))],
      );
    expect(await checkGradients(() => ops.sum(ops.square(soft(x))), [x])).toMatchObject({ ok: true });
    const nested = () => ops.sum(ops.square(ops.gradients(ops.sum(soft(ops.mul(x, 2))), [x])[0] as Tensor));
    expect(await checkGradients(nested, [x])).toMatchObject({ ok: true });
    const product = ([a, b]: [Operand, Operand]): Tensor =>
      ops.customGradient([a, b], ops.mul, (dy, [a, b]) => [ops.mul(dy, b!), ops.mul(dy, a!)]);
    const y = variable([0.5, -2, 1]);
    expect(await checkGradients(() => ops.sum(ops.square(product([x, y]))), [x, y])).toMatchObject({ ok: true });
    const [own] = await hessianVectorProduct(() => ops.sum(product([ops.square(x), y])), [x], [[1, 1, 1]]);
    expectClose(own!.data, [1, -4, 2], 1e-6, 'Hessian');
  });

  test('uses what is around it, in loops too', async () => {
    const scale = variable([0.5, 2, -1]);
    const value = (): Tensor => {
      const { outputs } = ops.scan(
        (_carries, [entry]) => ({
          outputs: [
            ops.customGradient(
              [entry as Tensor],
              (e) => ops.mul(e, scale),
              (dy) => [ops.mul(dy, scale)],
            ),
          ],
        }),
        { sequences: [ops.reshape(x, [1, 3])] },
      );
      return ops.sum(outputs[0] as Tensor);
    };
    const [byX, byScale] = await grad(value, [x, scale]);
    expect([...byX!.data]).toEqual([0.5, 2, -1]);
    expect([...byScale!.data]).toEqual([0, 0, 0]);
  });

  test('rules that do not fit are refused', async () => {
    const of = (rule: Parameters<typeof ops.customGradient>[2], xs: Operand[] = [x]) =>
      grad(() => ops.sum(ops.customGradient(xs, (x) => ops.cast(x, 'float32'), rule)), [x]);
    await expect(of(() => [])).rejects.toThrow('customGradient: expected a rule that gives 1 gradients, got 0');
    await expect(of((dy) => [ops.sum(dy)])).rejects.toThrow(
      'customGradient: gradient 0: expected float32[3], got float32[]',
    );
    await expect(of((dy) => [dy], [Int32Array.of(1, 2, 3)])).rejects.toThrow('null, for there is none by');
    await expect(of(() => [null], [Int32Array.of(1, 2, 3)])).resolves.toHaveLength(1);
    await expect(of(undefined as never)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});
