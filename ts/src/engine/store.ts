// The synchronous calls over a binding of the core: ids that outlive a crash, locks on what runs use, a cache of
// compiled plans. After a crash everything alive is there again; runs under way end with ENGINE_PANIC, and
// variables that a torn update left half written answer STATE_LOST until they are written anew.

import { type DescendError, fail } from '../errors.js';
import { type Binding, refusal, type Wreck } from './binding.js';
import { decodeOutcome, encodeCall } from './bytes.js';
import type { Call, EngineStats, Kept, Outcome, SyncEngine } from './engine.js';
import { Locks, type Use, useOf } from './locks.js';

const NOTHING = new Uint8Array();

/** Most plans kept compiled; the one not asked for longest goes first. */
const MAX_PLANS = 128;
/** Most runs kept between calls; the oldest goes first. */
const MAX_KEPT = 16;
/** Nanoseconds of work, as the core estimates it, for which no other thread is asked. */
const AT_ONCE_NS = 1e6;
const KIND = { buffer: 0, plan: 1, run: 2 } as const;

/** Whether a step was refused only because the second part of the engine is not there. */
const isMissing = ({ text }: Outcome): boolean => text.startsWith('PART_MISSING');
/** As if the run had paused before that step. */
const again = (outcome: Outcome): Outcome => ({ ...outcome, status: 'more', text: '' });

interface Buffer {
  raw: number;
  readonly bytes: number;
}

interface Plan {
  raw: number;
  readonly id: number;
  readonly bytes: Uint8Array;
  maxBatch: number;
}

interface Run {
  /** Undefined once a crash has ended it. */
  raw: number | undefined;
  readonly use: Use;
  held: boolean;
}

/** A run that waits for calls. */
interface KeptRun extends Kept {
  /** Undefined once it is gone. */
  raw: number | undefined;
  readonly use: Use;
}

/** The synchronous calls over one binding. */
export class Store implements SyncEngine {
  readonly #binding: Binding;
  readonly #buffers = new Map<number, Buffer>();
  readonly #plans = new Map<number, Plan>();
  readonly #planOf = new Map<string, Plan>();
  readonly #keys = new WeakMap<Uint8Array, string>();
  readonly #runs = new Map<number, Run>();
  readonly #locks = new Locks();
  readonly #lost = new Set<number>();
  #next: number;
  #limit: number | undefined;
  /** Runs that paused within an update. */
  readonly #committing = new Set<number>();
  readonly #kept = new Set<KeptRun>();
  #broken: DescendError | undefined;

  /** Ids count from `first`. */
  constructor(binding: Binding, first = 1) {
    this.#binding = binding;
    this.#next = first;
  }

  /** Takes in a buffer of a store that is gone, under its old id: its contents are lost until it is written anew. */
  adopt(id: number, bytes: number): void {
    this.#buffers.set(id, { raw: this.#guard(() => this.#binding.alloc(bytes)), bytes });
    this.#lost.add(id);
  }

