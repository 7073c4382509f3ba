// What is around a rule, against plain f64 of the papers' formulas. The rule inside is gradient descent, of which the
// update is known exactly, so that every difference is the wrapper's.

import { Adam, type Optimizer, ops, SGD, type Variable, variable, wrappers } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const SHAPE = [5, 3] as const;
const SIZE = 15;
const RATE = 0.25;
const STEPS = 12;

type Column = number[];

/** Gradients of all steps. */
const gradients = Array.from({ length: STEPS }, (_, t) => noise(SIZE, 500 + t));
const start = noise(SIZE, 499);

/** The parameter after every step. */
function trained(optimizer: Optimizer, given: readonly Float32Array[] = gradients): Column[] {
  const w = variable(start, [...SHAPE], { name: 'kernel' });
  return given.map((gradient) => {
    optimizer.applyGradients([[gradient, w]]);
    return [...w.data];
  });
}

/** The same in f64, by a function of the parameter, the gradient and the step from 1. */
function derived(
  step: (w: Column, g: Column, t: number) => Column,
  given: readonly Float32Array[] = gradients,
): Column[] {
  let w = [...start];
  return given.map((gradient, i) => {
    w = step(w, [...gradient], i + 1);
    return w;
  });
}

const descend = (w: Column, g: Column): Column => w.map((x, i) => x - RATE * g[i]!);

/** Each step rounds a few times in sizes of up to about 4. */
function expectClose(got: readonly Column[], want: readonly Column[]): void {
  for (const [t, row] of want.entries()) {
    for (const [i, x] of row.entries()) expect(Math.abs(got[t]![i]! - x)).toBeLessThan(8 * (t + 1) * 2 ** -22);
  }
}

const state = (optimizer: Optimizer, name: string): Column => {
  return [...optimizer.stateDict().variables.kernel![name]!.data];
};
const sgd = (...around: wrappers.Wrapper[]) => new SGD({ learningRate: RATE, wrappers: around });
const norm = (xs: Column): number => Math.hypot(...xs);
/** The elements of one unit: those with one index of the last axis. */
const unit = (xs: Column, j: number): Column => xs.filter((_, i) => i % SHAPE[1] === j);

