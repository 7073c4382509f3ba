// Sophia: curvature from the graph, in the steps that want it, and nothing of it in others.

import { Dense, type History, losses, minimize, ops, Sequential, Sophia, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const SIZE = 17;
const CURVES = noise(SIZE, 3).map((x) => 1 + 4 * Math.abs(x));
const START = noise(SIZE, 4);

test('the estimate of a separable function is its second derivative, whatever the signs', async () => {
  const w = variable(START, [SIZE], { name: 'w' });
  const [beta1, beta2, gamma, learningRate] = [0.5, 0.75, 0.5, 0.125];
  const options = { learningRate, beta1, beta2, gamma, updateInterval: 3, weightDecay: 0.25, clipThreshold: 0.5 };
  const optimizer = new Sophia(options);
  // Σ c·w⁴/12, whose Hessian is c·w² on the diagonal and 0 elsewhere.
  const loss = () =>
    ops.sum(
      ops.mul(
        CURVES.map((c) => c / 12),
        ops.square(ops.square(w)),
      ),
    );
  await minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps: 8 } });
  let [x, m, h] = [[...START], START.map(() => 0), START.map(() => 0)].map((a) => [...a]) as [
    number[],
    number[],
    number[],
  ];
  for (let t = 1; t <= 8; t++) {
    const g = x.map((v, i) => (CURVES[i]! * v ** 3) / 3);
    const curvature = x.map((v, i) => CURVES[i]! * v * v);
    m = m.map((v, i) => beta1 * v + (1 - beta1) * g[i]!);
    const step = m.map((v, i) => v / (1 - beta1 ** t) / Math.max(gamma * h[i]!, 1e-8));
    const clipped = step.map((u) => Math.min(0.5, Math.max(-0.5, u)));
    x = x.map((v, i) => v - learningRate * (clipped[i]! + 0.25 * v));
    if ((t - 1) % 3 === 0) h = h.map((v, i) => beta2 * v + (1 - beta2) * curvature[i]!);
  }
  for (const [i, v] of w.data.entries()) expect(Math.abs(v - x[i]!)).toBeLessThan(2e-6);
  const { hessian } = optimizer.stateDict().variables.w!;
  for (const [i, v] of hessian!.data.entries()) expect(Math.abs(v - h[i]!)).toBeLessThan(1e-5);
});

test('on average over signs the estimate is the diagonal of any Hessian', async () => {
  // w'Aw/2 with A = vv' + diag(c): the estimate of one draw is (Au)⊙u.
  const size = 4;
  const [v, c] = [noise(size, 8), noise(size, 9)];
  const w = variable(noise(size, 10), [size], { name: 'w' });
  const optimizer = new Sophia({ learningRate: 0, beta2: 0.999, updateInterval: 1 });
  const loss = () => ops.mul(0.5, ops.add(ops.square(ops.sum(ops.mul(v, w))), ops.sum(ops.mul(c, ops.square(w)))));
  const steps = 20_000;
  await minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps: steps }, seed: 1 });
  const { hessian } = optimizer.stateDict().variables.w!;
  // A mean with a memory of 1,000 draws whose deviations are at most 3.
  for (const [i, h] of hessian!.data.entries()) expect(Math.abs(h - (v[i]! ** 2 + c[i]!))).toBeLessThan(0.3);
});

const bits = (xs: Float32Array) => [...xs];

describe('goes on', () => {
  const loss = (w: ReturnType<typeof variable>) => () => ops.sum(ops.mul(CURVES, ops.square(ops.square(w))));

  test('after loading, bit for bit', async () => {
    const make = () => new Sophia({ learningRate: 0.01, updateInterval: 3 });
    const [whole, first, second] = [make(), make(), make()];
    const [through, before] = [START, START].map((x) => variable(x, [SIZE], { name: 'w' })) as [
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
    ];
    const run = (w: typeof through, optimizer: Sophia, maxSteps: number) =>
      minimize(loss(w), { variables: [w], optimizer, stopWhen: { maxSteps }, seed: 5 });
    await run(through, whole, 11);
    await run(before, first, 5);
    second.loadStateDict(structuredClone(first.stateDict()));
    const after = variable(before.data as Float32Array, [SIZE], { name: 'w' });
    await run(after, second, 6);
    expect(bits(after.data as Float32Array)).toEqual(bits(through.data as Float32Array));
    expect(second.stateDict()).toEqual(whole.stateDict());
  });

  test('up, where it is to maximize, as down the function turned over', async () => {
    const [up, down] = [START, START].map((x) => variable(x, [SIZE], { name: 'w' })) as [
      ReturnType<typeof variable>,
      ReturnType<typeof variable>,
    ];
    const stopWhen = { maxSteps: 5 };
    const options = { learningRate: 0.01, updateInterval: 2 };
    const turned = () => ops.neg(loss(up)());
    await minimize(turned, {
      variables: [up],
      optimizer: new Sophia({ ...options, maximize: true }),
      stopWhen,
      seed: 2,
    });
    await minimize(loss(down), { variables: [down], optimizer: new Sophia(options), stopWhen, seed: 2 });
    expect(bits(up.data as Float32Array)).toEqual(bits(down.data as Float32Array));
  });
});

test('a model is fitted, with curvature through its layers', async () => {
  const x = { data: noise(256 * 4, 1), shape: [256, 4] };
  const y = { data: Float32Array.from({ length: 256 }, (_, i) => Math.sin(2 * x.data[4 * i]!)), shape: [256, 1] };
  const model = new Sequential(
    [new Dense({ units: 16, activation: 'tanh', inputShape: [4] }), new Dense({ units: 1 })],
    { seed: 1 },
  );
  model.compile({
    optimizer: new Sophia({ learningRate: 0.01, updateInterval: 5 }),
    loss: new losses.MeanSquaredError(),
  });
  const { history } = (await model.fit(x, y, { epochs: 30, verbose: 0 })) as History;
  expect(history.loss!.at(-1)).toBeLessThan(0.2 * history.loss![0]!);
});

test('applyGradients wants estimates in the steps that look at them', () => {
  const w = variable([1, 2], [2], { name: 'w' });
  const optimizer = new Sophia({ updateInterval: 2 });
  expect(() => optimizer.applyGradients([[[1, 1], w]])).toThrow(/hessianDiagonals/);
  expect(() => optimizer.applyGradients([[[1, 1], w]], { hessianDiagonals: [[1, Number.NaN]] })).toThrow(
    /finite Hessian/,
  );
  expect(() => optimizer.applyGradients([[[1, 1], w]], { hessianDiagonals: [] as never[] })).toThrow(
    /hessianDiagonals/,
  );
  expect(() => optimizer.applyGradients([[[1, 1], w]], { hessianDiagonals: [[1, 1], [1]] })).toThrow(/a list of 1/);
  expect([...w.data]).toEqual([1, 2]);
  expect(optimizer.iterations).toBe(0);
  optimizer.applyGradients([[[1, 1], w]], { hessianDiagonals: [[1, 1]] });
  optimizer.applyGradients([[[1, 1], w]]);
  expect(optimizer.iterations).toBe(2);
});
