// The run loop that models and `minimize` share: many steps per crossing, in chunks of about 15 ms so that the event
// loop stays free and an abort is answered soon, even where a busy machine makes three of it. How steps fall into
// chunks changes no result.

import { DescendError, type ErrorCode } from '../errors.js';
import { refusal } from './binding.js';
import { type Call, type Engine, MAX_STEPS, type Outcome, REPORT_HEAD } from './engine.js';

/** Milliseconds of work per crossing. */
const CHUNK_MS = 15;
/** Where the loop's own thread does the work, it gives way to other work of the program at least this often. */
const YIELD_MS = 10;
const FIRST_BUDGET_NS = 1e6;
const MAX_BUDGET_NS = 1e9;

/** The numbers of consecutive completed steps. */
export interface Chunk {
  /** How many steps of the run came before. */
  readonly first: number;
  readonly count: number;
  /** Report `k` of the plan in step `i` of the chunk; 0 is the loss, where there is one. */
  report(i: number, k: number): number;
  /** Rows of step `i`. */
  rows(i: number): number;
  /** Whether step `i` was left out because a gradient was not finite. */
  skipped(i: number): boolean;
  /** The gradients' norm, NaN where nothing asked for it. */
  gradNorm(i: number): number;
  learningRate(i: number): number;
}

/** What `runSteps` does. */
export interface StepsOptions {
  engine: Engine;
  plan: number;
  call: Call;
  /** Reports of the plan. */
  reports: number;
  /** Most steps; without, until the rows are all visited or a rule stops it. */
  steps?: number;
  /** Hyper-parameters of `count` updates after `first` others, as bytes. */
  hyper?: (first: number, count: number) => Uint8Array;
  /** Called after each chunk, at a step boundary, with the variables free; `false` ends the run. */
  onChunk?: (chunk: Chunk, updates: number) => unknown;
  /** Calls `onChunk` after every single step. */
  everyStep?: boolean;
  signal?: AbortSignal | undefined;
}

/** How a run ended. */
export interface StepsResult {
  /** Steps completed; the one at which a stop rule held is not among them. */
  steps: number;
  /** Updates the optimizer has made in all. */
  updates: number;
  /** 'done': all rows visited; 'stopped': by `onChunk`; or the rule that held. */
  reason: 'done' | 'maxSteps' | 'lossBelow' | 'gradNormBelow' | 'minDelta' | 'stopped';
}

/** Runs a plan. Rejects with the signal's reason, or with what failed; both leave the last completed step. */
export async function runSteps(options: StepsOptions): Promise<StepsResult> {
  const { engine, plan, call, signal } = options;
  signal?.throwIfAborted();
  const run = await engine.start(plan, call);
  try {
    return await advanceAll(options, run);
  } finally {
    engine.release('run', run);
  }
}

async function advanceAll(options: StepsOptions, run: number): Promise<StepsResult> {
  const { engine, call, hyper, onChunk, signal, steps: most = Number.POSITIVE_INFINITY } = options;
  const pace = new Pace(options.everyStep === true);
  let [steps, updates] = [0, call.updates ?? 0];
  while (steps < most) {
    await giveWay();
    signal?.throwIfAborted();
    const count = Math.min(most - steps, pace.steps);
    const started = performance.now();
    const outcome = await engine.advance(run, count, pace.budget, hyper ? hyper(updates, count) : NOTHING);
    const chunk = new Reports(outcome, options.reports, steps);
    pace.took(performance.now() - started, chunk.count, count);
    const stopped = outcome.status === 'stopped';
    steps += chunk.count - (stopped ? 1 : 0);
    if (hyper) updates += chunk.updates - (stopped ? 1 : 0);
    if (onChunk && chunk.count > 0 && !(await released(options, run, () => onChunk(chunk, updates)))) {
      return { steps, updates, reason: 'stopped' };
    }
    if (outcome.status === 'failed') throw failure(outcome, call, steps);
    if (stopped) return { steps, updates, reason: outcome.text as StepsResult['reason'] };
    if (outcome.status === 'done') return { steps, updates, reason: 'done' };
  }
  return { steps, updates, reason: 'maxSteps' };
}

const NOTHING = new Uint8Array();

/** Calls back with the variables free; says whether to go on. */
async function released({ engine }: StepsOptions, run: number, callback: () => unknown): Promise<boolean> {
  engine.hold(run, false);
  const answer = callback();
  if ((answer instanceof Promise ? await answer : answer) === false) return false;
  engine.hold(run, true);
  return true;
}

function failure(outcome: Outcome, call: Call, steps: number): DescendError {
  const error = refusal(new Error(outcome.text)) ?? new DescendError('ENGINE_FAILED', outcome.text);
  const done = (call.iteration ?? 0) + steps;
  const code: ErrorCode = error.code;
  return new DescendError(code, `${error.message}; the state is that after step ${done}`, { cause: error });
}

/** The reports of one advance. */
class Reports implements Chunk {
  readonly first: number;
  readonly count: number;
  readonly #numbers: Float64Array;
  readonly #width: number;

  constructor(outcome: Outcome, reports: number, first: number) {
    this.#numbers = outcome.reports;
    this.#width = REPORT_HEAD + reports;
    this.first = first;
    this.count = outcome.reports.length / this.#width;
  }

  get updates(): number {
    let updates = 0;
    for (let i = 0; i < this.count; i++) updates += this.skipped(i) ? 0 : 1;
    return updates;
  }

  rows(i: number): number {
    return this.#at(i, 0);
  }

  skipped(i: number): boolean {
    return this.#at(i, 1) === 1;
  }

  gradNorm(i: number): number {
    return this.#at(i, 2);
  }

  learningRate(i: number): number {
    return this.#at(i, 3);
  }

  report(i: number, k: number): number {
    return this.#at(i, REPORT_HEAD + k);
  }

  #at(i: number, k: number): number {
    return this.#numbers[i * this.#width + k] as number;
  }
}

/** How much to ask for at once: learned from how long it took, for the core's estimates of cost are rough. */
class Pace {
  budget = FIRST_BUDGET_NS;
  steps: number;
  readonly #single: boolean;

  constructor(single: boolean) {
    this.#single = single;
    this.steps = single ? 1 : 16;
  }

  took(ms: number, completed: number, asked: number): void {
    const scale = Math.min(2, Math.max(0.25, CHUNK_MS / Math.max(ms, 0.01)));
    // What ended because its steps were done says nothing about the budget, unless it took too long.
    if (completed < asked || scale < 1) this.budget = Math.min(MAX_BUDGET_NS, this.budget * scale);
    if (!this.#single) this.steps = Math.max(1, Math.min(MAX_STEPS, Math.ceil(Math.max(completed, 1) * scale)));
  }
}

// When a loop last gave way, whichever it was: many short calls would starve the event loop as one long call would.
let yielded = 0;

/** Lets the event loop turn, unless it did so a moment ago. */
async function giveWay(): Promise<void> {
  if (performance.now() - yielded < YIELD_MS) return;
  await macrotask();
  yielded = performance.now();
}

/** Resolves after timers, input and whatever else waits have had their turn. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