describe('wrappers', () => {
  test('Lookahead', () => {
    let slow = [...start];
    const want = derived((w, g, t) => {
      const fast = descend(w, g);
      if (t % 3 !== 0) return fast;
      slow = slow.map((s, i) => s + 0.75 * (fast[i]! - s));
      return slow;
    });
    expectClose(trained(sgd(new wrappers.Lookahead({ syncPeriod: 3, slowStepSize: 0.75 }))), want);
  });

  test('Cautious masks by the sign of the present gradient and makes up for it', () => {
    const momentum = 0.9;
    let buffer: Column = [...start].map(() => 0);
    const want = derived((w, g) => {
      const decayed = w.map((x) => x * (1 - RATE * 0.125));
      buffer = buffer.map((u, i) => momentum * u - RATE * g[i]!);
      const mask = buffer.map((u, i) => (-u * g[i]! > 0 ? 1 : 0));
      const scale = SIZE / (mask.reduce<number>((a, b) => a + b, 0) + 1);
      return decayed.map((x, i) => x + buffer[i]! * mask[i]! * scale);
    });
    const options = { learningRate: RATE, momentum, weightDecay: 0.125, wrappers: [new wrappers.Cautious()] };
    expectClose(trained(new SGD(options)), want);
  });

  test('GradientCentralization takes the mean over inputs off each output', () => {
    const want = derived((w, g) => {
      const means = [0, 1, 2].map((j) => unit(g, j).reduce((a, b) => a + b, 0) / SHAPE[0]);
      return descend(
        w,
        g.map((x, i) => x - means[i % SHAPE[1]]!),
      );
    });
    expectClose(trained(sgd(new wrappers.GradientCentralization())), want);
  });

  test('GradientCentralization leaves biases alone', () => {
    const bias = variable(start.slice(0, 3), [3], { name: 'bias' });
    sgd(new wrappers.GradientCentralization()).applyGradients([[[1, 2, 3], bias]]);
    expect([...bias.data]).toEqual([...start.slice(0, 3)].map((x, i) => Math.fround(x - RATE * (i + 1))));
  });

  test('AdaptiveClipping', () => {
    const want = derived((w, g) => {
      const factor = [0, 1, 2].map((j) => Math.min(1, (0.25 * Math.max(norm(unit(w, j)), 1e-3)) / norm(unit(g, j))));
      return descend(
        w,
        g.map((x, i) => x * factor[i % SHAPE[1]]!),
      );
    });
    expect(want).not.toEqual(derived(descend));
    expectClose(trained(sgd(new wrappers.AdaptiveClipping({ clipping: 0.25 }))), want);
  });

  test('GrokFast', () => {
    let slow: Column | undefined;
    const want = derived((w, g) => {
      slow = g.map((x, i) => (slow ? 0.75 * slow[i]! + 0.25 * x : x));
      return descend(
        w,
        g.map((x, i) => x + 0.5 * slow![i]!),
      );
    });
    expectClose(trained(sgd(new wrappers.GrokFast({ alpha: 0.75, strength: 0.5 }))), want);
  });

  test('means of the weights are those of the weights seen', () => {
    const optimizer = new Adam({
      learningRate: 0.1,
      useEma: true,
      emaMomentum: 0.75,
      wrappers: [new wrappers.StochasticWeightAveraging({ start: 3, frequency: 2 })],
    });
    const seen = trained(optimizer);
    expect(seen).toEqual(trained(new Adam({ learningRate: 0.1 })));
    const ema = seen.reduce((mean, w) => mean.map((x, i) => 0.75 * x + 0.25 * w[i]!));
    const counted = seen.filter((_, i) => i + 1 >= 3 && (i + 1 - 3) % 2 === 0);
    const swa = [...start].map((_, i) => counted.reduce((sum, w) => sum + w[i]!, 0) / counted.length);
    expectClose([state(optimizer, 'emaAverage')], [ema]);
    expectClose([state(optimizer, 'swaAverage')], [swa]);
  });

  test('act in their order', () => {
    const [grok, clip] = [new wrappers.GrokFast(), new wrappers.AdaptiveClipping({ clipping: 0.125 })];
    expect(trained(sgd(grok, clip))).not.toEqual(trained(sgd(clip, grok)));
  });

  test('clipping looks at what they made of the gradients', () => {
    const limit = 0.5;
    const want = derived((w, g) => {
      const means = [0, 1, 2].map((j) => unit(g, j).reduce((a, b) => a + b, 0) / SHAPE[0]);
      const centred = g.map((x, i) => x - means[i % SHAPE[1]]!);
      const factor = Math.min(1, limit / norm(centred));
      return descend(
        w,
        centred.map((x) => x * factor),
      );
    });
    const wrapper = new wrappers.GradientCentralization();
    expectClose(trained(new SGD({ learningRate: RATE, globalClipnorm: limit, wrappers: [wrapper] })), want);
  });
});

describe('several steps for one update', () => {
  test('equal one step on the mean of the gradients', () => {
    const means = [0, 1, 2, 3].map((k) => {
      const three = gradients.slice(3 * k, 3 * k + 3);
      return start.map((_, i) => three.reduce((sum, g) => sum + g[i]!, 0) / 3);
    });
    const options = { learningRate: 0.1, globalClipnorm: 1, weightDecay: 0.1 };
    const optimizer = new Adam({ ...options, gradientAccumulationSteps: 3 });
    const got = trained(optimizer).filter((_, i) => i % 3 === 2);
    expectClose(got, trained(new Adam(options), means));
    expect([optimizer.iterations, optimizer.stateDict().iterations]).toEqual([4, 12]);
  });

  test('schedules count updates unless told otherwise', () => {
    const rates = (countMicroSteps: boolean) => {
      const learningRate = (step: number) => 1 / (step + 1);
      const optimizer = new SGD({ learningRate, gradientAccumulationSteps: 2, countMicroSteps });
      const w = variable(start, [...SHAPE]);
      return gradients.slice(0, 4).map((gradient) => optimizer.applyGradients([[gradient, w]]).learningRate);
    };
    expect(rates(false)).toEqual([1, 1, 1 / 2, 1 / 2]);
    expect(rates(true)).toEqual([1, 1 / 2, 1 / 3, 1 / 4]);
  });
});

