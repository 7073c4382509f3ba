// One step of every optimizer against the rule in f64 from the same f32 state, over 1,003 parameters: off by at most
// 5 · 2⁻²⁴ of the magnitudes of the terms, carried through what is computed in between (rounded.ts says how).

import { type Optimizer, type Variable, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { combinations, givenTo, WHOLE } from './combinations.js';
import { clipFactors, type Numbers, stepOf } from './rules.js';

/** States that are numbers of a parameter, not of its elements. */
const NUMBERS = ['momentumProduct', 'weights'];
const SHAPES = [[500], [20, 25], [3]] as const;
/** Sizes of gradients, and of what is common to all of an element's gradients, where means of squares cancel. */
const SCALES = [1e-30, 1e-12, 1e-4, 1, 1e4, 1e15];
const OFFSETS = [0, 1.5, 30];
/** Steps after which running means have forgotten that they began at 0: only then do they cancel. */
const WARM_UP = 40;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** A state as after some steps, in which no element is like its neighbour. */
function warmedUp(optimizer: Optimizer, scale: number, offset: number): Variable[] {
  const variables = SHAPES.map((shape, i) => variable(noise(sizeOf(shape), 7 + i), [...shape], { name: `w${i}` }));
  for (let t = 0; t < WARM_UP; t++)
    optimizer.applyGradients(
      variables.map((w, i) => [gradient(w, i, t, scale, offset), w]),
      givenTo(optimizer, t, variables),
    );
  return variables;
}

// Kept, for every combination steps along the same ones.
const kept = new Map<string, Float32Array>();

function gradient({ size }: Variable, i: number, t: number, scale: number, offset: number): Float32Array {
  const key = [i, t, scale, offset].join();
  const known = kept.get(key) ?? noise(size, 100 * t + i).map((x) => (x + offset) * scale);
  kept.set(key, known);
  return known;
}

/** How many times its bound the farthest element is off. */
function worstOf(optimizer: Optimizer, className: string, scale: number, offset: number): number {
  const variables = warmedUp(optimizer, scale, offset);
  const gradients = variables.map((w, i) => gradient(w, i, WARM_UP, scale, offset));
  const before = variables.map((w) => w.data);
  const state = optimizer.stateDict().variables;
  optimizer.applyGradients(gradients.map((g, i) => [g, variables[i]!]));
  const after = optimizer.stateDict().variables;
  const options = optimizer.getConfig() as Numbers;
  const factors = clipFactors(gradients, options);
  let worst = 0;
  const compare = (got: number, want: { x: number; error: number }): void => {
    const off = got === want.x ? 0 : Math.abs(got - want.x) / want.error;
    // NaN is farther off than anything, and so is what has no bound.
    const bounded = Number.isFinite(want.error) && !Number.isNaN(off);
    worst = Math.max(worst, bounded ? off : Number.POSITIVE_INFINITY);
  };
  for (const [i, w] of variables.entries()) {
    const pieces = Object.entries(state[w.name]!);
    const old = pieces.filter(([slot]) => !NUMBERS.includes(slot));
    // Numbers are kept as sums of two floats.
    const pairs = (data: Float32Array) =>
      Array.from({ length: data.length / 2 }, (_, k) => data[2 * k]! + data[2 * k + 1]!);
    const scalars = pieces.filter(([slot]) => NUMBERS.includes(slot)).map(([slot, { data }]) => [slot, pairs(data)]);
    const step = stepOf(className, options, optimizer.iterations, factors[i]!, Object.fromEntries(scalars));
    for (const [j, x] of w.data.entries()) {
      const element = Object.fromEntries(old.map(([slot, { data }]) => [slot, data[j]!]));
      const want = step(before[i]![j]!, gradients[i]![j]!, element);
      compare(x, want.w);
      for (const [slot, value] of Object.entries(want.s)) compare(after[w.name]![slot]!.data[j]!, value);
    }
  }
  return worst;
}

describe('one step is within its bound of f64', () => {
  for (const { name, className, make } of combinations().filter(({ className }) => !WHOLE.includes(className))) {
    test(name, () => {
      const worst = SCALES.flatMap((scale) => OFFSETS.map((offset) => worstOf(make(), className, scale, offset)));
      for (const ratio of worst) expect(ratio).toBeLessThanOrEqual(1);
    });
  }
});