  /** What the core says about itself. */
  about(): EngineStats & { simd: string; threads: number; fused: number } {
    return JSON.parse(this.#guard(() => this.#binding.info()));
  }

  stats(): EngineStats {
    const { buffers, bytes, plans, runs } = this.about();
    return { buffers, bytes, plans, runs: runs - this.#kept.size };
  }

  setThreads(n: number): number {
    return this.#guard(() => this.#binding.setThreads(n));
  }

  setLimit(bytes: number): void {
    this.#guard(() => this.#binding.setLimit(bytes));
    this.#limit = bytes;
  }

  alloc(contents: number | Uint8Array): number {
    const bytes = typeof contents === 'number' ? contents : contents.length;
    const raw = this.#guard(() => this.#binding.alloc(bytes));
    const id = this.#add(this.#buffers, { raw, bytes });
    if (typeof contents === 'number') return id;
    try {
      this.write(id, 0, contents);
      return id;
    } catch (error) {
      this.release('buffer', id);
      throw error;
    }
  }

  write(buffer: number, offset: number, bytes: Uint8Array): void {
    const { raw, bytes: length } = this.#buffer(buffer);
    this.#locks.checkWrite(buffer);
    const whole = offset === 0 && bytes.length === length;
    if (!whole) this.#checkLost(buffer);
    this.#guard(() => this.#binding.write(raw, offset, bytes));
    this.#lost.delete(buffer);
  }

  read(buffer: number, offset: number, length: number): Uint8Array {
    this.#settle(buffer);
    const { raw } = this.#buffer(buffer);
    this.#checkLost(buffer);
    return this.#guard(() => this.#binding.read(raw, offset, length));
  }

  plan(bytes: Uint8Array, maxBatch: number): number {
    // Latin-1 keeps bytes apart, so equal keys mean equal plans; nobody changes the bytes of one.
    const key = this.#keys.get(bytes) ?? new TextDecoder('latin1').decode(bytes);
    this.#keys.set(bytes, key);
    const known = this.#planOf.get(key);
    const plan = known && known.maxBatch >= maxBatch ? known : this.#compile(bytes, maxBatch);
    if (known && known !== plan) this.#drop(known);
    this.#planOf.delete(key);
    this.#planOf.set(key, plan);
    for (const [oldest, old] of this.#planOf) {
      if (this.#planOf.size <= MAX_PLANS) break;
      this.#planOf.delete(oldest);
      this.#drop(old);
    }
    return plan.id;
  }

  measure(bytes: Uint8Array, maxBatch: number): number {
    return this.#guard(() => this.#binding.measure(bytes, maxBatch));
  }

  release(kind: 'buffer' | 'run', id: number): void {
    const thing = kind === 'buffer' ? this.#buffers.get(id) : this.#runs.get(id);
    if (!thing) return;
    if (kind === 'run') {
      this.hold(id, false);
      this.#runs.delete(id);
      this.#committing.delete(id);
    } else {
      for (const kept of this.#kept) if (kept.use.reads.has(id) || kept.use.changes.has(id)) this.leave(kept);
      this.#buffers.delete(id);
      this.#lost.delete(id);
    }
    const { raw } = thing;
    if (raw !== undefined && !this.#broken) this.#guard(() => this.#binding.release(KIND[kind], raw));
  }

  start(plan: number, call: Call): number {
    const found = this.#found(this.#plans, plan, 'plan');
    for (const id of call.variables) this.#checkLost(id);
    for (const { buffer } of call.data ?? []) this.#checkLost(buffer);
    const bytes = encodeCall(call, (id) => this.#buffer(id).raw);
    const use = useOf(call);
    this.#locks.take(use);
    try {
      return this.#add(this.#runs, { raw: this.#begin(found, call.batch ?? 1, bytes), use, held: true });
    } catch (error) {
      this.#locks.free(use);
      throw error;
    }
  }

  hold(run: number, held: boolean): void {
    const found = this.#found(this.#runs, run, 'run');
    if (found.held === held) return;
    if (held) this.#locks.take(found.use);
    else this.#locks.free(found.use);
    found.held = held;
  }

  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Outcome {
    const raw = this.#running(run);
    const began = performance.now();
    try {
      const outcome = this.#outcome(run, this.#binding.advance(raw, maxSteps, budget, hyper), began);
      if (!isMissing(outcome)) return outcome;
      this.#complete();
      return again(outcome);
    } catch (error) {
      throw this.#failure(error, this.#runs.get(run)?.use);
    }
  }

  /** As `advance`, where the binding prefers; what is soon done is done at once, for asking another thread takes longer. */
  async advanceAsync(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Outcome> {
    if (budget <= AT_ONCE_NS && this.#binding.name === 'native') return this.advance(run, maxSteps, budget, hyper);
    const raw = this.#running(run);
    const began = performance.now();
    try {
      const outcome = this.#outcome(run, await this.#binding.advanceAsync(raw, maxSteps, budget, hyper), began);
      if (!isMissing(outcome)) return outcome;
      await this.#binding.bring?.();
      return again(outcome);
    } catch (error) {
      throw this.#failure(error, this.#runs.get(run)?.use);
    }
  }

  keep(plan: number, call: Call): Kept {
    const run = this.start(plan, call);
    const { raw, use } = this.#found(this.#runs, run, 'run');
    this.hold(run, false);
    this.#runs.delete(run);
    const kept: KeptRun = { raw, use, variables: call.variables };
    this.#kept.add(kept);
    for (const oldest of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.leave(oldest);
    }
    return kept;
  }

  apply(kept: Kept, mail: Uint8Array): boolean {
    const { raw, use } = kept as KeptRun;
    // What was lost in a crash is for `start` to find.
    if (raw === undefined || this.#lost.size > 0) return false;
    if (this.#broken) throw this.#broken;
    this.#locks.check(use);
    try {
      this.#binding.apply(raw, mail);
      return true;
    } catch (error) {
      if (refusal(error)?.code !== 'PART_MISSING') throw this.#failure(error, use);
    }
    this.#complete();
    return this.apply(kept, mail);
  }

  leave(kept: Kept): void {
    const run = kept as KeptRun;
    const { raw } = run;
    this.#kept.delete(run);
    run.raw = undefined;
    if (raw !== undefined && !this.#broken) this.#guard(() => this.#binding.release(KIND.run, raw));
  }

  oracle(plan: number, call: Uint8Array): Uint8Array {
    const { raw } = this.#found(this.#plans, plan, 'plan');
    return this.#guard(() => this.#binding.oracle(raw, call));
  }

  #begin(plan: Plan, batch: number, call: Uint8Array): number {
    const start = (): number => this.#guard(() => this.#binding.start(plan.raw, call));
    if (batch > plan.maxBatch) this.#resize(plan, batch);
    try {
      return start();
    } catch (error) {
      // For larger batches it was made to work in more than these need.
      if ((error as DescendError).code !== 'OUT_OF_MEMORY' || batch === plan.maxBatch) throw error;
      this.#resize(plan, batch);
      return start();
    }
  }

  #resize(plan: Plan, maxBatch: number): void {
    const old = plan.raw;
    plan.raw = this.#guard(() => this.#binding.compile(plan.bytes, maxBatch));
    plan.maxBatch = maxBatch;
    this.#guard(() => this.#binding.release(KIND.plan, old));
  }

  #compile(bytes: Uint8Array, maxBatch: number): Plan {
    const raw = this.#guard(() => this.#binding.compile(bytes, maxBatch));
    const plan: Plan = { raw, id: this.#next++, bytes: bytes.slice(), maxBatch };
    this.#plans.set(plan.id, plan);
    return plan;
  }

  #add<T>(map: Map<number, T>, thing: T): number {
    const id = this.#next++;
    map.set(id, thing);
    return id;
  }

  #drop(plan: Plan): void {
    this.#plans.delete(plan.id);
    if (!this.#broken) this.#guard(() => this.#binding.release(KIND.plan, plan.raw));
  }

  #found<T>(map: ReadonlyMap<number, T>, id: number, what: string): T {
    const thing = map.get(id);
    if (thing === undefined) throw fail('DISPOSED', what, 'one that is alive', `number ${id}`);
    return thing;
  }

  #buffer(id: number): Buffer {
    return this.#found(this.#buffers, id, 'variable');
  }

  #running(id: number): number {
    const run = this.#found(this.#runs, id, 'run');
    if (run.raw === undefined) throw fail('ENGINE_PANIC', 'run', 'to go on', 'a crash of the engine', 'start it again');
    if (this.#broken) throw this.#broken;
    // Where nobody waited for the answer, that it could not be held again comes out here.
    this.hold(id, true);
    return run.raw;
  }

  #checkLost(id: number): void {
    if (!this.#lost.has(id)) return;
    const got = 'one that was lost in a crash, or with its worker';
    throw fail('STATE_LOST', 'variable', 'its last value', got, 'write it anew');
  }

  #outcome(run: number, bytes: Uint8Array, began: number): Outcome {
    const outcome = decodeOutcome(bytes, performance.now() - began);
    if (outcome.committing) this.#committing.add(run);
    else this.#committing.delete(run);
    if (outcome.text.startsWith('STATE_LOST')) this.#lose(this.#runs.get(run)?.use);
    // What was done is told first.
    return isMissing(outcome) && outcome.reports.length > 0 ? again(outcome) : outcome;
  }

  /** Ends the update of a run that paused while it changed `buffer`. */
  #settle(buffer: number): void {
    for (const run of this.#committing) {
      if (this.#runs.get(run)?.use.changes.has(buffer)) this.advance(run, 0, 0, NOTHING);
    }
  }

  #lose(use: Use | undefined): void {
    for (const id of use?.changes ?? []) this.#lost.add(id);
  }

  #guard<T>(call: () => T): T {
    if (this.#broken) throw this.#broken;
    try {
      return call();
    } catch (error) {
      if (refusal(error)?.code !== 'PART_MISSING') throw this.#failure(error);
    }
    this.#complete();
    return this.#guard(call);
  }

  /** Brings the second part of the engine, if it can be had at once. */
  #complete(): void {
    const coming = this.#binding.bring?.();
    if (coming === true) return;
    coming?.catch(() => {});
    throw fail('NOT_READY', 'synchronous call', 'all of the engine', 'its first part', 'await ready() first');
  }

  /** What to throw for what the binding threw; after a crash, once everything is as it was. */
  #failure(error: unknown, use?: Use): DescendError {
    const refused = refusal(error);
    if (refused) {
      if (refused.code === 'STATE_LOST') this.#lose(use);
      return refused;
    }
    const crash = (error as Error | undefined)?.message ?? String(error);
    if (!this.#binding.restart) return fail('ENGINE_FAILED', 'engine', 'an answer', crash, undefined, error);
    let torn = false;
    try {
      const wreck = this.#binding.restart();
      torn = wreck.torn;
      if (torn) this.#lose(use);
      this.#rebuild(wreck);
    } catch (cause) {
      this.#broken = fail('ENGINE_FAILED', 'engine', 'to begin anew after a crash', crash, undefined, cause);
      return this.#broken;
    }
    if (torn)
      return fail('STATE_LOST', 'update', 'it to finish', `a crash (${crash})`, 'its variables are half written');
    return fail('ENGINE_PANIC', 'engine', 'an answer', `a crash (${crash})`, 'please report it; the next call works');
  }

  #rebuild(wreck: Wreck): void {
    for (const run of this.#committing) this.#lose(this.#runs.get(run)?.use);
    this.#committing.clear();
    for (const run of [...this.#runs.values(), ...this.#kept]) run.raw = undefined;
    this.#kept.clear();
    for (const buffer of this.#buffers.values()) {
      const old = buffer.raw;
      buffer.raw = this.#binding.alloc(buffer.bytes);
      this.#binding.write(buffer.raw, 0, wreck.read(old));
    }
    for (const plan of this.#plans.values()) plan.raw = this.#binding.compile(plan.bytes, plan.maxBatch);
    if (this.#limit !== undefined) this.#binding.setLimit(this.#limit);
  }
}