describe('a scaled loss', () => {
  const loss = (w: Variable) => ops.sum(ops.square(w));
  const run = async (optimizer: Optimizer) => {
    const { minimize } = await import('descend');
    const w = variable(start, [...SHAPE], { name: 'kernel' });
    const { history } = await minimize(() => loss(w), { variables: [w], optimizer, stopWhen: { maxSteps: 20 } });
    return { w: [...w.data], history };
  };

  test('changes no bit where the scale is a power of two', async () => {
    const plain = await run(new Adam({ learningRate: 0.1 }));
    expect(await run(new Adam({ learningRate: 0.1, lossScaleFactor: 1024 }))).toEqual(plain);
    expect(await run(new Adam({ learningRate: 0.1, dynamicLossScale: true }))).toEqual(plain);
  });

  test('falls after an overflow, at whose bound the policy decides', () => {
    const dynamicLossScale = { initialScale: 4, growthSteps: 2, minimum: 2 };
    const optimizer = new SGD({ learningRate: RATE, dynamicLossScale });
    const w = variable(start, [...SHAPE], { name: 'kernel' });
    const bad = start.map(() => Number.POSITIVE_INFINITY);
    expect(optimizer.applyGradients([[bad, w]])).toMatchObject({ skipped: true });
    expect([state(optimizer, 'lossScale')[0], optimizer.iterations]).toEqual([2, 0]);
    expect(() => optimizer.applyGradients([[bad, w]])).toThrow(/^step 1: expected a finite gradient of 'kernel'/);
    optimizer.applyGradients([[gradients[0]!.map((x) => 2 * x), w]]);
    expect([...w.data]).toEqual([...start].map((x, i) => Math.fround(x - Math.fround(RATE * gradients[0]![i]!))));
    optimizer.applyGradients([[gradients[0]!, w]]);
    expect(state(optimizer, 'lossScale')[0]).toBe(4);
  });
});

describe('groups', () => {
  const pair = () => ['kernel', 'bias', 'head/kernel'].map((name, i) => variable(noise(6, i), [6], { name }));
  const step = (optimizer: Optimizer, ws: readonly Variable[], seed = 0) =>
    optimizer.applyGradients(ws.map((w, i) => [noise(6, 70 + 3 * seed + i), w]));

  test('have numbers of their own', () => {
    const ws = pair();
    const optimizer = new Adam({
      learningRate: 0.1,
      weightDecay: 0.5,
      groups: [
        { match: /bias$/, weightDecay: 0 },
        { match: 'head', learningRate: 0.01 },
      ],
    });
    const alone = [{ weightDecay: 0.5 }, { weightDecay: 0 }, { learningRate: 0.01, weightDecay: 0.5 }];
    const others = pair();
    const single = alone.map((options) => new Adam({ learningRate: 0.1, ...options }));
    for (let t = 0; t < 3; t++) {
      step(optimizer, ws, t);
      for (const [i, w] of others.entries()) single[i]!.applyGradients([[noise(6, 70 + 3 * t + i), w]]);
    }
    expect(ws.map((w) => w.data)).toEqual(others.map((w) => w.data));
  });

  test('follow the optimizer in what is not theirs', () => {
    const optimizer = new SGD({
      learningRate: 0.5,
      groups: [
        { match: 'bias', learningRate: 0.25 },
        { match: 'head', weightDecay: 0.5 },
      ],
    });
    optimizer.learningRate = 1;
    const ws = pair();
    step(optimizer, ws);
    const g = (i: number) => noise(6, 70 + i);
    expect([...ws[1]!.data]).toEqual([...noise(6, 1)].map((x, i) => Math.fround(x - 0.25 * g(1)[i]!)));
    const half = [...noise(6, 2)].map((x) => x / 2);
    expect([...ws[2]!.data]).toEqual(half.map((x, i) => Math.fround(x - g(2)[i]!)));
  });

  test('may be frozen, or have an optimizer of their own', () => {
    const groups = [
      { match: 'bias', frozen: true },
      { match: (name: string) => name.startsWith('head'), optimizer: new Adam() },
    ];
    const optimizer = new SGD({ learningRate: 0.5, groups });
    const [ws, others] = [pair(), pair()];
    for (let t = 0; t < 3; t++) {
      step(optimizer, ws, t);
    }
    const adam = new Adam();
    for (let t = 0; t < 3; t++) adam.applyGradients([[noise(6, 72 + 3 * t), others[2]!]]);
    expect(ws[1]!.data).toEqual(noise(6, 1));
    expect(ws[2]!.data).toEqual(others[2]!.data);
    expect(Object.keys(optimizer.stateDict().variables['head/kernel']!)).toEqual(['momentum', 'velocity']);
  });

  test('are clipped together', () => {
    const limit = 0.5;
    const ws = pair();
    const optimizer = new SGD({
      learningRate: 1,
      globalClipnorm: limit,
      groups: [{ match: 'bias', learningRate: 0.5 }],
    });
    const { gradNorm } = step(optimizer, ws);
    const all = [0, 1, 2].flatMap((i) => [...noise(6, 70 + i)]);
    expect(gradNorm).toBeCloseTo(norm(all), 5);
    const moved = ws[1]!.data.map((x, i) => noise(6, 1)[i]! - x);
    expect(norm([...moved])).toBeCloseTo((0.5 * limit * norm([...noise(6, 71)])) / norm(all), 5);
  });

  test('are clipped together whatever lies between them, but for those with an optimizer of their own', () => {
    const [limit, ws] = [0.5, pair()];
    const groups = [
      { match: 'bias', optimizer: new SGD({ learningRate: 1 }) },
      { match: 'head', learningRate: 0.5 },
    ];
    step(new SGD({ learningRate: 1, globalClipnorm: limit, groups }), ws);
    const moved = (i: number) => norm([...ws[i]!.data].map((x, j) => noise(6, i)[j]! - x));
    const all = norm([...noise(6, 70), ...noise(6, 72)]);
    expect(moved(0)).toBeCloseTo((limit * norm([...noise(6, 70)])) / all, 5);
    expect(moved(1)).toBeCloseTo(norm([...noise(6, 71)]), 5);
    expect(moved(2)).toBeCloseTo((0.5 * limit * norm([...noise(6, 72)])) / all, 5);
  });

  test('may share an optimizer', () => {
    const [shared, ws] = [new SGD({ learningRate: 0.25 }), pair()];
    const groups = ['bias', 'head'].map((match) => ({ match, optimizer: shared }));
    step(new SGD({ learningRate: 1, groups }), ws);
    expect(norm([...ws[2]!.data].map((x, j) => noise(6, 2)[j]! - x))).toBeCloseTo(0.25 * norm([...noise(6, 72)]), 5);
  });

  test('survive configurations', () => {
    const optimizer = new Adam({
      groups: [
        { match: ['bias', /^head/], learningRate: 0.5 },
        { match: 'x', frozen: true },
      ],
    });
    const config = JSON.parse(JSON.stringify(optimizer.getConfig()));
    expect(Adam.fromConfig(config).getConfig()).toEqual(optimizer.getConfig());
  });
});

