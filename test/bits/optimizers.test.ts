// Each optimizer alone: the same bits of parameters and state on every engine and with any number of threads.

import { type Optimizer, ready, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { combinations } from '../optimizers/combinations.js';
import { Committed, ENGINE, sha256, THREADS } from './committed.js';

const SHAPES = [[500], [20, 25], [3]] as const;
const STEPS = 200;
const committed = new Committed('optimizers');

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

// Ordinary steps, and among them tiny ones, whose squares are denormal or nothing, huge ones, and some with only zeros.
const SCALES = [1, 1, 0.1, 1, 1e-20, 1, 1e10, 1, 0, 1e-38];
const GRADIENTS = Array.from({ length: STEPS }, (_, t) =>
  SHAPES.map((shape, i) => noise(sizeOf(shape), 1000 + 3 * t + i).map((x) => x * SCALES[t % SCALES.length]!)),
);

function hashAfter(optimizer: Optimizer): string {
  const variables = SHAPES.map((shape, i) => variable(noise(sizeOf(shape), i), [...shape], { name: `w${i}` }));
  for (const gradients of GRADIENTS) optimizer.applyGradients(gradients.map((g, i) => [g, variables[i]!]));
  const state = Object.values(optimizer.stateDict().variables).flatMap((pieces) => Object.values(pieces));
  return sha256([...variables.map((w) => w.data), ...state.map(({ data }) => data)]);
}

describe(`1,003 parameters after ${STEPS} steps`, () => {
  for (const { name, make } of combinations()) {
    test(name, async () => {
      await ready({ engine: ENGINE, threads: THREADS.at(-1)! });
      committed.expect(name, hashAfter(make()));
    });
  }
});

describe('a million parameters, enough to be shared out', () => {
  for (const threads of THREADS) {
    test(`${threads} threads`, async () => {
      expect(await ready({ engine: ENGINE, threads })).toMatchObject({ name: ENGINE, threads });
      for (const { name, make } of combinations().filter(({ options }) => options.globalClipnorm)) {
        const w = variable(noise(1_000_003, 1));
        const optimizer = make();
        for (let t = 0; t < 2; t++) optimizer.applyGradients([[noise(1_000_003, 2 + t), w]]);
        committed.expect(`a million, ${name}`, sha256([w.data]));
      }
    });
  }
});
