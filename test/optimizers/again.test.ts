// Steps of applyGradients on the same variables go a short way, by a run that is kept between them. Whatever changes in
// between, they make the steps that an optimizer makes which begins anew each time from what the last one remembered.

import { Adam, type GradientPair, type Optimizer, ready, SGD, schedules, type Variable, variable } from 'descend';
import { beforeAll, describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

beforeAll(() => ready());

const SIZES = [0, 1, 15, 16, 17, 31, 33, 63, 65];

function variables(seed: number): Variable<'float32'>[] {
  return SIZES.map((size, i) => variable(noise(size, seed + i), [size], { name: `w${i}` }));
}

const pairsOf = (all: readonly Variable[], t: number): GradientPair[] =>
  all.map((w, i) => [noise(SIZES[i] as number, 100 * t + i), w]);

/** Steps of an optimizer that lives on, and of one that is made anew for each of them. */
function race(make: () => Optimizer, change: (optimizer: Optimizer, t: number) => void = () => {}): void {
  const [own, others, lasting] = [variables(1), variables(1), make()];
  let saved = make().stateDict();
  for (let t = 0; t < 8; t++) {
    const fresh = make();
    fresh.loadStateDict(saved);
    for (let past = 0; past <= t; past++) change(fresh, past);
    change(lasting, t);
    const [report, expected] = [lasting.applyGradients(pairsOf(own, t)), fresh.applyGradients(pairsOf(others, t))];
    expect(report).toEqual(expected);
    saved = fresh.stateDict();
    expect(lasting.stateDict()).toEqual(saved);
    for (const [i, w] of own.entries()) expect(w.data).toEqual(others[i]!.data);
  }
  expect(lasting.iterations).toBe(8);
}

describe('the same steps as from anew', () => {
  test('with constant numbers, and with clipping', () => {
    race(() => new Adam({ learningRate: 0.01 }));
    race(() => new SGD({ momentum: 0.5, globalClipnorm: 0.5, weightDecay: 0.01 }));
  });
  test('with a schedule, and with a function', () => {
    race(
      () =>
        new Adam({
          learningRate: new schedules.ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 3, decayRate: 0.5 }),
        }),
    );
    race(() => new Adam({ learningRate: (step) => 0.1 / (step + 1) }));
  });
  test('while numbers change', () => {
    const change = (optimizer: Optimizer, t: number): void => {
      if (t === 4) optimizer.learningRate = 0.5;
      if (t === 6) optimizer.learningRate = (step: number) => 0.01 * step;
    };
    race(() => new Adam({ learningRate: 0.01 }), change);
  });
  test('with hooks for some of them', () => {
    const calls: number[] = [];
    const removers = new WeakMap<Optimizer, () => void>();
    const change = (optimizer: Optimizer, t: number): void => {
      if (t === 3)
        removers.set(
          optimizer,
          optimizer.afterStep((_, steps) => calls.push(steps)),
        );
      if (t === 5) removers.get(optimizer)?.();
    };
    race(() => new Adam(), change);
    expect(calls.filter((steps) => steps === 4)).toHaveLength(2);
  });
});

test('gradients of another kind, other variables and other sizes are seen', () => {
  const [w, other] = [variable([1, 2, 3]), variable([1, 2, 3])];
  const sgd = new SGD({ learningRate: 1 });
  const gradient = new Float32Array([1, 0, 0]);
  for (let i = 0; i < 3; i++) sgd.applyGradients([[gradient, w]]);
  expect([...w.data]).toEqual([-2, 2, 3]);
  sgd.applyGradients([[[0, 1, 0], w]]);
  sgd.applyGradients([[variable([0, 1, 0]), w]]);
  sgd.applyGradients([[gradient, w]]);
  expect([...w.data]).toEqual([-3, 0, 3]);
  sgd.applyGradients([[gradient, other]]);
  expect([...w.data, ...other.data]).toEqual([-3, 0, 3, 0, 2, 3]);
  sgd.applyGradients([[gradient, w]]);
  sgd.applyGradients([[gradient, w]]);
  expect(() => sgd.applyGradients([[new Float32Array(2), w]])).toThrow(/expected/);
  expect([...w.data]).toEqual([-5, 0, 3]);
  expect(sgd.iterations).toBe(9);
});

test('what is refused changes nothing, and the next step is made', () => {
  const w = variable([1, 2]);
  const adam = new Adam({ learningRate: 0.1 });
  for (let i = 0; i < 3; i++) adam.applyGradients([[new Float32Array([1, 1]), w]]);
  const before = [w.data, adam.stateDict()];
  const refused = () => adam.applyGradients([[new Float32Array([1, Number.NaN]), w]]);
  expect(refused).toThrow(expect.objectContaining({ code: 'NON_FINITE' }));
  expect(refused).toThrow(/step 4/);
  expect([w.data, adam.stateDict()]).toEqual(before);
  expect(adam.applyGradients([[new Float32Array([1, 1]), w]]).skipped).toBe(false);
  expect(adam.iterations).toBe(4);
});

test('skipped steps do not count', () => {
  const w = variable([1, 2]);
  const sgd = new SGD({ learningRate: 1, onNonFinite: 'skip' });
  for (let i = 0; i < 3; i++) sgd.applyGradients([[new Float32Array([1, 1]), w]]);
  expect(sgd.applyGradients([[new Float32Array([1, Number.POSITIVE_INFINITY]), w]]).skipped).toBe(true);
  expect(sgd.iterations).toBe(3);
  expect([...w.data]).toEqual([-2, -1]);
});

test('values assigned in between count, disposed variables are refused', () => {
  const w = variable([1, 2]);
  const sgd = new SGD({ learningRate: 1 });
  for (let i = 0; i < 3; i++) sgd.applyGradients([[new Float32Array([1, 1]), w]]);
  w.assign([5, 5]);
  sgd.applyGradients([[new Float32Array([1, 1]), w]]);
  expect([...w.data]).toEqual([4, 4]);
  w.dispose();
  const refused = () => sgd.applyGradients([[new Float32Array([1, 1]), w]]);
  expect(refused).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
});
