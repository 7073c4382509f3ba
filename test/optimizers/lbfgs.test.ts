// L-BFGS: PyTorch's numbers, few evaluations, and steps that count as a whole or not at all.

import { readFileSync } from 'node:fs';
import { Dense, type History, LBFGS, losses, minimize, ops, Sequential, type Variable, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

interface Case {
  name: string;
  options: { learningRate: number; maxIter: number; historySize: number; lineSearchFn?: string };
  problem: { kind: 'quadratic'; A: number[][]; b: number[] } | { kind: 'rosenbrock' };
  params: { shape: number[]; init: number[] }[];
  expect: {
    afterStepCall: {
      lossBefore: number;
      loss: number;
      x: number[];
      iterations: number;
      functionEvaluations: number;
    }[];
  };
}

const CASES: Case[] = JSON.parse(readFileSync(new URL('../golden/lbfgs.json', import.meta.url), 'utf8')).cases;

/**
 * What f32 makes of a way whose every step depends on all before: on quadratics little, in the bent valley of Rosenbrock,
 * where the loss falls by a factor of 100 in an iteration, more.
 */
const BOUNDS = { quadratic: 1e-6, rosenbrock: 2e-3 };

const rosenbrock = (x: Variable) => {
  const at = (start: number) => ops.slice(x, { start, length: 1 });
  const bend = ops.sub(at(1), ops.square(at(0)));
  return ops.sum(ops.add(ops.mul(100, ops.square(bend)), ops.square(ops.sub(1, at(0)))));
};

function lossOf({ problem }: Case, x: Variable) {
  if (problem.kind === 'rosenbrock') return rosenbrock(x);
  const row = ops.reshape(x, [1, x.size]);
  const quadratic = ops.mul(0.5, ops.sum(ops.mul(ops.matmul(row, problem.A), row)));
  return ops.sub(quadratic, ops.sum(ops.mul(problem.b, x)));
}

/** Iterations and evaluations, of all steps. */
function progress(optimizer: LBFGS): number[] {
  const { data } = Object.values(optimizer.stateDict().variables)[0]!.progress!;
  return [data[0]! + data[1]!, data[2]! + data[3]!];
}

describe('as in PyTorch', () => {
  test.each(CASES)('$name', async (golden) => {
    const { learningRate, maxIter, historySize, lineSearchFn } = golden.options;
    const [{ init, shape }] = golden.params as [Case['params'][0]];
    const x = variable(new Float32Array(init), shape, { name: 'x' });
    const optimizer = new LBFGS({ learningRate, maxIter, historySize, strongWolfe: lineSearchFn !== undefined });
    const bound = BOUNDS[golden.problem.kind];
    for (const want of golden.expect.afterStepCall) {
      const stopWhen = { maxSteps: 1 };
      const { loss } = await minimize(() => lossOf(golden, x), { variables: [x], optimizer, stopWhen });
      expect(Math.abs(loss - want.lossBefore)).toBeLessThanOrEqual(bound * Math.max(1, Math.abs(want.lossBefore)));
      for (const [i, value] of want.x.entries()) expect(Math.abs(x.data[i]! - value)).toBeLessThanOrEqual(bound);
      expect(progress(optimizer)).toEqual([want.iterations, want.functionEvaluations]);
    }
  });
});

test('finds the minimum of Rosenbrock with few evaluations', async () => {
  const x = variable([-1.2, 1], [2], { name: 'x' });
  const optimizer = new LBFGS({ strongWolfe: true, maxIter: 60 });
  const stopWhen = { lossBelow: 1e-8, maxSteps: 5 };
  const { loss, steps } = await minimize(() => rosenbrock(x), { variables: [x], optimizer, stopWhen });
  expect(loss).toBeLessThan(1e-8);
  expect(steps).toBe(1);
  expect(progress(optimizer)[1]).toBeLessThan(60);
});

// Two variables, a pair's worth of curvature that changes on the way, sizes that fill no vector.
const SIZES = [17, 33];
const begin = () => SIZES.map((size, i) => variable(noise(size, 5 + i), [size], { name: `v${i}` }));
function bowl([a, b]: readonly Variable[]) {
  const weights = [0, 1].map((i) => noise(SIZES[i]!, 50 + i).map((x) => 1 + 9 * Math.abs(x)));
  const part = (v: Variable, i: number) =>
    ops.sum(ops.mul(weights[i]!, ops.add(ops.square(v), ops.square(ops.square(v)))));
  return ops.add(ops.add(part(a!, 0), part(b!, 1)), ops.square(ops.sum(ops.mul(0.3, a!))));
}

const bits = (variables: readonly Variable[]) => variables.map((v) => [...v.data]);

describe.each([{ strongWolfe: true }, { strongWolfe: false, learningRate: 0.3 }])('%o', (options) => {
  const make = () => new LBFGS({ maxIter: 3, historySize: 5, ...options });
  const run = (variables: readonly Variable[], optimizer: LBFGS, maxSteps: number) =>
    minimize(() => bowl(variables), { variables, optimizer, stopWhen: { maxSteps } });

  test('goes down, and goes on after loading bit for bit', async () => {
    const [through, before] = [begin(), begin()];
    const [whole, first, second] = [make(), make(), make()];
    const { history } = await run(through, whole, 7);
    expect(history[6]).toBeLessThan(history[0]! * 1e-2);
    await run(before, first, 3);
    second.loadStateDict(structuredClone(first.stateDict()));
    const after = before.map((v, i) => variable(v.data as Float32Array, v.shape, { name: `v${i}` }));
    await run(after, second, 4);
    expect(bits(after)).toEqual(bits(through));
    expect(second.stateDict()).toEqual(whole.stateDict());
  });

  test('pairs beyond the size are forgotten in a step as between steps', async () => {
    // Steps of one iteration see the same points as one step of many.
    const [many, one] = [begin(), begin()];
    const long = new LBFGS({ maxIter: 12, maxEval: 1000, historySize: 4, ...options });
    const short = new LBFGS({ maxIter: 1, historySize: 4, ...options });
    await run(many, long, 1);
    await run(one, short, 12);
    const largest = Math.max(...bits(many).flat().map(Math.abs));
    for (const [i, v] of many.entries()) {
      for (const [j, x] of v.data.entries()) expect(Math.abs(x - one[i]!.data[j]!)).toBeLessThan(1e-5 + 1e-3 * largest);
    }
    expect(progress(short)[0]).toBe(progress(long)[0]);
  });

  test('a run that is aborted leaves the last completed step', async () => {
    const big = variable(noise(300_000, 3), [300_000], { name: 'big' });
    const optimizer = new LBFGS({ maxIter: 50, historySize: 3, ...options });
    const aborter = new AbortController();
    const x0 = Float32Array.from(big.data);
    setTimeout(() => aborter.abort(new Error('enough')), 30);
    const weights = noise(300_000, 4).map((x) => 1 + 99 * Math.abs(x));
    const loss = () => ops.sum(ops.mul(weights, ops.square(ops.square(big))));
    const work = minimize(loss, {
      variables: [big],
      optimizer,
      signal: aborter.signal,
      stopWhen: { maxSteps: 1000 },
      onStep: () => x0.set(big.data as Float32Array),
    });
    await expect(work).rejects.toThrow('enough');
    expect(Buffer.compare(Buffer.from(x0.buffer), Buffer.from(Float32Array.from(big.data).buffer))).toBe(0);
    // What it was in the middle of left nothing behind either.
    const again = variable(big.data as Float32Array, [300_000], { name: 'big' });
    const other = new LBFGS({ maxIter: 50, historySize: 3, ...options });
    other.loadStateDict(structuredClone(optimizer.stateDict()));
    const one = { stopWhen: { maxSteps: 1 } };
    await minimize(loss, { variables: [big], optimizer, ...one });
    const same = () => ops.sum(ops.mul(weights, ops.square(ops.square(again))));
    await minimize(same, { variables: [again], optimizer: other, ...one });
    expect(Buffer.compare(Buffer.from(big.data.buffer), Buffer.from(again.data.buffer))).toBe(0);
  });

  test('goes up on request', async () => {
    const x = variable([0.3, -0.2], [2], { name: 'x' });
    const optimizer = new LBFGS({ maximize: true, ...options });
    await minimize(() => ops.neg(ops.sum(ops.square(ops.sub(x, 2)))), {
      variables: [x],
      optimizer,
      stopWhen: { maxSteps: 5 },
    });
    for (const value of x.data) expect(value).toBeCloseTo(2, 3);
  });
});

test('a trial point where the loss is not finite is not taken', async () => {
  const x = variable([1e-3], [1], { name: 'x' });
  const optimizer = new LBFGS({ strongWolfe: true, learningRate: 100 });
  // x − log x: the first steps along −g lead where the logarithm is none.
  await minimize(() => ops.sum(ops.sub(ops.mul(2, x), ops.log(x))), {
    variables: [x],
    optimizer,
    stopWhen: { maxSteps: 3 },
  });
  expect(x.data[0]).toBeCloseTo(0.5, 4);
  const y = variable([0.6], [1], { name: 'y' });
  const bare = minimize(() => ops.sum(ops.sub(ops.mul(2, y), ops.log(y))), {
    variables: [y],
    optimizer: new LBFGS({ learningRate: 1e4 }),
    stopWhen: { maxSteps: 3 },
  });
  await expect(bare).rejects.toThrow(/NON_FINITE|finite/);
  expect(y.data[0]).toBe(Math.fround(0.6));
});

test('a model is fitted on all its data', async () => {
  const x = { data: noise(200 * 4, 1), shape: [200, 4] };
  const y = {
    data: Float32Array.from({ length: 200 }, (_, i) => x.data[4 * i]! - 2 * x.data[4 * i + 3]! + 1),
    shape: [200, 1],
  };
  const model = new Sequential([new Dense({ units: 1, inputShape: [4] })], { seed: 1 });
  model.compile({ optimizer: new LBFGS({ strongWolfe: true }), loss: new losses.MeanSquaredError() });
  const run = (await model.fit(x, y, { epochs: 2, batchSize: 200, verbose: 0 })) as History;
  expect(run.history.loss![1]).toBeLessThan(1e-10);
  const [kernel, bias] = await model.getWeights();
  expect(kernel!.data[0]).toBeCloseTo(1, 4);
  expect(kernel!.data[3]).toBeCloseTo(-2, 4);
  expect(bias!.data[0]).toBeCloseTo(1, 4);
});

test('what a model will take counts pairs and the search', async () => {
  const model = new Sequential([new Dense({ units: 7, inputShape: [4] })], { seed: 1 });
  const [loss, parameters] = [new losses.MeanSquaredError(), 4 * 7 + 7];
  model.compile({ optimizer: 'sgd', loss });
  const plain = await model.memory();
  model.compile({ optimizer: new LBFGS({ historySize: 6, maxIter: 3 }), loss });
  const { optimizer, work } = await model.memory();
  // Per weight: 6 pairs, two more, and four numbers as pairs of floats for each of two tensors.
  expect(optimizer).toBe(4 * (parameters * (2 * 6 + 2) + 2 * 8));
  // The trial point, five more and the pairs of a step.
  expect(work - plain.work).toBeGreaterThanOrEqual(4 * parameters * (1 + 5 + 2 * 3));
});

test('refuses what has no place in a search', () => {
  for (const options of [{ clipnorm: 1 }, { weightDecay: 0.1 }, { clipvalue: 1 }, { historySize: 2.5 }]) {
    expect(() => new LBFGS(options)).toThrow(/LBFGS: /);
  }
  const optimizer = new LBFGS();
  expect(() => optimizer.set({ historySize: 3 })).toThrow(/made with/);
  const w = variable([1], [1], { name: 'w' });
  expect(() => optimizer.applyGradients([[[1], w]])).toThrow(/minimize and fit/);
  expect(() => optimizer.applyGradients([[[1], w]], { loss: 1 })).toThrow(/minimize and fit/);
});
