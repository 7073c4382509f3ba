// Updates that pause: where the engine shares its thread with the program, a long update gives way in the middle. Nobody
// sees that: reads find whole steps, and an abort leaves as many steps as the optimizer counts. All elements are alike, so
// a torn variable shows.

import { Adam, minimize, ops, variable } from 'descend';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import type { Store } from '../../dist/engine/store.js';

const SIZE = 2_000_000;
const RATE = 0.01;
/** On other engines another thread could see it, so updates never pause. */
const PAUSES = process.env.DESCEND_ENGINE === 'wasm';
const sync = localEngine().sync as Store;
const { advanceAsync } = sync;
/** What happens between two advances, told whether the run paused in an update. */
let between: (committing: boolean) => void = () => {};
let pauses = 0;

beforeEach(() => {
  pauses = 0;
  // One turn of work at a time.
  sync.advanceAsync = async (run, steps, _budget, hyper) => {
    const outcome = await advanceAsync.call(sync, run, steps, 1, hyper);
    pauses += outcome.committing ? 1 : 0;
    between(outcome.committing);
    return outcome;
  };
});

afterEach(() => {
  sync.advanceAsync = advanceAsync;
  between = () => {};
});

/** The steps that Adam made of ones by a gradient of one sign: each of nearly the learning rate. */
function steps(data: Float32Array): number {
  const made = Math.round((1 - (data[0] as number)) / RATE);
  for (const i of [1, 99_999, SIZE / 2, SIZE - 16, SIZE - 1]) expect(data[i]).toBe(data[0]);
  return made;
}

test('reads in the middle of an update find whole steps', async () => {
  const [w, optimizer] = [variable(new Float32Array(SIZE).fill(1)), new Adam({ learningRate: RATE })];
  let last = 0;
  between = () => {
    const now = steps(w.data);
    expect(now === last || now === last + 1).toBe(true);
    last = now;
  };
  const { steps: made } = await minimize(() => ops.sum(ops.square(w)), {
    variables: [w],
    optimizer,
    stopWhen: { maxSteps: 4 },
  });
  expect([made, optimizer.iterations, steps(w.data)]).toEqual([4, 4, 4]);
  // Reading ends an update, so it pauses once a step.
  expect(pauses).toBe(PAUSES ? 4 : 0);
  w.dispose();
});

test('an abort in the middle of an update waits for its end', async () => {
  const [w, optimizer] = [variable(new Float32Array(SIZE).fill(1)), new Adam({ learningRate: RATE })];
  const controller = new AbortController();
  between = (committing) => {
    if (optimizer.iterations === 2 && (committing || !PAUSES)) controller.abort(new Error('enough'));
  };
  const learning = minimize(() => ops.sum(ops.square(w)), {
    variables: [w],
    optimizer,
    stopWhen: { maxSteps: 50 },
    signal: controller.signal,
  });
  await expect(learning).rejects.toThrow('enough');
  expect(steps(w.data)).toBe(optimizer.iterations);
  expect(optimizer.iterations).toBe(PAUSES ? 3 : 2);
  w.dispose();
});
