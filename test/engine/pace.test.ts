// How much the loop asks for at once, on an engine whose steps take so many milliseconds of a clock that is made up: what
// one call may take holds for any cost of a step, and however wrong the core's own estimate of it is.

import { describe, expect, test } from 'vitest';
import { type Engine, type Outcome, REPORT_HEAD } from '../../ts/src/engine/engine.js';
import { runSteps } from '../../ts/src/engine/loop.js';

/** What a page may be kept from its user. */
const LONG = 50;

/**
 * An engine that works in slices of `slice` milliseconds, each costing `slice · 1e6 / optimism` of its budget, `slices`
 * to a step. It notes how long each call took.
 */
function stub(machine: { slice: number; slices: number; optimism: number; estimate?: number }) {
  const calls: number[] = [];
  let done = 0;
  const advance = async (_run: number, maxSteps: number, budget: number): Promise<Outcome> => {
    const { slice, slices, optimism, estimate = slice } = machine;
    let [left, ms, steps] = [budget, 0, 0];
    while (steps < maxSteps && left > 0) {
      ms += slice;
      left -= (estimate * 1e6) / optimism;
      done = (done + 1) % slices;
      if (done === 0) steps++;
    }
    calls.push(ms);
    return { status: 'more', reports: new Float64Array(steps * REPORT_HEAD), text: '', ms, committing: false };
  };
  const engine = { start: async () => 1, advance, release: () => {}, hold: () => {} };
  return { engine: engine as unknown as Engine, calls };
}

const run = (engine: Engine, steps: number) =>
  runSteps({ engine, plan: 1, call: { variables: [] }, reports: 0, steps });

describe('a call of the engine takes less than a long task', () => {
  for (const slice of [0.0001, 0.01, 1, 5]) {
    for (const slices of [1, 30]) {
      for (const optimism of [0.1, 1, 10]) {
        test(`slices of ${slice} ms, ${slices} to a step, each taken to cost ${1 / optimism} of it`, async () => {
          const { engine, calls } = stub({ slice, slices, optimism });
          await run(engine, Math.ceil(2000 / (slice * slices)));
          expect(Math.max(...calls)).toBeLessThan(LONG);
          // And yet it is no crossing per slice: what is there to do is done in a few large pieces.
          const later = calls.slice(20);
          const mean = later.reduce((sum, ms) => sum + ms, 0) / later.length;
          expect(mean).toBeGreaterThan(Math.min(5, 4096 * slice * slices * 0.9));
        });
      }
    }
  }

  test('but for the one in which a machine becomes ten times slower', async () => {
    const machine = { slice: 0.1, slices: 1, optimism: 1, estimate: 0.1 };
    const { engine, calls } = stub(machine);
    const { advance } = engine;
    engine.advance = (...args) => {
      if (calls.length === 30) machine.slice = 1;
      return advance(...args);
    };
    await run(engine, 10_000);
    expect(calls.length).toBeGreaterThan(100);
    expect(calls.filter((ms) => ms >= LONG).length).toBeLessThanOrEqual(1);
  });
});
