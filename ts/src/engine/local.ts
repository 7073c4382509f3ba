// An engine in this thread: a store, and the same calls answered later.

import type { DescendError } from '../errors.js';
import type { Binding } from './binding.js';
import type { Call, EngineInfo, EngineStats, LocalEngine, Outcome } from './engine.js';
import { Store } from './store.js';

/** The asynchronous face of a store in this thread. */
export class Local implements LocalEngine {
  readonly sync: Store;
  readonly #binding: Binding;
  readonly #fallbackReason: string | undefined;

  constructor(binding: Binding, fallbackReason?: string) {
    this.#binding = binding;
    this.#fallbackReason = fallbackReason;
    this.sync = new Store(binding);
  }

  get info(): EngineInfo {
    const { simd, threads, fused } = this.sync.about();
    const reason = this.#fallbackReason;
    const precision = fused ? ('fast' as const) : ('reproducible' as const);
    const info = { name: this.#binding.name, worker: false, threads, simd, precision };
    return reason === undefined ? info : { ...info, fallbackReason: reason };
  }

  async stats(): Promise<EngineStats> {
    return this.sync.stats();
  }

  async setThreads(n: number): Promise<number> {
    return this.sync.setThreads(n);
  }

  /** Asks for products that round once, or twice. */
  setFused(wanted: boolean): void {
    this.#binding.setFused?.(wanted);
  }

  async setLimit(bytes: number): Promise<void> {
    this.sync.setLimit(bytes);
  }

  async alloc(contents: number | Uint8Array): Promise<number> {
    return this.sync.alloc(contents);
  }

  async write(buffer: number, offset: number, bytes: Uint8Array): Promise<void> {
    this.sync.write(buffer, offset, bytes);
  }

  async read(buffer: number, offset: number, length: number): Promise<Uint8Array> {
    return this.sync.read(buffer, offset, length);
  }

  async plan(bytes: Uint8Array, maxBatch: number): Promise<number> {
    return this.#whole(bytes, (own) => this.sync.plan(own, maxBatch));
  }

  async measure(bytes: Uint8Array, maxBatch: number): Promise<number> {
    return this.#whole(bytes, (own) => this.sync.measure(own, maxBatch));
  }

  release(kind: 'buffer' | 'run', id: number): void {
    this.sync.release(kind, id);
  }

  async start(plan: number, call: Call): Promise<number> {
    return this.#whole(call, (own) => this.sync.start(plan, own));
  }

  hold(run: number, held: boolean): void {
    this.sync.hold(run, held);
  }

  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Outcome> {
    return this.sync.advanceAsync(run, maxSteps, budget, hyper);
  }

  async oracle(plan: number, call: Uint8Array): Promise<Uint8Array> {
    return this.#whole(call, (own) => this.sync.oracle(plan, own));
  }

  /** Resolves when all of the engine is there, which is only waited for where it could not be had at once. */
  async complete(): Promise<void> {
    await this.#binding.bring?.();
  }

  /** What `call` makes of what is given, with the second part of the engine where it needs that. */
  async #whole<Given, T>(given: Given, call: (given: Given) => T): Promise<T> {
    let own: Given;
    try {
      return call(given);
    } catch (error) {
      if ((error as DescendError).code !== 'NOT_READY') throw error;
      // The caller may change what was given.
      own = structuredClone(given);
    }
    await this.complete();
    return call(own);
  }
}
