// Many steps of one optimizer over 1,003 parameters. Runs in Node and, served as it is, in a page.

import { type Optimizer, variable } from 'descend';
import { noise } from '../noise.ts';
import { coded, combinations, givenTo, surrounded } from '../optimizers/combinations.ts';
import { sha256 } from './sha256.ts';

const SHAPES = [[500], [20, 25], [3]] as const;
export const STEPS = 200;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

// Ordinary steps, and among them tiny ones, whose squares are denormal or nothing, huge ones, and some with only zeros.
const SCALES = [1, 1, 0.1, 1, 1e-20, 1, 1e10, 1, 0, 1e-38];

let made: Float32Array[][] | undefined;

function gradients(): Float32Array[][] {
  made ??= Array.from({ length: STEPS }, (_, t) =>
    SHAPES.map((shape, i) => noise(sizeOf(shape), 1000 + 3 * t + i).map((x) => x * SCALES[t % SCALES.length]!)),
  );
  return made;
}

/** The SHA-256 of parameters and state after 200 steps. */
export async function hashAfter(optimizer: Optimizer): Promise<string> {
  const variables = SHAPES.map((shape, i) => variable(noise(sizeOf(shape), i), [...shape], { name: `w${i}` }));
  for (const [t, step] of gradients().entries()) {
    optimizer.applyGradients(
      step.map((g, i) => [g, variables[i]!]),
      givenTo(optimizer, t, variables),
    );
  }
  const state = Object.values(optimizer.stateDict().variables).flatMap((pieces) => Object.values(pieces));
  return await sha256([...variables.map((w) => w.data as Float32Array), ...state.map(({ data }) => data)]);
}

/** That of every optimizer and combination of options, by name. */
export async function hashes(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const { name, make } of [...combinations(), ...surrounded(), ...coded()]) all[name] = await hashAfter(make());
  return all;
}
