// What bench/browser.bench.ts calls in each contestant's page. Only JSON comes out.

import { type Timing, time } from '../timing.ts';
import { adamValues, type Contestant, mlpTask, PARAMETERS, SAMPLES, type Stepping, type Training } from './task.ts';

/** What a contestant computed before it is timed. */
export interface Proof {
  /** What it runs on. */
  readonly info: string;
  /** Mean losses of the first epochs. */
  readonly losses: readonly number[];
  /** Values after some steps of Adam: the first, and the last. */
  readonly values: readonly number[];
}

export const PROOF_EPOCHS = 5;
export const PROOF_STEPS = 3;
export const PROOF_VALUES = 97;

let contestant: Contestant;
let training: Training;
let stepping: Stepping;

/** Begins, and computes what can be checked. */
export async function enter(script: string, backend: string): Promise<Proof> {
  contestant = (await import(script)).contestant;
  const info = await contestant.start(backend);
  training = await contestant.mlp(mlpTask());
  const losses = await training.losses(PROOF_EPOCHS);
  stepping = contestant.adam(adamValues());
  await stepping.steps(PROOF_STEPS);
  const values = Array.from(await stepping.values());
  return { info, losses, values: [...values.slice(0, PROOF_VALUES), ...values.slice(-PROOF_VALUES)] };
}

/** One round of one task: seconds per sample, or per parameter and step. */
export function round(task: 'mlp' | 'adam'): Promise<Timing> {
  if (task === 'mlp') return time(() => training.epoch(), SAMPLES, 1);
  const { stepsAtOnce } = contestant;
  return time(() => stepping.steps(stepsAtOnce), PARAMETERS * stepsAtOnce, 1);
}
