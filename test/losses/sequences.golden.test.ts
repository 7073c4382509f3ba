// CTC, circle, triplet and contrastive losses: against Keras where it has them, otherwise against the definitions, told
// naively, with gradients by central differences of these.

import { losses, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface LossCase {
  name: string;
  loss: 'CTC' | 'Circle';
  options: { maskIndex?: number };
  yTrue: Golden;
  yPred: Golden;
  value: number;
  grad: number[];
}

const floats = ({ data, shape }: Golden) => ({ data: Float32Array.from(data), shape });

// Sums of some twenty logarithms or products by gamma, whose errors the exponentials keep.
const BOUND = 200 * 2 ** -24;

describe.each(cases<LossCase>('losses-of-sequences.json'))('$name', (golden) => {
  test('value and gradient', async () => {
    const { maskIndex: _, ...options } = golden.options;
    const loss = new losses[golden.loss](options as never) as losses.Loss;
    const yPred = variable(Float32Array.from(golden.yPred.data), golden.yPred.shape);
    const got = await valueAndGrad(() => loss.apply(floats(golden.yTrue), yPred), [yPred]);
    expectClose([got.value], [golden.value], BOUND, 'value');
    expectClose(got.grads[0]?.data ?? [], golden.grad, BOUND, 'gradient');
  });
});

type Rows = number[][];

const distance = (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - (b[i] as number)));

// TripletSemiHardLoss, pair by pair.
function semiHard(labels: number[], rows: Rows, margin: number): number {
  let [total, count] = [0, 0];
  for (const [a, anchor] of rows.entries()) {
    const others = rows.filter((_, n) => labels[n] !== labels[a]).map((row) => distance(anchor, row));
    for (const [p, row] of rows.entries()) {
      if (p === a || labels[p] !== labels[a]) continue;
      const d = distance(anchor, row);
      const beyond = others.filter((other) => other > d);
      const negative = beyond.length > 0 ? Math.min(...beyond) : Math.max(0, ...others);
      total += Math.max(0, d - negative + margin);
      count++;
    }
  }
  return total / Math.max(count, 1);
}

// TripletHardLoss, sample by sample.
function hard(labels: number[], rows: Rows, margin: number): number {
  const terms = rows.map((anchor, a) => {
    const to = (same: boolean) =>
      rows.filter((_, i) => (labels[i] === labels[a]) === same).map((row) => distance(anchor, row));
    return Math.max(0, Math.max(...to(true)) - Math.min(...to(false)) + margin);
  });
  return terms.reduce((a, b) => a + b) / rows.length;
}

function differences(f: (x: Rows) => number, rows: Rows): number[] {
  return rows.flatMap((row, i) =>
    row.map((_, j) => {
      const at = (step: number) => f(rows.map((r, k) => r.map((x, l) => (k === i && l === j ? x + step : x))));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    }),
  );
}

const LABELS = [3, 1, 3, 1, 2, 3, 1];
const POINTS = LABELS.map((_, i) => [
  Math.fround(Math.sin(7 * i)),
  Math.fround(Math.cos(5 * i + 1)),
  Math.fround(i / 9),
]);

describe.each([
  ['TripletSemiHardLoss', semiHard, 0.4],
  ['TripletSemiHardLoss', semiHard, 1.5],
  ['TripletHardLoss', hard, 0.4],
] as const)('%s', (name, formula, margin) => {
  test(`is its definition with margin ${margin}`, async () => {
    const x = variable(Float32Array.from(POINTS.flat()), [7, 3]);
    const loss = new losses[name]({ margin });
    const { value, grads } = await valueAndGrad(() => loss.apply(Float32Array.from(LABELS), x), [x]);
    expectClose([value], [formula(LABELS, POINTS, margin)], 16 * 2 ** -24, 'value');
    const expected = differences((rows) => formula(LABELS, rows, margin), POINTS);
    expectClose(grads[0]?.data ?? [], expected, 1e-5, 'gradient');
  });
});

test('a triplet loss of samples of one kind each is 0', async () => {
  const x = variable(Float32Array.from(POINTS.flat()), [7, 3]);
  const labels = Float32Array.from([0, 1, 2, 3, 4, 5, 6]);
  const { value, grads } = await valueAndGrad(() => new losses.TripletSemiHardLoss().apply(labels, x), [x]);
  expect([value, ...(grads[0]?.data ?? [])].every((number) => number === 0)).toBe(true);
});

test('ContrastiveLoss is its definition', async () => {
  const [t, d] = [
    [1, 0, 0, 1, 0],
    [0.5, 0.25, 1.5, 2, 0.75],
  ];
  const x = variable(Float32Array.from(d as number[]), [5]);
  const got = await valueAndGrad(() => new losses.ContrastiveLoss().apply(Float32Array.from(t as number[]), x), [x]);
  // (0.25 + 0.5625 + 0 + 4 + 0.0625) / 5, and by d: 2 t d − 2 (1 − t) max(1 − d, 0).
  expectClose([got.value], [0.975], 2 ** -22, 'value');
  expectClose(got.grads[0]?.data ?? [], [0.2, -0.3, 0, 0.8, -0.1], 2 ** -22, 'gradient');
});

// All ways to say `labels` in the steps of `p`, one by one.
function spoken(p: Rows, labels: number[]): number {
  const classes = (p[0] as number[]).length;
  const collapse = (path: number[]) => path.filter((c, t) => c !== 0 && c !== path[t - 1]).join();
  const walk = (path: number[], probability: number): number => {
    if (path.length === p.length) return collapse(path) === labels.join() ? probability : 0;
    const next = p[path.length] as number[];
    return Array.from({ length: classes }, (_, c) => walk([...path, c], probability * (next[c] as number))).reduce(
      (a, b) => a + b,
    );
  };
  return walk([], 1);
}

describe('CTC', () => {
  const LOGITS = Array.from({ length: 5 }, (_, t) => [0, 1, 2].map((c) => Math.fround(Math.sin(3 * t + 2 * c))));
  const softmax = (row: number[]) => {
    const sum = row.reduce((total, x) => total + Math.exp(x), 0);
    return row.map((x) => Math.exp(x) / sum);
  };

  test.each([[[1, 2]], [[1, 1]], [[2]], [[]], [[1, 2, 1, 2, 1]]])('adds up all ways to say %j', async (labels) => {
    const formula = (rows: Rows) => -Math.log(spoken(rows.map(softmax), labels));
    const x = variable(Float32Array.from(LOGITS.flat()), [1, 5, 3]);
    const padded = { data: Float32Array.from({ length: 5 }, (_, i) => labels[i] ?? 0), shape: [1, 5] };
    const { value, grads } = await valueAndGrad(() => new losses.CTC().apply(padded, x), [x]);
    expectClose([value], [formula(LOGITS)], 64 * 2 ** -24, 'value');
    expectClose(grads[0]?.data ?? [], differences(formula, LOGITS), 1e-5, 'gradient');
  });

  test('of more labels than steps allow is infinite', async () => {
    const x = variable(Float32Array.from(LOGITS.flat()), [1, 5, 3]);
    const labels = { data: Float32Array.from([1, 1, 1, 1]), shape: [1, 4] };
    expect((await valueAndGrad(() => new losses.CTC().apply(labels, x), [x])).value).toBe(Number.POSITIVE_INFINITY);
  });
});
