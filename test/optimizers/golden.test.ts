// Optimizers against float64 numbers of Keras, PyTorch and Optax (test/golden, copied from the shared reference data; its
// conventions are those of the README there). A new optimizer needs one file in test/golden/optimizers and, where its names
// differ from the reference's, a line in reference.ts.

import { readdirSync, readFileSync } from 'node:fs';
import { type Optimizer, optimizers, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { sharedPath } from '../shared.js';
import { mapped, type OptimizerCase, stateName } from './reference.js';

/** Optimizers without reference numbers, proved by their f64 rule alone; those of L-BFGS have a test of their own. */
const WITHOUT_NUMBERS: readonly string[] = ['Momentum', 'StableAdamW', 'SOAP', 'DoG', 'LBFGS'];

/** Each step rounds the old value and its change a few times: by at most 2 · 2⁻²⁴ of their magnitudes, step by step. */
const STEP_BOUND = 2 * 2 ** -24;

/** PyTorch's Muon rounds to bfloat16 inside: after any number of steps, how far off as a part of the largest of them. */
const COARSE = 0.01;

/** Where rounding counts for more: how many times the bound. */
const WIDER: Readonly<Record<string, number>> = {
  // Each step carries the rounding of the parameter on by way of the average, on which gradients have no hold.
  'keras-schedule-free-adamw-warmup': 2,
  // The size of a whole tensor is in every element's step.
  'keras-adafactor-weight-decay': 2,
  'optax-fromage': 2,
  // Its steps are quotients of a sum and a root, each rounded: 1.02 times the bound, as with a root that is rounded perfectly.
  'optax-madgrad': 1.02,
  // Small singular values, and what rounding makes of them, grow 3.4 times in each of five rounds.
  'optax-muon': 2,
  'optax-muon-adaptive': 3,
};

/** The same for state: sums of products that cancel, and differences. */
const WIDER_STATE: Readonly<Record<string, number>> = { Adan: 2, COCOB: 8, SM3: 2 };

const folder = new URL('../golden/optimizers/', import.meta.url);
const read = (path: string | URL): OptimizerCase[] => JSON.parse(readFileSync(path, 'utf8')).cases;
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

async function check(golden: OptimizerCase): Promise<void> {
  const { className, config } = mapped(golden);
  const { params, grads = [], sparseGrads, expect: expected } = golden;
  const steps = sparseGrads ?? grads;
  const given = (t: number, i: number) => {
    const rows = sparseGrads?.[t]?.[i];
    return rows ? { ...rows, values: new Float32Array(rows.values) } : new Float32Array(grads[t]![i]!.map(Number));
  };
  const optimizer = optimizers.get({ className, config });
  const variables = params.map(({ name, shape, init }) => variable(new Float32Array(init), shape, { name }));
  const rounded = params.map(({ init }) => init.map(() => 0));
  const largest = params.map(() => 0);
  const coarse = golden.precision.startsWith('bfloat16');
  let worst = 0;
  for (const t of steps.keys()) {
    const before = variables.map((w) => w.data);
    optimizer.applyGradients(
      variables.map((w, i) => [given(t, i), w]),
      {
        ...(golden.values && { loss: golden.values[t] }),
        hessianDiagonals: golden.hessianDiagonals?.[t + 1]?.map((x) => new Float32Array(x)),
      },
    );
    for (const [i, w] of variables.entries()) {
      for (const [j, x] of w.data.entries()) {
        const moved = Math.abs(x - before[i]![j]!);
        rounded[i]![j]! += Math.abs(before[i]![j]!) + moved;
        largest[i] = Math.max(largest[i]!, moved);
      }
      for (const [j, want] of (expected.step[t + 1]?.[i] ?? []).entries()) {
        const bound = coarse ? COARSE * largest[i]! : STEP_BOUND * rounded[i]![j]!;
        worst = Math.max(worst, Math.abs(w.data[j]! - want) / bound);
      }
    }
  }
  expect(worst).toBeLessThanOrEqual(WIDER[golden.name] ?? 1);
  expect(optimizer.stateDict().iterations).toBe(golden.state.iterations ?? steps.length);
  if (!coarse) checkState(golden, optimizer);
  const { evalParams, afterFinalize } = golden;
  const bounds = rounded.map((row) => row.map((size) => 4 * STEP_BOUND * size));
  if (evalParams) expectWithin(await optimizer.evaluatedValues(variables), evalParams, bounds);
  if (!afterFinalize) return;
  await optimizer.finalizeVariableValues(variables);
  expectWithin(variables, afterFinalize, bounds);
}

function expectWithin(got: readonly { data: ArrayLike<number> }[], want: number[][], bounds: number[][]): void {
  for (const [i, row] of want.entries()) {
    for (const [j, x] of row.entries()) expect(Math.abs(got[i]!.data[j]! - x)).toBeLessThanOrEqual(bounds[i]![j]!);
  }
}

// A running mean forgets old rounding as it forgets old gradients, so a bound on the largest element holds throughout.
function checkState(golden: OptimizerCase, optimizer: Optimizer): void {
  for (const [name, { ...pieces }] of Object.entries(optimizer.stateDict().variables)) {
    for (const [slot, { data }] of Object.entries(pieces)) {
      const want = (golden.state[stateName(golden, optimizer.className, slot)] as Record<string, number[]>)?.[name];
      // Numbers that a rule carries on have no counterpart of their shape.
      if (!Array.isArray(want) || want.length !== data.length) continue;
      const largest = Math.max(...want.map(Math.abs));
      const scale = scaleOf(golden, slot);
      const bound = 32 * 2 ** -24 * (WIDER_STATE[optimizer.className] ?? 1);
      for (const [j, x] of data.entries()) {
        expect(Math.abs(x / scale - want[j]!), slot).toBeLessThanOrEqual(bound * largest);
      }
    }
  }
}

/** What our state is of the reference's: Optax sums up where we keep a mean, and traces updates with their sign. */
function scaleOf({ name, options }: OptimizerCase, slot: string): number {
  if (slot !== 'momentum') return 1;
  if (name === 'optax-simplified-ademamix') return 1 - (options.beta1 as number);
  return name === 'optax-rmsprop-eps-in-sqrt' || name.startsWith('optax-lars') ? -1 : 1;
}

describe('as in Keras, PyTorch and Optax', () => {
  for (const file of files) {
    for (const golden of read(new URL(file, folder))) test(golden.name, () => check(golden));
  }

  test('every case that can be is here', ({ skip }) => {
    for (const file of files) {
      const whole = sharedPath(`golden/optimizers/${file}`) ?? skip('no shared reference data');
      expect(read(new URL(file, folder))).toEqual(read(whole));
    }
  });

  test('every optimizer has a case', () => {
    const known = files.flatMap((file) => read(new URL(file, folder)).map((golden) => mapped(golden)));
    const tested = new Set(known.map(({ className, config }) => optimizers.get({ className, config }).className));
    const all = optimizers.OPTIMIZERS.map(({ name }) => name);
    expect(all.filter((name) => !tested.has(name))).toEqual(WITHOUT_NUMBERS);
  });
});
