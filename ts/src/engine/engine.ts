// What every engine answers, wherever it runs: the native addon and WASM in this thread, WASM in a worker. Coarse calls
// on numbered things; nothing here knows layers, optimizers or how an engine was found.

import type { DType } from '../data/typed.js';

/** Which engine runs, and how. */
export interface EngineInfo {
  readonly name: 'native' | 'wasm';
  /** Whether it runs in a thread of its own. */
  readonly worker: boolean;
  readonly threads: number;
  /** The instruction set in use, such as `avx2` or `simd128`. */
  readonly simd: string;
  /** 'reproducible': the bits of every engine. 'fast': products are rounded once; see `ready`. */
  readonly precision: 'reproducible' | 'fast';
  /** Why a faster engine was not taken. */
  readonly fallbackReason?: string;
}

/** What is alive in an engine. */
export interface EngineStats {
  readonly buffers: number;
  /** In buffers, and in the arenas that plans work in. */
  readonly bytes: number;
  readonly plans: number;
  readonly runs: number;
}

/** When a run ends by itself, looked at before each step's update. */
export interface StopRules {
  lossBelow?: number | undefined;
  gradNormBelow?: number | undefined;
  /** The loss must fall by more than this within `patience` steps. */
  minDelta?: number | undefined;
  patience?: number | undefined;
}

/** What the slots of a plan mean in one run; ids are those of buffers. */
export interface Call {
  readonly variables: readonly number[];
  readonly data?: readonly { readonly buffer: number; readonly dtype: DType }[];
  readonly outputs?: readonly number[];
  readonly scalars?: readonly number[];
  /** Rows of a step; the last one of a run may have fewer. 1 for a plan without data. */
  readonly batch?: number;
  /** Rows to visit, from … up to, not including; the visiting order's positions where there is one. */
  readonly rows?: readonly [from: number, to: number];
  /** A permutation of rows 0 … n − 1; as they stand without. */
  readonly order?: { readonly key: number; readonly epoch: number; readonly n: number } | undefined;
  readonly seed?: number;
  /** Steps made before this run, which random numbers depend on. */
  readonly iteration?: number;
  /** Updates the optimizer has made. */
  readonly updates?: number;
  readonly stop?: StopRules;
  /** Variables the run changes: nobody else may use them while it is held. */
  readonly changes?: readonly number[];
}

/** How a run stands after an advance. */
export type Status = 'more' | 'done' | 'stopped' | 'failed';

/** Numbers in front of the plan's own in each step's report: rows, skipped (0 or 1), gradient norm, learning rate, update norm. */
export const REPORT_HEAD = 5;
/** Most steps that one advance makes. */
export const MAX_STEPS = 16_384;

/** What an advance did. */
export interface Outcome {
  readonly status: Status;
  /** For each completed step REPORT_HEAD numbers and the plan's reports. */
  readonly reports: Float64Array;
  /** The stop rule that held, or `CODE: message` of what failed. */
  readonly text: string;
  /** Milliseconds it took, without the way there and back. */
  readonly ms: number;
  /** Whether it paused within an update: the step will count, so the run is to go on before it is left. */
  readonly committing: boolean;
}

/** A plan bound to buffers for many calls. */
export interface Kept {
  readonly variables: readonly number[];
}

/** The calls of an engine in this thread, answered at once. Refusals are DescendErrors; what was called is unchanged. */
export interface SyncEngine {
  stats(): EngineStats;
  setThreads(n: number): number;
  /** Refuses with OUT_OF_MEMORY, from now on, what would take more bytes than this. Infinity for no limit. */
  setLimit(bytes: number): void;
  /** A buffer of so many zeros, or with a copy of these bytes. */
  alloc(contents: number | Uint8Array): number;
  /** BUSY while a run that changes or reads the buffer is held. */
  write(buffer: number, offset: number, bytes: Uint8Array): void;
  /** A copy; at a step boundary of whatever runs, which ends an update it paused in. */
  read(buffer: number, offset: number, length: number): Uint8Array;
  /** Compiles, unless a plan of these bytes for such batches is there already. */
  plan(bytes: Uint8Array, maxBatch: number): number;
  /** Bytes that runs of such a plan would work in, besides the buffers of a call. Takes none of them. */
  measure(bytes: Uint8Array, maxBatch: number): number;
  /** Frees a buffer, or ends a run. Unknown ids are fine. */
  release(kind: 'buffer' | 'run', id: number): void;
  /** Binds a plan: a run at its first step, held. BUSY when another held run is in the way. */
  start(plan: number, call: Call): number;
  /** Lets others use the variables of a run between two advances, or takes them again. */
  hold(run: number, held: boolean): void;
  /** Makes steps for about `budget` nanoseconds, at most `maxSteps`; with 0 it only ends an update it paused in. */
  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Outcome;
  /** Binds a plan that needs no data to make single steps for long. It is not held, and gone as soon as one of its buffers is. */
  keep(plan: number, call: Call): Kept;
  /** One step of it on what `mail` brings, which takes the answer; false: it is gone. */
  apply(kept: Kept, mail: Uint8Array): boolean;
  /** Gives it up. */
  leave(kept: Kept): void;
  /** The plan's written values (and then its reports) in f64, naively, from the arrays given: see `oracle.ts`. */
  oracle(plan: number, call: Uint8Array): Uint8Array;
}

/**
 * The same calls, answered later: what works for an engine in another thread too. `SyncEngine` says what they do. They
 * take place in the order they were made in, and bytes are copied before a call returns.
 */
export interface Engine {
  readonly info: EngineInfo;
  stats(): Promise<EngineStats>;
  setThreads(n: number): Promise<number>;
  setLimit(bytes: number): Promise<void>;
  alloc(contents: number | Uint8Array): Promise<number>;
  write(buffer: number, offset: number, bytes: Uint8Array): Promise<void>;
  read(buffer: number, offset: number, length: number): Promise<Uint8Array>;
  plan(bytes: Uint8Array, maxBatch: number): Promise<number>;
  measure(bytes: Uint8Array, maxBatch: number): Promise<number>;
  release(kind: 'buffer' | 'run', id: number): void;
  start(plan: number, call: Call): Promise<number>;
  hold(run: number, held: boolean): void;
  /** Leaves the event loop free where another thread does the work. */
  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Outcome>;
  oracle(plan: number, call: Uint8Array): Promise<Uint8Array>;
}

/** An engine in this thread. */
export interface LocalEngine extends Engine {
  readonly sync: SyncEngine;
}

/** Whether synchronous calls work on it. */
export function isLocal(engine: Engine): engine is LocalEngine {
  return 'sync' in engine;
}
