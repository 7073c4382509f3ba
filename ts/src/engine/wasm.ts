// The WASM module as a binding: its buffers are read and written through its memory, and a trap, after which an
// instance is good for nothing, is answered by a new instance. Knows neither files nor network.

import { DescendError } from '../errors.js';
import type { Binding, Wreck } from './binding.js';
import { VERSION } from './version.js';

/** What wasm-bindgen generates around the module (`--target web`). */
export interface Glue
  extends Pick<
    Binding,
    'version' | 'info' | 'setThreads' | 'setLimit' | 'alloc' | 'release' | 'compile' | 'measure' | 'start' | 'oracle'
  > {
  /** Instantiates; once that is done, gives the exports of the present instance. */
  initSync(options?: { module: BufferSource | WebAssembly.Module }): { memory: WebAssembly.Memory };
  default(options?: { module_or_path: unknown }): Promise<unknown>;
  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Uint8Array;
  /** Where a buffer lies in the memory, until it is released. */
  address(id: number): number;
  /** Whether a trap hit a step that was writing variables; answers on a dead instance. */
  torn(): boolean;
  /** Makes a new instance of the same module. */
  __wbg_reset_state(): void;
}

/** The most that one allocation can have in a memory of 32-bit addresses; larger numbers would wrap around. */
const MAX_BYTES = 2 ** 31 - 1;

interface Place {
  readonly address: number;
  readonly bytes: number;
}

/** The binding over an instantiated module. Throws ENGINE_FAILED when it is of another release. */
export function wasmBinding(glue: Glue): Binding {
  const version = glue.version();
  if (version !== VERSION) {
    throw new DescendError('ENGINE_FAILED', `WASM engine: expected version ${VERSION}, got ${version}`);
  }
  return new Wasm(glue);
}

class Wasm implements Binding {
  readonly name = 'wasm';
  readonly #glue: Glue;
  #memory: WebAssembly.Memory;
  #places = new Map<number, Place>();

  constructor(glue: Glue) {
    this.#glue = glue;
    this.#memory = glue.initSync().memory;
  }

  version(): string {
    return this.#glue.version();
  }

  info(): string {
    return this.#glue.info();
  }

  setThreads(n: number): number {
    return this.#glue.setThreads(n);
  }

  setLimit(bytes: number): void {
    this.#glue.setLimit(bytes);
  }

  alloc(bytes: number): number {
    if (bytes > MAX_BYTES) {
      throw new DescendError('OUT_OF_MEMORY', `memory: expected at most ${MAX_BYTES} bytes at once, got ${bytes}`);
    }
    const id = this.#glue.alloc(bytes);
    this.#places.set(id, { address: this.#glue.address(id) >>> 0, bytes });
    return id;
  }

  write(id: number, offset: number, bytes: Uint8Array): void {
    this.#view(id, offset, bytes.length).set(bytes);
  }

  read(id: number, offset: number, length: number): Uint8Array {
    return this.#view(id, offset, length).slice();
  }

  release(kind: number, id: number): void {
    if (kind === 0) this.#places.delete(id);
    this.#glue.release(kind, id);
  }

  compile(plan: Uint8Array, maxBatch: number): number {
    return this.#glue.compile(plan, maxBatch);
  }

  measure(plan: Uint8Array, maxBatch: number): number {
    return this.#glue.measure(plan, maxBatch);
  }

  start(plan: number, call: Uint8Array): number {
    return this.#glue.start(plan, call);
  }

  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Uint8Array {
    return this.#glue.advance(run, maxSteps, budget, hyper);
  }

  async advanceAsync(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Uint8Array> {
    return this.#glue.advance(run, maxSteps, budget, hyper);
  }

  oracle(plan: number, call: Uint8Array): Uint8Array {
    return this.#glue.oracle(plan, call);
  }

  restart(): Wreck {
    const torn = this.#glue.torn();
    const memory = this.#memory;
    const places = this.#places;
    this.#glue.__wbg_reset_state();
    this.#memory = this.#glue.initSync().memory;
    this.#places = new Map();
    return {
      torn,
      read: (id) => {
        const { address, bytes } = places.get(id) as Place;
        return new Uint8Array(memory.buffer, address, bytes);
      },
    };
  }

  /** A view made for each use, for memory moves when it grows. */
  #view(id: number, offset: number, length: number): Uint8Array {
    const place = this.#places.get(id);
    if (!place || offset < 0 || offset + length > place.bytes) {
      const message = `buffer: expected a range within ${place?.bytes ?? 0} bytes, got ${length} bytes at ${offset}`;
      throw new DescendError('INVALID_VALUE', message);
    }
    return new Uint8Array(this.#memory.buffer, place.address + offset, length);
  }
}
