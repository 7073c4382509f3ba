// The run loop that models and `minimize` share: many steps per crossing, in chunks of about 15 ms so that the event
// loop stays free and an abort is answered soon, even where a busy machine makes three of it. How steps fall into
// chunks changes no result.

import { DescendError, type ErrorCode, fail } from '../errors.js';
import { refusal } from './binding.js';
import { type Call, type Engine, isLocal, MAX_STEPS, type Outcome, REPORT_HEAD } from './engine.js';
import { macrotask } from './macrotask.js';

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
  /** The norm of what was added to the variables, NaN where nothing asked for it. */
  updateNorm(i: number): number;
}

/** What the update of one step did. */
export interface UpdateReport {
  gradNorm: number;
  updateNorm: number;
  learningRate: number;
  skipped: boolean;
}

/** What makes a run's updates: an optimizer, as far as the loop knows one. */
export interface Updater {
  /** Steps made that were not left out. A callback may change it: the run goes on from there. */
  readonly steps: number;
  setSteps(steps: number): void;
  /** The numbers of `count` steps after `first` others, as bytes. */
  encodeHypers(first: number, count: number): Uint8Array;
  /** What is to happen around each step. */
  readonly hooks: {
    readonly any: boolean;
    before(steps: number): unknown;
    after(report: UpdateReport, steps: number): unknown;
  };
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
  /** Whose updates they are; its count is kept. */
  updater?: Updater;
  /** Called after each chunk, at a step boundary, with the variables free; `false` ends the run. */
  onChunk?: (chunk: Chunk) => unknown;
  /** Calls `onChunk` after every single step. */
  everyStep?: boolean;
  /** At most how many steps may be made before `onChunk` is called next. */
  until?: () => number;
  /** What earlier runs of the same work have taught; without, the run learns anew how much to ask for at once. */
  pace?: Pace;
  signal?: AbortSignal | undefined;
}

/** How a run ended. */
export interface StepsResult {
  /** Steps completed; the one at which a stop rule held is not among them. */
  steps: number;
  /** 'done': all rows visited; 'stopped': by `onChunk`; or the rule that held. */
  reason: 'done' | 'maxSteps' | 'lossBelow' | 'gradNormBelow' | 'minDelta' | 'stopped';
}

// Updaters whose count is some run's at the moment.
const busy = new WeakSet<Updater>();

/** Runs a plan. Rejects with the signal's reason, or with what failed; both leave the last completed step. */
export async function runSteps(options: StepsOptions): Promise<StepsResult> {
  const { updater, signal } = options;
  signal?.throwIfAborted();
  if (updater === undefined) return new Loop(options).run();
  if (busy.has(updater)) {
    const got = 'another run while the first is under way';
    throw fail('BUSY', 'optimizer', 'one run at a time', got, 'await the first, or use one optimizer for each');
  }
  busy.add(updater);
  try {
    return await new Loop(options).run();
  } finally {
    busy.delete(updater);
  }
}

const NOTHING = new Uint8Array();

/** One call of `runSteps` under way. */
class Loop {
  readonly #options: StepsOptions;
  readonly #pace: Pace;
  #run: number | undefined;
  #steps = 0;
  #rows = 0;
  /** Whether the step to come was announced to hooks. */
  #announced = false;
  /** Whether a step has begun to change variables: an abort waits for its end. */
  #committing = false;
  #updates: number;

  constructor(options: StepsOptions) {
    this.#options = options;
    this.#pace = options.pace ?? new Pace(options.everyStep === true);
    this.#updates = options.updater?.steps ?? 0;
  }

