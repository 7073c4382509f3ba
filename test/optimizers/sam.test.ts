// Sharpness-aware minimization: two evaluations a step around any rule, against plain f64 of the papers' formulas.

import {
  Adam,
  Dense,
  Dropout,
  LBFGS,
  losses,
  minimize,
  type Optimizer,
  ops,
  Sequential,
  SGD,
  type Variable,
  variable,
  wrappers,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const SIZES = [7, 17];
const WEIGHTS = SIZES.map((size, i) => noise(size, 20 + i).map((x) => 1 + 4 * Math.abs(x)));
const START = SIZES.map((size, i) => noise(size, 30 + i));
const make = (name = 'v') => START.map((x, i) => variable(x, [x.length], { name: `${name}${i}` }));

/** Σ c·(w² + w⁴). */
function loss(variables: readonly Variable[]) {
  const part = (v: Variable, i: number) =>
    ops.sum(ops.mul(WEIGHTS[i]!, ops.add(ops.square(v), ops.square(ops.square(v)))));
  return ops.add(part(variables[0]!, 0), part(variables[1]!, 1));
}

type Columns = number[][];
const value = (w: Columns): number =>
  w.flatMap((xs, i) => xs.map((x, j) => WEIGHTS[i]![j]! * (x * x + x ** 4))).reduce((a, b) => a + b);
const gradient = (w: Columns): Columns => w.map((xs, i) => xs.map((x, j) => WEIGHTS[i]![j]! * (2 * x + 4 * x ** 3)));

function worst(w: Columns, rho: number, adaptive: boolean): Columns {
  const g = gradient(w);
  const scaled = g.map((xs, i) => xs.map((x, j) => (adaptive ? Math.abs(w[i]![j]!) : 1) * x));
  const norm = Math.hypot(...scaled.flat());
  return w.map((xs, i) => xs.map((x, j) => x + (rho * (adaptive ? x * x : 1) * g[i]![j]!) / norm));
}

const run = (variables: readonly Variable[], optimizer: Optimizer, maxSteps: number) =>
  minimize(() => loss(variables), { variables, optimizer, stopWhen: { maxSteps } });
const bits = (variables: readonly Variable[]) => variables.map((v) => [...v.data]);

describe.each([
  { adaptive: false, rho: 0.05 },
  { adaptive: true, rho: 0.5 },
])('%o', ({ adaptive, rho }) => {
  const sam = () => [new wrappers.SAM({ rho, adaptive })];

  test('is the rule with the gradient at the worst point nearby', async () => {
    const rate = 0.01;
    const variables = make();
    const { history } = await run(variables, new SGD({ learningRate: rate, wrappers: sam() }), 10);
    let w: Columns = START.map((x) => [...x]);
    for (let t = 0; t < 10; t++) {
      expect(history[t]! / value(w)).toBeCloseTo(1, 5);
      const g = gradient(worst(w, rho, adaptive));
      w = w.map((xs, i) => xs.map((x, j) => x - rate * g[i]![j]!));
    }
    for (const [i, v] of variables.entries()) {
      for (const [j, x] of v.data.entries()) expect(Math.abs(x - w[i]![j]!)).toBeLessThan(1e-5);
    }
  });

  test('goes on after loading bit for bit, with clipping and decay around it', async () => {
    const options = () => ({ learningRate: 0.01, globalClipnorm: 2, weightDecay: 0.1, wrappers: sam() });
    const [through, before] = [make(), make()];
    const [whole, first, second] = [new Adam(options()), new Adam(options()), new Adam(options())];
    await run(through, whole, 7);
    await run(before, first, 3);
    second.loadStateDict(structuredClone(first.stateDict()));
    const after = before.map((v) => variable(v.data as Float32Array, v.shape, { name: v.name }));
    await run(after, second, 4);
    expect(bits(after)).toEqual(bits(through));
    expect(second.stateDict()).toEqual(whole.stateDict());
  });

  test('takes the norm over parameter groups together', async () => {
    const [together, apart] = [make(), make()];
    await run(together, new SGD({ learningRate: 0.01, wrappers: sam() }), 5);
    const groups = [{ match: 'v1', learningRate: 0.01 }];
    await run(apart, new SGD({ learningRate: 0.01, wrappers: sam(), groups }), 5);
    for (const [i, v] of apart.entries()) {
      for (const [j, x] of v.data.entries()) expect(Math.abs(x - together[i]!.data[j]!)).toBeLessThan(1e-6);
    }
  });
});

test('nothing is different with a reach of 0', async () => {
  const [with0, without] = [make(), make()];
  await run(with0, new Adam({ wrappers: [new wrappers.SAM({ rho: 0 })] }), 5);
  await run(without, new Adam(), 5);
  expect(bits(with0)).toEqual(bits(without));
});

test('around the optimizer of one group, the others stay where they are', async () => {
  const variables = make();
  const sharp = new SGD({ learningRate: 0.01, wrappers: [new wrappers.SAM({ rho: 0.5 })] });
  await run(variables, new SGD({ learningRate: 0.02, groups: [{ match: 'v0', optimizer: sharp }] }), 3);
  let [a, b]: Columns = START.map((x) => [...x]) as [number[], number[]];
  for (let t = 0; t < 3; t++) {
    const [g] = gradient(worst([a!, b!.map(() => 0)], 0.5, false));
    const [, h] = gradient([a!, b!]);
    a = a!.map((x, j) => x - 0.01 * g![j]!);
    b = b!.map((x, j) => x - 0.02 * h![j]!);
  }
  for (const [i, want] of [a!, b!].entries()) {
    for (const [j, x] of want.entries()) expect(Math.abs(variables[i]!.data[j]! - x)).toBeLessThan(1e-5);
  }
});

describe('a model', () => {
  const x = { data: noise(256 * 8, 1), shape: [256, 8] };
  const y = {
    data: Float32Array.from({ length: 256 }, (_, i) => x.data[8 * i]! * x.data[8 * i + 1]!),
    shape: [256, 1],
  };
  const net = (rho: number, rate = 0.5) => {
    const layers = [
      new Dense({ units: 33, activation: 'tanh', inputShape: [8] }),
      new Dropout({ rate }),
      new Dense({ units: 1 }),
    ];
    const model = new Sequential(layers, { seed: 3 });
    model.compile({
      optimizer: new SGD({ learningRate: 0.1, wrappers: [new wrappers.SAM({ rho })] }),
      loss: new losses.MeanSquaredError(),
      metrics: ['mse'],
    });
    return model;
  };

  test('drops the same units in both evaluations', async () => {
    // With other units in the second evaluation even no reach would give another gradient.
    const [moved, still] = [net(0), net(0)];
    still.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: new losses.MeanSquaredError(), metrics: ['mse'] });
    const logs = [];
    for (const model of [moved, still]) logs.push((await model.fit(x, y, { epochs: 2, verbose: 0 })).history);
    expect(logs[0]).toEqual(logs[1]);
    expect(await moved.hash()).toBe(await still.hash());
    const far = net(0.1);
    await far.fit(x, y, { epochs: 2, verbose: 0 });
    expect(await far.hash()).not.toBe(await still.hash());
  });

  test('learns in steps that callbacks see one by one as in one go', async () => {
    const [one, many] = [net(0.05), net(0.05)];
    let batches = 0;
    await one.fit(x, y, {
      epochs: 2,
      verbose: 0,
      callbacks: [
        {
          onBatchEnd: () => {
            batches++;
          },
        },
      ],
    });
    await many.fit(x, y, { epochs: 2, verbose: 0 });
    expect(batches).toBe(16);
    expect(await one.hash()).toBe(await many.hash());
  });

  test('goes on from a file as if nothing had been', async () => {
    const [whole, first] = [net(0.05), net(0.05)];
    await whole.fit(x, y, { epochs: 3, verbose: 0 });
    await first.fit(x, y, { epochs: 1, verbose: 0 });
    const { loadModel } = await import('descend');
    const second = await loadModel(await first.toBytes());
    await second.fit(x, y, { epochs: 2, verbose: 0 });
    expect(await second.hash()).toBe(await whole.hash());
  });

  test('counts the trial point among the memory it takes', async () => {
    const [plain, sharp] = [net(0), net(0)];
    plain.compile({ optimizer: new SGD(), loss: new losses.MeanSquaredError() });
    const [less, more] = [await plain.memory(), await sharp.memory()];
    expect(more.work).toBeGreaterThanOrEqual(less.work + 4 * (8 * 33 + 33 + 33 + 1));
  });
});

test('is refused where there is no loss to evaluate, and around a rule that searches', async () => {
  const [w] = make();
  const optimizer = new SGD({ wrappers: [new wrappers.SAM()] });
  expect(() => optimizer.applyGradients([[START[0]!, w!]])).toThrow(/minimize and fit/);
  const both = new LBFGS({ wrappers: [new wrappers.SAM()] });
  await expect(run(make('u'), both, 1)).rejects.toThrow(/as they come/);
});
