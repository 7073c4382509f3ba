// The WASM module as a binding: its buffers are read and written through its memory, and a trap, after which an
// instance is good for nothing, is answered by a new instance. It has two parts; the second is added when something needs it.
// Knows neither files nor network.

import { DescendError } from '../errors.js';
import type { Binding, Wreck } from './binding.js';
import { VERSION } from './version.js';

/** A part of the module, compiled or as bytes. */
export type Module = BufferSource | WebAssembly.Module;

/** Gives the second part, now or later. Throws where it cannot be had. */
export type More = () => Module | Promise<Module>;

interface Exports extends WebAssembly.ModuleImports {
  readonly memory: WebAssembly.Memory;
}

/** What wasm-bindgen generates around the module (`--target web`). */
export interface Glue
  extends Pick<
    Binding,
    | 'version'
    | 'info'
    | 'setThreads'
    | 'setLimit'
    | 'alloc'
    | 'release'
    | 'compile'
    | 'measure'
    | 'start'
    | 'apply'
    | 'oracle'
  > {
  /** Instantiates; once that is done, gives the exports of the present instance. */
  initSync(options?: { module: Module }): Exports;
  default(options?: { module_or_path: unknown }): Promise<unknown>;
  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Uint8Array;
  /** Where a buffer lies in the memory, until it is released. */
  address(id: number): number;
  /** Whether a trap hit a step that was writing variables; answers on a dead instance. */
  torn(): boolean;
  /** Says that the second part is there. */
  arrived(): void;
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
export function wasmBinding(glue: Glue, more: More): Binding {
  const version = glue.version();
  if (version !== VERSION) {
    throw new DescendError('ENGINE_FAILED', `WASM engine: expected version ${VERSION}, got ${version}`);
  }
  return new Wasm(glue, more);
}

class Wasm implements Binding {
  readonly name = 'wasm';
  readonly #glue: Glue;
  #memory: WebAssembly.Memory;
  #places = new Map<number, Place>();
  readonly #more: More;
  #second: WebAssembly.Module | undefined;
  #arriving: Promise<true> | undefined;

  constructor(glue: Glue, more: More) {
    this.#glue = glue;
    this.#more = more;
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

  apply(run: number, mail: Uint8Array): void {
    this.#glue.apply(run, mail);
  }

  oracle(plan: number, call: Uint8Array): Uint8Array {
    return this.#glue.oracle(plan, call);
  }

  bring(): true | Promise<true> {
    if (this.#second) return true;
    if (this.#arriving) return this.#arriving;
    const found = this.#more();
    if (!(found instanceof Promise)) return this.#add(found);
    const compile = (part: Module) => (part instanceof WebAssembly.Module ? part : WebAssembly.compile(part));
    const arriving = found.then(compile).then((part) => this.#add(part), refuse);
    this.#arriving = arriving;
    // One that failed may be tried again.
    const forget = (): void => {
      this.#arriving = undefined;
    };
    arriving.then(forget, forget);
    return arriving;
  }

  /** Instantiates the second part beside the first: they share memory, table and stack. */
  #add(part: Module): true {
    try {
      const module = part instanceof WebAssembly.Module ? part : new WebAssembly.Module(part);
      new WebAssembly.Instance(module, { a: this.#glue.initSync() });
      this.#second = module;
    } catch (cause) {
      refuse(cause);
    }
    this.#glue.arrived();
    return true;
  }

  restart(): Wreck {
    const torn = this.#glue.torn();
    const memory = this.#memory;
    const places = this.#places;
    this.#glue.__wbg_reset_state();
    this.#memory = this.#glue.initSync().memory;
    this.#places = new Map();
    if (this.#second) this.#add(this.#second);
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

function refuse(cause: unknown): never {
  if (cause instanceof DescendError) throw cause;
  const message = `WASM engine: expected the second part of its module, got ${cause}`;
  throw new DescendError('ENGINE_FAILED', message, { cause });
}