  async run(): Promise<StepsResult> {
    try {
      return { reason: await this.#advanceAll(), steps: this.#steps };
    } finally {
      this.#release();
    }
  }

  async #advanceAll(): Promise<StepsResult['reason']> {
    const { engine, call, updater, onChunk, until, signal, steps: most = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#steps < most) {
      this.#run ??= await this.#start();
      // An answer from another thread is a turn of the event loop itself.
      if (isLocal(engine)) await giveWay();
      if (!this.#committing) signal?.throwIfAborted();
      if (updater?.hooks.any && !this.#announced) {
        this.#announced = true;
        await this.#freed(this.#run, async () => void (await updater.hooks.before(this.#updates)));
        continue;
      }
      const asked = updater?.hooks.any ? 1 : this.#pace.steps;
      const { count, hypers } = this.#hypers(Math.min(most - this.#steps, asked, until?.() ?? most));
      const outcome = await engine.advance(this.#run, count, this.#pace.budget, hypers);
      const chunk = new Reports(outcome, this.#options.reports, this.#steps);
      this.#pace.took(outcome.ms, chunk.count, outcome.status === 'done' ? chunk.count : count);
      this.#committing = outcome.committing;
      const stopped = outcome.status === 'stopped';
      this.#steps += chunk.count - (stopped ? 1 : 0);
      this.#rows += chunk.allRows;
      this.#updates += chunk.updates - (stopped ? 1 : 0);
      updater?.setSteps(this.#updates);
      if (updater?.hooks.any && chunk.count > 0) {
        this.#announced = false;
        await this.#freed(this.#run, async () => void (await updater.hooks.after(chunk.update(0), this.#updates)));
        this.#run ??= await this.#start();
      }
      if (onChunk && chunk.count > 0 && !(await this.#freed(this.#run, () => onChunk(chunk)))) return 'stopped';
      if (outcome.status === 'failed') throw failure(outcome, call, this.#steps);
      if (stopped) return outcome.text as StepsResult['reason'];
      if (outcome.status === 'done') return 'done';
    }
    return 'maxSteps';
  }

  /** A run of what is left. */
  #start(): Promise<number> {
    const { engine, plan, call } = this.#options;
    const [from, to] = call.rows ?? [0, 0];
    const rows = call.rows && ([from + this.#rows, to] as const);
    const iteration = (call.iteration ?? 0) + this.#steps;
    return engine.start(plan, { ...call, ...(rows && { rows }), iteration, updates: this.#updates });
  }

  /** The numbers of up to `count` updates: as many as a user's function has good ones for, so that it fails at its step. */
  #hypers(count: number): { count: number; hypers: Uint8Array } {
    const { updater } = this.#options;
    if (!updater) return { count, hypers: NOTHING };
    for (let fewer = count; ; fewer = Math.ceil(fewer / 2)) {
      try {
        return { count: fewer, hypers: updater.encodeHypers(this.#updates, fewer) };
      } catch (error) {
        if (fewer === 1) throw error;
      }
    }
  }

  /** Calls back with the variables free; says whether to go on. */
  async #freed(run: number, callback: () => unknown): Promise<boolean> {
    const { engine, updater } = this.#options;
    engine.hold(run, false);
    const answer = callback();
    if ((answer instanceof Promise ? await answer : answer) === false) return false;
    if (updater && updater.steps !== this.#updates) {
      // The callback loaded another state or made updates of its own: what is left begins with that count.
      this.#updates = updater.steps;
      this.#release();
    } else {
      engine.hold(run, true);
    }
    return true;
  }

  #release(): void {
    if (this.#run !== undefined) this.#options.engine.release('run', this.#run);
    this.#run = undefined;
  }
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

  get allRows(): number {
    let rows = 0;
    for (let i = 0; i < this.count; i++) rows += this.rows(i);
    return rows;
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

  updateNorm(i: number): number {
    return this.#at(i, 4);
  }

  update(i: number): UpdateReport {
    const [gradNorm, updateNorm, learningRate] = [this.gradNorm(i), this.updateNorm(i), this.learningRate(i)];
    return { gradNorm, updateNorm, learningRate, skipped: this.skipped(i) };
  }

  report(i: number, k: number): number {
    return this.#at(i, REPORT_HEAD + k);
  }

  #at(i: number, k: number): number {
    return this.#numbers[i * this.#width + k] as number;
  }
}

/** How much to ask for at once: learned from how long it took, for the core's estimates of cost are rough. */
export class Pace {
  budget: number = FIRST_BUDGET_NS;
  steps: number;
  readonly #single: boolean;

  constructor(single = false) {
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

/** Lets the event loop turn, unless it did so less than `ms` milliseconds ago. */
export async function giveWay(ms: number = YIELD_MS): Promise<void> {
  if (performance.now() - yielded < ms) return;
  await macrotask();
  yielded = performance.now();
}
