// Each optimizer alone: the same bits of parameters and state on every engine and with any number of threads.

import { ready, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { type Combination, coded, combinations, givenTo, surrounded } from '../optimizers/combinations.js';
import { Committed, ENGINE, THREADS } from './committed.js';
import { sha256 } from './sha256.js';
import { driven, hashAfter, hashMinimized, STEPS } from './steps.js';

const committed = new Committed('optimizers');

describe.each(THREADS.slice(0, 2))(`1,003 parameters after ${STEPS} steps, %i threads`, (threads) => {
  test.each([...combinations(), ...surrounded(), ...coded()])('$name', async ({ name, make }) => {
    await ready({ engine: ENGINE, threads });
    committed.expect(name, await hashAfter(make()));
  });
});

describe.each(THREADS.slice(0, 2))('1,003 parameters after 60 steps of minimize, %i threads', (threads) => {
  test.each(driven())('$name', async ({ name, make }) => {
    await ready({ engine: ENGINE, threads });
    committed.expect(name, await hashMinimized(make()));
  });
});

describe('a million parameters, enough to be shared out', () => {
  const [start, ...gradients] = [1, 2, 3].map((seed) => noise(1_000_003, seed)) as [Float32Array, ...Float32Array[]];

  test.each(THREADS)('%i threads', async (threads) => {
    expect(await ready({ engine: ENGINE, threads })).toMatchObject({ name: ENGINE, threads });
    const clipped = [...combinations(), ...coded()].filter(({ options }) => options.globalClipnorm);
    const isFirst = ({ className, options }: Combination, i: number) =>
      clipped.findIndex((other) => other.className === className && other.options.stateDtype === options.stateDtype) ===
      i;
    for (const { name, make } of clipped.filter(isFirst)) {
      const w = variable(start);
      const optimizer = make();
      for (const [t, gradient] of gradients.entries())
        optimizer.applyGradients([[gradient, w]], givenTo(optimizer, t, [w]));
      committed.expect(`a million, ${name}`, await sha256([w.data as Float32Array]));
    }
  });
});
