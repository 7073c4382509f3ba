// Saved in the middle and loaded into a new optimizer, every optimizer goes on as if nothing had been, bit for bit.

import { type Optimizer, type Variable, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { coded, combinations, givenTo, surrounded } from './combinations.js';

const SHAPES = [[17], [5, 7], [2, 3, 4], []] as const;
const STEPS = 7;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const start = () => SHAPES.map((shape, i) => noise(sizeOf(shape), 90 + i));
const named = (data: Float32Array[]) => data.map((x, i) => variable(x, [...SHAPES[i]!], { name: `w${i}` }));

function steps(optimizer: Optimizer, variables: readonly Variable[], first: number): void {
  for (let t = first; t < first + STEPS; t++) {
    optimizer.applyGradients(
      variables.map((w, i) => [noise(w.size, 10 * t + i), w]),
      givenTo(optimizer, t, variables),
    );
  }
}

describe('goes on after loading', () => {
  test.each([...combinations(), ...surrounded(), ...coded()])('$name', ({ make }) => {
    const [whole, first, second] = [make(), make(), make()];
    const through = named(start());
    steps(whole, through, 0);
    steps(whole, through, STEPS);

    const before = named(start());
    steps(first, before, 0);
    second.loadStateDict(structuredClone(first.stateDict()));
    const after = named(before.map((w) => w.data as Float32Array));
    steps(second, after, STEPS);

    expect(second.stateDict().iterations).toBe(2 * STEPS);
    expect(after.map((w) => w.data)).toEqual(through.map((w) => w.data));
    expect(second.stateDict()).toEqual(whole.stateDict());
  });
});
