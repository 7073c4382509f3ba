// Optimizers and schedules against Keras's float64 numbers (test/golden, copied from the shared reference data; its
// conventions are those of the README there). A new optimizer needs one file in test/golden/optimizers, no code here.

import { readdirSync, readFileSync } from 'node:fs';
import { optimizers, SGD, schedules, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { sharedPath } from '../shared.js';

interface OptimizerCase {
  name: string;
  source: string;
  optimizer: string;
  options: Record<string, unknown>;
  params: { name: string; shape: number[]; init: number[] }[];
  grads: number[][][];
  expect: { step: Record<string, number[][]> };
  state: Record<string, number | Record<string, number[]>>;
}

interface ScheduleCase {
  name: string;
  schedule: string;
  options: Record<string, unknown>;
  steps: number[];
  values: number[];
}

/** Options of Keras that are not built, and so cases that are left out. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  useEma: 'no running means of the weights yet',
  gradientAccumulationSteps: 'no accumulation over several steps yet',
  lossScaleFactor: 'float32 gradients need no loss scale',
};

const folder = new URL('../golden/', import.meta.url);
const read = <T>(path: string | URL): T[] => JSON.parse(readFileSync(path, 'utf8')).cases;
const files = readdirSync(new URL('optimizers', folder)).filter((name) => name.endsWith('.json'));

/** Each step rounds the old value and its change a few times: by at most 2 · 2⁻²⁴ of their magnitudes, step by step. */
const STEP_BOUND = 2 * 2 ** -24;

function check({ optimizer: className, options, params, grads, expect: expected, state }: OptimizerCase): void {
  const optimizer = optimizers.get({ className, config: options });
  const variables = params.map(({ name, shape, init }) => variable(new Float32Array(init), shape, { name }));
  const rounded = params.map(({ init }) => init.map(() => 0));
  let worst = 0;
  for (const [t, gradients] of grads.entries()) {
    const before = variables.map((w) => w.data);
    optimizer.applyGradients(variables.map((w, i) => [new Float32Array(gradients[i]!), w]));
    for (const [i, w] of variables.entries()) {
      for (const [j, x] of w.data.entries()) rounded[i]![j]! += Math.abs(before[i]![j]!) + Math.abs(x - before[i]![j]!);
      for (const [j, want] of (expected.step[t + 1]?.[i] ?? []).entries()) {
        worst = Math.max(worst, Math.abs(w.data[j]! - want) / rounded[i]![j]!);
      }
    }
  }
  expect(worst).toBeLessThanOrEqual(STEP_BOUND);
  expect(optimizer.iterations).toBe(grads.length);
  checkState(optimizer.stateDict(), state);
}

// A running mean forgets old rounding as it forgets old gradients, so a bound on the largest element holds throughout.
function checkState({ variables }: ReturnType<SGD['stateDict']>, state: OptimizerCase['state']): void {
  for (const [name, { ...pieces }] of Object.entries(variables)) {
    for (const [slot, { data }] of Object.entries(pieces)) {
      const want = (state[slot] as Record<string, number[]>)[name]!;
      const largest = Math.max(...want.map(Math.abs));
      for (const [j, x] of data.entries()) expect(Math.abs(x - want[j]!)).toBeLessThanOrEqual(32 * 2 ** -24 * largest);
    }
  }
}

describe('as in Keras', () => {
  for (const file of files) {
    for (const golden of read<OptimizerCase>(new URL(`optimizers/${file}`, folder))) {
      test(golden.name, () => check(golden));
    }
  }

  test('every case that can be is here', ({ skip }) => {
    for (const file of files) {
      const whole = sharedPath(`golden/optimizers/${file}`) ?? skip('no shared reference data');
      const keras = read<OptimizerCase>(whole).filter(({ source }) => source.startsWith('keras'));
      const built = keras.filter(({ options }) => !Object.keys(options).some((option) => option in NOT_BUILT));
      expect(read<OptimizerCase>(new URL(`optimizers/${file}`, folder))).toEqual(built);
    }
  });
});

describe('schedules as in Keras', () => {
  // The learning rate is f64 up to the sweep and the report tells it, so the bound is that of f64: a few ulp of the
  // schedule's largest value, for its last ones are differences.
  for (const { name, schedule, options, steps, values } of read<ScheduleCase>(new URL('schedules.json', folder))) {
    test(name, () => {
      const learningRate = schedules.deserialize({ className: schedule, config: options });
      const sgd = new SGD({ learningRate });
      const w = variable([0]);
      const bound = 4 * Number.EPSILON * Math.max(...values);
      for (let step = 0; step <= Math.max(...steps); step++) {
        const before = w.data[0]!;
        const rate = sgd.applyGradients([[[1], w]]).learningRate;
        const at = steps.indexOf(step);
        if (at >= 0) expect(Math.abs(rate - values[at]!)).toBeLessThanOrEqual(bound);
        expect(w.data[0]).toBe(Math.fround(before - Math.fround(rate)));
      }
    });
  }
});
