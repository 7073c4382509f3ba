// An engine in a thread of its own, seen from the program: each call is one message there and one back. When the thread
// ends, whatever ended it, calls under way are refused, what was on it is lost, and the next call begins another.

import { DescendError, fail } from '../../errors.js';
import type { Call, Engine, EngineInfo, EngineStats, Outcome } from '../engine.js';
import type { More } from '../wasm.js';
import type { Answer, Beginning, Begun, Calls, Request } from './protocol.js';

/** A thread under way. */
export interface Thread {
  post(message: Request, transfer: ArrayBuffer[]): void;
  /** Whether the program waits for it; without, it may end. */
  keepAlive(wanted: boolean): void;
  end(): void;
}

/** What a thread tells. */
export interface Listener {
  answered(answer: Answer): void;
  /** It is no more, or good for nothing. */
  ended(reason: string): void;
}

/** How an engine in a thread is made. */
export interface RemoteOptions {
  readonly open: (listener: Listener) => Thread;
  readonly wasm: Beginning['wasm'];
  /** Gives the second part of the module. */
  readonly more: More;
  readonly fallbackReason?: string | undefined;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: DescendError): void;
}

/** The engine in another thread. Its answers come later, so it is no LocalEngine. */
export class RemoteEngine implements Engine {
  readonly #options: RemoteOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** Lengths of all buffers: what would be lost. */
  readonly #buffers = new Map<number, number>();
  #thread: Thread | undefined;
  #begun: Promise<Begun> | undefined;
  #about: Begun = { simd: 'simd128', threads: 1 };
  #limit = Number.POSITIVE_INFINITY;
  #calls = 0;
  /** The highest number of a thing so far, and the lowest that is of the present thread. */
  #last = 0;
  #first = 1;

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  /** Resolves when a thread answers. Throws ENGINE_FAILED. */
  async begin(): Promise<void> {
    this.#opened();
    await this.#begun;
  }

  get info(): EngineInfo {
    const { fallbackReason } = this.#options;
    const info = { name: 'wasm', worker: true, ...this.#about, precision: 'reproducible' } as const;
    return fallbackReason === undefined ? info : { ...info, fallbackReason };
  }

  stats(): Promise<EngineStats> {
    return this.#ask('stats', []);
  }

  setThreads(n: number): Promise<number> {
    return this.#ask('setThreads', [n]);
  }

  async setLimit(bytes: number): Promise<void> {
    await this.#ask('setLimit', [bytes]);
    this.#limit = bytes;
  }

  async alloc(contents: number | Uint8Array): Promise<number> {
    const own = typeof contents === 'number' ? contents : contents.slice();
    const [bytes, moved] = typeof own === 'number' ? [own, []] : [own.length, [own.buffer]];
    const id = this.#made(await this.#ask('alloc', [own], moved));
    this.#buffers.set(id, bytes);
    return id;
  }

  async write(buffer: number, offset: number, bytes: Uint8Array): Promise<void> {
    const own = bytes.slice();
    await this.#ask('write', [buffer, offset, own], [own.buffer]);
  }

  read(buffer: number, offset: number, length: number): Promise<Uint8Array> {
    return this.#ask('read', [buffer, offset, length]);
  }

  async plan(bytes: Uint8Array, maxBatch: number): Promise<number> {
    // Of a part of an array the whole memory would cross.
    const own = bytes.slice();
    return this.#made(await this.#whole(() => this.#ask('plan', [own, maxBatch])));
  }

  measure(bytes: Uint8Array, maxBatch: number): Promise<number> {
    const own = bytes.slice();
    return this.#whole(() => this.#ask('measure', [own, maxBatch]));
  }

  release(kind: 'buffer' | 'run', id: number): void {
    if (kind === 'buffer') this.#buffers.delete(id);
    this.#thread?.post([0, 'release', [kind, id]], []);
  }

  async start(plan: number, call: Call): Promise<number> {
    this.#checkThere(plan);
    return this.#made(await this.#whole(() => this.#ask('start', [plan, call])));
  }

  // That a run cannot be held again is told by its next `advance`.
  hold(run: number, held: boolean): void {
    this.#thread?.post([0, 'hold', [run, held]], []);
  }

  async advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Outcome> {
    this.#checkThere(run);
    const own = hyper.slice();
    return await this.#whole(() => this.#ask('advance', [run, maxSteps, budget, own]));
  }

  async oracle(plan: number, call: Uint8Array): Promise<Uint8Array> {
    this.#checkThere(plan);
    const own = call.slice();
    return await this.#whole(() => this.#ask('oracle', [plan, own]));
  }

  /** As `ask`, after the thread was given the second part of the module where it lacks that. */
  async #whole<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if ((error as DescendError).code !== 'NOT_READY') throw error;
    }
    await this.#ask('complete', [await this.#options.more()]);
    return await ask();
  }

  #made(id: number): number {
    this.#last = Math.max(this.#last, id);
    return id;
  }

  #checkThere(id: number): void {
    if (id >= this.#first) return;
    throw fail('ENGINE_FAILED', 'call', 'the worker it began in', 'another, as that one ended', 'begin it again');
  }

  async #ask<Name extends keyof Calls>(
    name: Name,
    args: Parameters<Calls[Name]>,
    transfer: ArrayBuffer[] = [],
  ): Promise<ReturnType<Calls[Name]>> {
    const thread = this.#opened();
    return await new Promise((resolve, reject) => {
      const call = ++this.#calls;
      thread.post([call, name, args] as unknown as Request, transfer);
      if (this.#waiting.size === 0) thread.keepAlive(true);
      this.#waiting.set(call, { resolve: resolve as Waiting['resolve'], reject });
    });
  }

  #answered([call, value, code, message]: Answer): void {
    const waiting = this.#waiting.get(call);
    if (waiting === undefined) return;
    this.#waiting.delete(call);
    if (this.#waiting.size === 0) this.#thread?.keepAlive(false);
    if (code === undefined) waiting.resolve(value);
    else waiting.reject(new DescendError(code, message as string));
  }

  /** The present thread, or a new one: what is posted at once waits there until it has begun. */
  #opened(): Thread {
    if (this.#thread) return this.#thread;
    const { open, wasm } = this.#options;
    const thread: Thread = open({
      answered: (answer) => this.#answered(answer),
      ended: (reason) => {
        if (this.#thread === thread) this.#ended(reason);
      },
    });
    this.#thread = thread;
    this.#begun = this.#ask('begin', [{ wasm, first: this.#first, lost: [...this.#buffers], limit: this.#limit }]);
    this.#begun.then(
      (about) => {
        this.#about = about;
      },
      (error: DescendError) => {
        if (this.#thread === thread) this.#ended(error.message);
      },
    );
    return thread;
  }

  #ended(reason: string): void {
    this.#thread?.end();
    this.#thread = undefined;
    this.#first = this.#last + 1;
    const hint = 'what was in it is lost; the next call begins another';
    const error = fail('ENGINE_FAILED', 'worker', 'an answer', reason, hint);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
