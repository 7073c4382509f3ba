// Attention against the formula in f64: masks of two to four axes, causal or not, with the weights of all pairs of steps; heads
// that share keys; scores that are no products. Reference numbers are in `sequences.golden.test.ts`.

import {
  AdditiveAttention,
  Attention,
  checkGradients,
  Dense,
  Flatten,
  GroupQueryAttention,
  grad,
  Input,
  loadModel,
  Masking,
  Model,
  MultiHeadAttention,
  type Operand,
  ops,
  type Tensor,
  type Variable,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../golden.js';
import { noise } from '../noise.js';

type Values = Variable<'float32'>;

const filled = (shape: number[], seed: number): Values =>
  variable(
    noise(
      shape.reduce((product, n) => product * n, 1),
      seed,
    ),
    shape,
  );

async function evaluate(fn: () => Tensor): Promise<{ data: Float32Array; shape: number[] }> {
  let shape: number[] = [];
  const probe = variable([0]);
  await grad(() => {
    const y = fn();
    shape = y.shape as number[];
    return ops.mul(ops.sum(y), ops.sum(probe));
  }, [probe]);
  const ones = variable(new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(1), shape);
  const [result] = await grad(() => ops.sum(ops.mul(fn(), ones)), [ones]);
  return { data: result!.data, shape };
}

/** Whether query i of head h of sample b sees key j. */
type Sees = (b: number, h: number, i: number, j: number) => boolean;

/** Outputs and weights by the book, in f64, of queries [B, Tq, heads · d], keys [B, Tk, …] and values [B, Tk, heads · e]. */
function attended([q, k, v]: readonly [Values, Values, Values], heads: number, scale: number, sees: Sees) {
  const [batch, queries, width] = q.shape as [number, number, number];
  const [, keys, out] = v.shape as [number, number, number];
  const [d, e] = [width / heads, out / heads];
  const [qs, ks, vs] = [q.data, k.data, v.data];
  const output = new Float64Array(batch * queries * out);
  const weights: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const scores = Array.from({ length: keys }, (_, j) => {
          let score = 0;
          for (let c = 0; c < d; c++) {
            score += qs[(b * queries + i) * width + h * d + c]! * ks[(b * keys + j) * width + h * d + c]!;
          }
          return sees(b, h, i, j) ? Math.exp(score * scale) : 0;
        });
        const total = scores.reduce((sum, x) => sum + x, 0);
        for (const [j, score] of scores.entries()) {
          const weight = total === 0 ? 0 : score / total;
          weights.push(weight);
          for (let c = 0; c < e; c++) {
            output[(b * queries + i) * out + h * e + c]! += weight * vs[(b * keys + j) * out + h * e + c]!;
          }
        }
      }
    }
  }
  return { output, weights };
}

const [BATCH, QUERIES, KEYS, HEADS] = [2, 5, 7, 3];
// Whether a number that looks random is above a third of its range; the first two keys are always seen but in row 3.
const chance = (...at: number[]): boolean => at.reduce((sum, n) => (sum * 31 + n * 17 + 7) % 101, 5) > 33;

describe.each([false, true])('ops.attention, causal: %s', (causal) => {
  const inputs = [filled([BATCH, QUERIES, 6], 1), filled([BATCH, KEYS, 6], 2), filled([BATCH, KEYS, 12], 3)] as const;
  const masks: [string, number[] | undefined, Sees][] = [
    ['no mask', undefined, () => true],
    ['of queries and keys', [QUERIES, KEYS], (_b, _h, i, j) => i !== 3 && chance(i, j)],
    ['of samples', [BATCH, QUERIES, KEYS], (b, _h, i, j) => chance(b, i, j)],
    ['of samples, for all queries', [BATCH, 1, KEYS], (b, _h, _i, j) => chance(b, j)],
    ['of heads', [BATCH, HEADS, QUERIES, KEYS], (b, h, i, j) => chance(b, h, i, j)],
    ['of heads, for all samples', [1, HEADS, QUERIES, KEYS], (_b, h, i, j) => chance(h, i, j)],
    ['of heads, for all queries', [BATCH, HEADS, 1, KEYS], (b, h, _i, j) => chance(b, h, j)],
    ['of four axes, for all heads', [BATCH, 1, QUERIES, KEYS], (b, _h, i, j) => chance(b, i, j)],
  ];

  test.each(masks)('%s', async (_, shape, sees) => {
    const full: Sees = (b, h, i, j) => sees(b, h, i, j) && (!causal || j <= i);
    const mask = shape && {
      data: Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, at) => {
        const index: number[] = [];
        for (const size of [...shape].reverse()) {
          index.unshift(at % size);
          at = Math.floor(at / size);
        }
        const [i, j] = index.slice(-2) as [number, number];
        const [b, h] = [shape.length > 2 ? index[0]! : 0, shape.length > 3 ? index[1]! : 0];
        return sees(b, h, i, j) ? 1 : 0;
      }),
      shape,
    };
    const run = (): Tensor => ops.attention(...inputs, { heads: HEADS, mask, causal, scale: 0.7 });
    const { output } = attended(inputs, HEADS, 0.7, full);
    expectClose((await evaluate(run)).data, output, 40 * 2 ** -24, 'output');
    expect(await checkGradients(() => ops.sum(ops.sin(ops.mul(3, run()))), inputs)).toMatchObject({ ok: true });
  });
});

