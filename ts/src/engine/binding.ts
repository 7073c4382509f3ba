// What a build of the core brings: its functions as they are, on its own ids and bytes, and errors as `CODE: text`.

import { DescendError, type ErrorCode } from '../errors.js';

/** The functions that the addon and the WASM module have in common, brought to one form. */
export interface Binding {
  readonly name: 'native' | 'wasm';
  version(): string;
  info(): string;
  setThreads(n: number): number;
  /** Asks for products that round once, or twice; says whether they do. Missing where they cannot. */
  setFused?(wanted: boolean): boolean;
  /** Refuses from now on to hold more in buffers and arenas; what is there stays. Infinity for no limit. */
  setLimit(bytes: number): void;
  alloc(bytes: number): number;
  write(id: number, offset: number, bytes: Uint8Array): void;
  read(id: number, offset: number, length: number): Uint8Array;
  /** 0 a buffer, 1 a plan, 2 a run. */
  release(kind: number, id: number): void;
  compile(plan: Uint8Array, maxBatch: number): number;
  /** Bytes of the arena that runs of the plan would work in. */
  measure(plan: Uint8Array, maxBatch: number): number;
  start(plan: number, call: Uint8Array): number;
  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Uint8Array;
  /** The same on another thread, or here where there is no other. */
  advanceAsync(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Uint8Array>;
  /** One step on what `mail` brings, which takes the answer: see `mail.ts`. */
  apply(run: number, mail: Uint8Array): void;
  oracle(plan: number, call: Uint8Array): Uint8Array;
  /**
   * Brings the second part of a build that has two, which PART_MISSING asks for: at once, or true comes later. Throws
   * ENGINE_FAILED where it cannot be had.
   */
  bring?(): true | Promise<true>;
  /** After a crash that this build does not survive: begins anew, with what can be taken from before. */
  restart?(): Wreck;
}

/** What a crash left behind. */
export interface Wreck {
  /** Whether it hit a step that was writing variables. */
  readonly torn: boolean;
  /** The bytes of a buffer of before; good until the next call. */
  read(id: number): Uint8Array;
}

/** A refusal of the core as the error it is, or undefined for anything else that was thrown. */
export function refusal(error: unknown): DescendError | undefined {
  if (error instanceof DescendError) return error;
  if (!(error instanceof Error)) return undefined;
  const [, code, text] = /^([A-Z]+(?:_[A-Z]+)*): (.*)$/s.exec(error.message) ?? [];
  if (code === undefined || text === undefined) return undefined;
  return new DescendError(code as ErrorCode, text, { cause: error });
}
