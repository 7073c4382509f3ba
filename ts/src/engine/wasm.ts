// The WASM module as a binding: its buffers are read and written through its memory, and a trap, after which an
// instance is good for nothing, is answered by a new instance. It has two parts; the second is added when something needs it.
// Knows neither files nor network.

import { DescendError } from '../errors.js';
import type { InitOutput } from '../wasm/descend.js';
import type { Binding, Wreck } from './binding.js';
import { MAIL_HEAD } from './mail.js';
import { VERSION } from './version.js';

/** A part of the module, compiled or as bytes. */
export type Module = BufferSource | WebAssembly.Module;

/** Gives the second part, now or later. Throws where it cannot be had. */
export type More = () => Module | Promise<Module>;

/** What an instance of the module offers: `crates/wasm/src/lib.rs` says what each does. */
type Exports = Omit<InitOutput, `__${string}`>;

/** The most that one allocation can have in a memory of 32-bit addresses; larger numbers would wrap around. */
const MAX_BYTES = 2 ** 31 - 1;

interface Place {
  readonly address: number;
  readonly bytes: number;
}

/** The binding over the module's first part. Throws ENGINE_FAILED when it is of another release. */
export function wasmBinding(first: Module, more: More): Binding {
  const binding = new Wasm(compiled(first), more);
  const version = binding.version();
  if (version === VERSION) return binding;
  throw new DescendError('ENGINE_FAILED', `WASM engine: expected version ${VERSION}, got ${version}`);
}

/** Where sources hand over bytes, they are compiled here and now. */
const compiled = (part: Module): WebAssembly.Module =>
  part instanceof WebAssembly.Module ? part : new WebAssembly.Module(part);

class Wasm implements Binding {
  readonly name = 'wasm';
  readonly #first: WebAssembly.Module;
  #wasm: Exports;
  #places = new Map<number, Place>();
  /** Where messages are put, and of them what takes the answer of a step by hand. */
  #room: Uint8Array = new Uint8Array();
  #head: Uint8Array = new Uint8Array();
  readonly #more: More;
  #second: WebAssembly.Module | undefined;
  #arriving: Promise<true> | undefined;

  constructor(first: WebAssembly.Module, more: More) {
    this.#first = first;
    this.#more = more;
    this.#wasm = this.#instance();
  }

  version(): string {
    return this.#text(this.#wasm.version());
  }

  info(): string {
    return this.#text(this.#done(this.#wasm.info()));
  }

  setThreads(n: number): number {
    return this.#done(this.#wasm.setThreads(n));
  }

  setLimit(bytes: number): void {
    this.#done(this.#wasm.setLimit(bytes));
  }

  alloc(bytes: number): number {
    if (bytes > MAX_BYTES) {
      throw new DescendError('OUT_OF_MEMORY', `memory: expected at most ${MAX_BYTES} bytes at once, got ${bytes}`);
    }
    const id = this.#done(this.#wasm.alloc(bytes));
    this.#places.set(id, { address: this.#done(this.#wasm.address(id)), bytes });
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
    this.#done(this.#wasm.release(kind, id));
  }

  compile(plan: Uint8Array, maxBatch: number): number {
    return this.#done(this.#wasm.compile(this.#say(plan), maxBatch));
  }

  measure(plan: Uint8Array, maxBatch: number): number {
    return this.#done(this.#wasm.measure(this.#say(plan), maxBatch));
  }

  start(plan: number, call: Uint8Array): number {
    return this.#done(this.#wasm.start(plan, this.#say(call)));
  }

  advance(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Uint8Array {
    return this.#answer(this.#done(this.#wasm.advance(run, maxSteps, budget, this.#say(hyper)))).slice();
  }

  async advanceAsync(run: number, maxSteps: number, budget: number, hyper: Uint8Array): Promise<Uint8Array> {
    return this.advance(run, maxSteps, budget, hyper);
  }

  apply(run: number, mail: Uint8Array): void {
    this.#done(this.#wasm.apply(run, this.#say(mail)));
    this.#open(mail.length);
    mail.set(this.#head);
  }

  oracle(plan: number, call: Uint8Array): Uint8Array {
    return this.#answer(this.#done(this.#wasm.oracle(plan, this.#say(call)))).slice();
  }

  bring(): true | Promise<true> {
    if (this.#second) return true;
    if (this.#arriving) return this.#arriving;
    const found = this.#more();
    if (!(found instanceof Promise)) return this.#add(found);
    const arriving = found.then((part) => this.#add(part), refuse);
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
      const module = compiled(part);
      new WebAssembly.Instance(module, { a: this.#wasm as unknown as WebAssembly.ModuleImports });
      this.#second = module;
    } catch (cause) {
      refuse(cause);
    }
    this.#wasm.arrived();
    return true;
  }

  restart(): Wreck {
    const torn = this.#wasm.torn() !== 0;
    const { memory } = this.#wasm;
    const places = this.#places;
    this.#wasm = this.#instance();
    this.#places = new Map();
    this.#room = new Uint8Array();
    if (this.#second) this.#add(this.#second);
    return {
      torn,
      read: (id) => {
        const { address, bytes } = places.get(id) as Place;
        return new Uint8Array(memory.buffer, address, bytes);
      },
    };
  }

  #instance(): Exports {
    return new WebAssembly.Instance(this.#first).exports as unknown as Exports;
  }

  /** Puts a message where the next call finds it, and gives its length. */
  #say(message: Uint8Array): number {
    if (message.length > 0) this.#open(message.length).set(message);
    return message.length;
  }

  /** Room for so many bytes: a view that is made anew where memory has grown, which leaves it empty. */
  #open(length: number): Uint8Array {
    if (this.#room.length < length) {
      this.#room = this.#bytes(this.#wasm.room(length), length);
      this.#head = this.#room.subarray(0, 8 * MAIL_HEAD);
    }
    return this.#room;
  }

  /** What a call gave; where it was refused, minus the length of why. */
  #done(result: number): number {
    if (result >= 0) return result;
    throw new Error(this.#text(-result));
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#answer(length));
  }

  #answer(length: number): Uint8Array {
    return this.#bytes(this.#wasm.answer(), length);
  }

  /** A view made for each use, for memory moves when it grows. */
  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#wasm.memory.buffer, address >>> 0, length);
  }

  #view(id: number, offset: number, length: number): Uint8Array {
    const place = this.#places.get(id);
    if (!place || offset < 0 || offset + length > place.bytes) {
      const message = `buffer: expected a range within ${place?.bytes ?? 0} bytes, got ${length} bytes at ${offset}`;
      throw new DescendError('INVALID_VALUE', message);
    }
    return this.#bytes(place.address + offset, length);
  }
}

function refuse(cause: unknown): never {
  if (cause instanceof DescendError) throw cause;
  const message = `WASM engine: expected the second part of its module, got ${cause}`;
  throw new DescendError('ENGINE_FAILED', message, { cause });
}