test('a mask of other sizes is refused', async () => {
  const q = filled([2, 5, 6], 1);
  const of = (shape: number[]) => evaluate(() => ops.attention(q, q, q, { heads: 3, mask: filled(shape, 2) }));
  await expect(of([5])).rejects.toThrow(
    'attention: expected a mask of 2 to 4 axes ([batch, [heads,]] queries, keys), got [5]',
  );
  await expect(of([2, 4, 5])).rejects.toThrow('a mask of shape [2, 3, 5, 5], or 1 for some');
  await expect(of([2, 2, 5, 5])).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
});

/** A layer's inputs through its own kernels, in f32 by other ops. */
function projected(
  layer: MultiHeadAttention | GroupQueryAttention,
  xs: readonly [Operand, Operand, Operand],
): Tensor[] {
  return ['query', 'key', 'value'].map((word, n) => {
    const [kernel, bias] = ['kernel', 'bias'].map(
      (kind) => layer.weights.find((w) => w.ownName === `${word}_${kind}`)!,
    );
    const [size, heads, width] = kernel!.shape as [number, number, number];
    return ops.add(
      ops.matmul(xs[n]!, ops.reshape(kernel!, [size, heads * width])),
      ops.reshape(bias!, [heads * width]),
    );
  });
}

describe('layers', () => {
  const x = filled([BATCH, QUERIES, 4], 5);
  const y = filled([BATCH, KEYS, 3], 6);

  test.each([
    [{}, () => true],
    [{ useCausalMask: true }, (_b: number, _h: number, i: number, j: number) => j <= i],
  ] as [object, Sees][])('MultiHeadAttention gives its weights, %o', async (options, sees) => {
    const layer = new MultiHeadAttention({ numHeads: HEADS, keyDim: 2, valueDim: 3, biasInitializer: 'random_normal' });
    layer.computeOutputShape([
      [QUERIES, 4],
      [KEYS, 3],
    ]);
    const parts = await Promise.all([0, 1, 2].map((n) => evaluate(() => projected(layer, [x, y, y])[n]!)));
    const inputs = parts.map(({ data, shape }) => variable(data, shape)) as unknown as [Values, Values, Values];
    const { output, weights } = attended(inputs, HEADS, 1 / Math.sqrt(2), sees);
    const call = () => layer.apply([x, y], { ...options, returnAttentionScores: true });
    const scores = await evaluate(() => call()[1]);
    expect(scores.shape).toEqual([BATCH, HEADS, QUERIES, KEYS]);
    expectClose(scores.data, weights, 40 * 2 ** -24, 'weights');
    const mixed = variable(Float32Array.from(output), [BATCH, QUERIES, HEADS * 3]);
    const [kernel, bias] = ['kernel', 'bias'].map(
      (kind) => layer.weights.find((w) => w.ownName === `attention_output_${kind}`)!,
    );
    const end = await evaluate(() => ops.add(ops.matmul(mixed, ops.reshape(kernel!, [HEADS * 3, 4])), bias!));
    expectClose((await evaluate(() => call()[0])).data, end.data, 80 * 2 ** -24, 'output');
    expectClose((await evaluate(() => layer.apply([x, y], options) as Tensor)).data, end.data, 80 * 2 ** -24, 'alone');
  });

  test('masks of the call and of the inputs hide together', async () => {
    const layer = new MultiHeadAttention({ numHeads: 2, keyDim: 2 });
    // The last two steps of the second sample are padding.
    const padded = variable(
      x.data.map((v, i) => (i >= 4 * (QUERIES + 3) ? 0 : v)),
      x.shape as number[],
    );
    const given = {
      data: Float32Array.from({ length: QUERIES ** 2 }, (_, i) => Number(chance(i))),
      shape: [QUERIES, QUERIES],
    };
    const call = (): [Tensor, Tensor] =>
      layer.apply(new Masking().apply(padded), {
        attentionMask: given,
        useCausalMask: true,
        returnAttentionScores: true,
      });
    const { data } = await evaluate(() => call()[1]);
    for (const [at, weight] of data.entries()) {
      const [j, i, b] = [at % QUERIES, Math.floor(at / QUERIES) % QUERIES, Math.floor(at / (2 * QUERIES ** 2))];
      const seen = j <= i && given.data[QUERIES * i + j] === 1 && (b === 0 || j < 3);
      if (!seen) expect(weight).toBe(0);
      else expect(weight).toBeGreaterThan(0);
    }
  });

  test('masks of models: an array, or an input', async () => {
    const [input, given] = [Input({ shape: [QUERIES, 4] }), Input({ shape: [QUERIES, QUERIES] })];
    const heads = new MultiHeadAttention({ numHeads: 2, keyDim: 2 });
    const data = Float32Array.from({ length: QUERIES ** 2 }, (_, i) => Number(chance(i)));
    const mask = { data, shape: [QUERIES, QUERIES] };
    const fixed = new Model({ inputs: input, outputs: heads.apply(input, { attentionMask: mask }), seed: 1 });
    const open = new Model({ inputs: [input, given], outputs: heads.apply(input, { attentionMask: given }), seed: 1 });
    const rows = { data: Float32Array.from([...data, ...data]), shape: [BATCH, QUERIES, QUERIES] };
    const expected = await evaluate(() => heads.apply(x, { attentionMask: mask }));
    const numbers = async (of: Promise<unknown>): Promise<Float32Array> => ((await of) as { data: Float32Array }).data;
    for (const model of [fixed, (await loadModel(await fixed.toBytes())) as typeof fixed]) {
      expectClose(await numbers(model.predict(x)), expected.data, 1e-6, 'fixed');
    }
    for (const model of [open, (await loadModel(await open.toBytes())) as typeof open]) {
      expectClose(await numbers(model.predict([x, rows] as never)), expected.data, 1e-6, 'open');
    }
  });

  test('GroupQueryAttention is MultiHeadAttention whose heads of keys and values are repeated', async () => {
    const layer = new GroupQueryAttention({
      headDim: 3,
      numQueryHeads: 4,
      numKeyValueHeads: 2,
      biasInitializer: 'random_normal',
    });
    const full = new MultiHeadAttention({ numHeads: 4, keyDim: 3 });
    for (const one of [layer, full]) one.computeOutputShape([QUERIES, 4]);
    for (const weight of full.weights) {
      const own = layer.weights.find(({ ownName }) => ownName === weight.ownName)!;
      const axis = weight.shape.length - 2;
      const shared = /^(key|value)/.test(weight.ownName);
      // Head h of the queries looks at head ⌊h / 2⌋.
      const { data } = await evaluate(() => ops.mul(shared ? ops.repeat(own, 2, { axis }) : own, 1));
      weight.assign(data);
    }
    const [ours, theirs] = [await evaluate(() => layer.apply(x)), await evaluate(() => full.apply(x))];
    expectClose(ours.data, theirs.data, 1e-6, 'output');
    expect(layer.weights.map(({ shape }) => shape)).toContainEqual([4, 2, 3]);
    expect(() => new GroupQueryAttention({ headDim: 3, numQueryHeads: 4, numKeyValueHeads: 3 })).toThrow(
      'GroupQueryAttention numKeyValueHeads: expected a divisor of numQueryHeads, 4, got 3',
    );
  });

  test('Attention and AdditiveAttention give weighted means, and their weights', async () => {
    const [q, v] = [filled([BATCH, QUERIES, 3], 8), y];
    const plain = (): [Tensor, Tensor] => new Attention().apply([q, v], { returnAttentionScores: true });
    const { output, weights } = attended([q, v, v], 1, 1, () => true);
    expectClose((await evaluate(() => plain()[0])).data, output, 1e-6, 'output');
    expectClose((await evaluate(() => plain()[1])).data, weights, 1e-6, 'weights');
    expect((await evaluate(() => plain()[1])).shape).toEqual([BATCH, QUERIES, KEYS]);

    const layer = new AdditiveAttention();
    layer.computeOutputShape([
      [QUERIES, 3],
      [KEYS, 3],
    ]);
    const scale = layer.weights[0]!.data;
    const means = new Float64Array(BATCH * QUERIES * 3);
    for (let row = 0; row < BATCH * QUERIES; row++) {
      const b = Math.floor(row / QUERIES);
      const scores = Array.from({ length: KEYS }, (_, j) => {
        const terms = [0, 1, 2].map(
          (c) => scale[c]! * Math.tanh(q.data[row * 3 + c]! + v.data[(b * KEYS + j) * 3 + c]!),
        );
        return Math.exp(terms[0]! + terms[1]! + terms[2]!);
      });
      const total = scores.reduce((sum, s) => sum + s);
      for (const [j, s] of scores.entries()) {
        for (const c of [0, 1, 2]) means[row * 3 + c]! += (s / total) * v.data[(b * KEYS + j) * 3 + c]!;
      }
    }
    expectClose((await evaluate(() => layer.apply([q, v]))).data, means, 2e-6, 'additive');
  });

  test('a model with the weights as an output is saved and made again', async () => {
    const input = Input({ shape: [QUERIES, 4] });
    const heads = new MultiHeadAttention({ numHeads: 2, keyDim: 3 });
    const [mixed, scores] = heads.apply(input, { returnAttentionScores: true });
    const output = new Dense({ units: 1 }).apply(new Flatten().apply(mixed));
    const model = new Model({ inputs: input, outputs: [output, scores] as never, seed: 1 });
    const again = (await loadModel(await model.toBytes())) as typeof model;
    const [a, b] = [await model.predict(x), await again.predict(x)] as unknown as {
      data: Float32Array;
      shape: number[];
    }[][];
    expect(a![1]!.shape).toEqual([BATCH, 2, QUERIES, QUERIES]);
    expect(b!.map(({ data }) => data)).toEqual(a!.map(({ data }) => data));
  });
});
