// Each optimizer alone: the same bits of parameters and state on every engine and with any number of threads.

import { ready, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { combinations } from '../optimizers/combinations.js';
import { Committed, ENGINE, THREADS } from './committed.js';
import { sha256 } from './sha256.js';
import { hashAfter, STEPS } from './steps.js';

const committed = new Committed('optimizers');

describe.each(THREADS.slice(0, 2))(`1,003 parameters after ${STEPS} steps, %i threads`, (threads) => {
  test.each(combinations())('$name', async ({ name, make }) => {
    await ready({ engine: ENGINE, threads });
    committed.expect(name, await hashAfter(make()));
  });
});

describe('a million parameters, enough to be shared out', () => {
  test.each(THREADS)('%i threads', async (threads) => {
    expect(await ready({ engine: ENGINE, threads })).toMatchObject({ name: ENGINE, threads });
    for (const { name, make } of combinations().filter(({ options }) => options.globalClipnorm)) {
      const w = variable(noise(1_000_003, 1));
      const optimizer = make();
      for (let t = 0; t < 2; t++) optimizer.applyGradients([[noise(1_000_003, 2 + t), w]]);
      committed.expect(`a million, ${name}`, await sha256([w.data as Float32Array]));
    }
  });
});