test('updateNorm is the way the variables went', () => {
  const w = variable(start, [...SHAPE]);
  const { updateNorm } = new SGD({ learningRate: RATE, measureUpdates: true }).applyGradients([[gradients[0]!, w]]);
  expect(updateNorm).toBeCloseTo(RATE * norm([...gradients[0]!]), 5);
});

describe('hooks', () => {
  test('are called around every step, of applyGradients as of minimize', async () => {
    const { minimize } = await import('descend');
    const sgd = new SGD({ learningRate: RATE });
    const calls: unknown[] = [];
    const w = variable(start, [...SHAPE]);
    const stop = [
      sgd.beforeStep((steps) => calls.push(['before', steps, w.data[0]])),
      sgd.afterStep(({ learningRate, skipped }, steps) => calls.push(['after', steps, learningRate, skipped])),
    ];
    sgd.applyGradients([[gradients[0]!, w]]);
    const second = w.data[0];
    await minimize(() => ops.sum(w), { variables: [w], optimizer: sgd, stopWhen: { maxSteps: 1 } });
    expect(calls).toEqual([
      ['before', 0, start[0]],
      ['after', 1, RATE, false],
      ['before', 1, second],
      ['after', 2, RATE, false],
    ]);
    for (const end of stop) end();
    sgd.applyGradients([[gradients[0]!, w]]);
    expect(calls.length).toBe(4);
  });

  test('may change the variables', async () => {
    const { minimize } = await import('descend');
    const sgd = new SGD({ learningRate: RATE });
    const w = variable(start, [...SHAPE]);
    sgd.beforeStep(() => w.assign(start));
    await minimize(() => ops.sum(w), { variables: [w], optimizer: sgd, stopWhen: { maxSteps: 5 } });
    expect([...w.data]).toEqual([...start].map((x) => Math.fround(x - RATE)));
  });
});
