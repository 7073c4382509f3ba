// Variables: numbers that live in the store of an engine and can be learned. They stay in JavaScript's memory until a
// call first uses them, and move when an engine needs those of another; JavaScript never keeps a view of the store.

import { toArrayData } from './data/arrays.js';
import { elementCount, formatShape } from './data/shape.js';
import type { DType } from './data/typed.js';
import { type Engine, isLocal, type LocalEngine } from './engine/engine.js';
import { type DescendError, fail } from './errors.js';
import { type Captured, Stored, type Tensor } from './graph/tensor.js';

/** The typed array that holds elements of a dtype; bool as bytes 0 and 1. */
export type Elements<D extends DType = DType> = D extends 'float32'
  ? Float32Array
  : D extends 'int32'
    ? Int32Array
    : Uint8Array;

/** Options of `variable`. */
export interface VariableOptions<D extends DType = DType> {
  /** What errors and saved states call it. */
  name?: string;
  /** Of its elements; that of the data by default. */
  dtype?: D;
  /** Whether training changes it; by default whether it is float32. */
  trainable?: boolean;
}

/** The typed array of each dtype. */
export const CLASSES: {
  readonly float32: typeof Float32Array;
  readonly int32: typeof Int32Array;
  readonly uint8: typeof Uint8Array;
  readonly bool: typeof Uint8Array;
} = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array };

interface Place {
  readonly engine: Engine;
  readonly id: number;
  /** Memory that the collector sees, unlike that of an engine: a sign of how much an abandoned variable holds. */
  readonly ballast: ArrayBuffer;
}

/** Bytes of an engine for each byte of ballast: enough to be collected in time, little enough to be had. */
const BALLAST = 4;

// Buffers of variables that nobody can reach any more.
// workerd has none before its compatibility date 2025-05-05: there only `dispose` frees.
const abandoned =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<Place>(({ engine, id }) => engine.release('buffer', id));

/** Numbers with a fixed shape that outlive a call. Made by `variable`. */
export class Variable<D extends DType = DType> extends Stored {
  /** What errors and saved states call it; may be empty. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: D;
  /** Whether training changes it. */
  readonly trainable: boolean;
  /** Its elements while it is on no engine: an array of its own, or the one number that they all are. */
  #host: Elements<D> | number;
  #place: Place | undefined;
  #moving: Promise<number> | undefined;
  #disposed = false;

  /** Use `variable`, which checks. `host` is an array that becomes the variable's own, or the value of every element. */
  constructor(host: Elements<D> | number, shape: readonly number[], options: Required<VariableOptions<D>>) {
    super();
    this.#host = host;
    this.shape = Object.freeze([...shape]);
    ({ name: this.name, dtype: this.dtype, trainable: this.trainable } = options);
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape, 'variable');
  }

  /** @internal What it is held to after every update. */
  get constraint(): ((x: Tensor) => Tensor) | undefined {
    return undefined;
  }

  /** A copy of its elements. Synchronous: throws NEEDS_LOCAL_ENGINE on an engine in a worker. */
  get data(): Elements<D> {
    this.#alive();
    if (!this.#place) return this.#fromHost();
    return this.#typed(this.#local('data').sync.read(this.#place.id, 0, this.#bytes));
  }

  /** A copy of its elements, on any engine. */
  async read(): Promise<Elements<D>> {
    this.#alive();
    await this.#moving;
    if (!this.#place) return this.#fromHost();
    return this.#typed(await this.#place.engine.read(this.#place.id, 0, this.#bytes));
  }

  /**
   * Sets all elements; values are cast to the dtype. Throws SHAPE_MISMATCH, and BUSY while a running call uses it.
   * Synchronous, as `data` is.
   */
  assign(values: Captured): void {
    this.#set(this.#elementsOf(values));
  }

  /** The same on any engine. */
  async write(values: Captured): Promise<void> {
    const elements = this.#elementsOf(values);
    if (this.#place) await this.#place.engine.write(this.#place.id, 0, this.#asBytes(elements));
    else this.#set(elements);
  }

  /** Lends the elements to `use` and takes over what it changed. Synchronous, as `data` is. */
  withData<T>(use: (view: Elements<D>) => T): T {
    const view = this.data;
    const before = view.slice();
    const result = use(view);
    if (!before.every((x, i) => Object.is(x, view[i]))) this.#set(view);
    return result;
  }

  /** Whether it was disposed of. */
  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Frees its memory now; every later use throws DISPOSED. */
  dispose(): void {
    this.#disposed = true;
    this.#host = 0;
    this.#leave();
  }

  /** `variable 'w' float32[2, 3]`. */
  override toString(): string {
    return `${this.#what} ${this.dtype}${formatShape(this.shape)}`;
  }

  /** The engine it is on, if any. @internal */
  get engine(): Engine | undefined {
    return this.#place?.engine;
  }

  /** Its buffer on an engine, to which it moves if need be. @internal */
  async place(engine: Engine): Promise<number> {
    this.#alive();
    // Of calls at once, one moves it and the others find it there, or move it on.
    while (this.#moving) await this.#moving.catch(() => {});
    if (isLocal(engine) && (!this.#place || isLocal(this.#place.engine))) return this.placeNow(engine);
    if (this.#place?.engine === engine) return this.#place.id;
    this.#moving = this.#move(engine).finally(() => {
      this.#moving = undefined;
    });
    return await this.#moving;
  }

  /** The same at once. @internal */
  placeNow(engine: LocalEngine): number {
    this.#alive();
    if (this.#place?.engine === engine) return this.#place.id;
    const host = this.#place ? this.#departing() : this.#host;
    return this.#settle(engine, engine.sync.alloc(host === 0 ? this.#bytes : this.#asBytes(host)));
  }

  // Its elements, to go elsewhere. A write of nothing asks whether a run uses the buffer: then it must stay.
  #departing(): Elements<D> {
    const place = this.#place as Place;
    this.#local('move').sync.write(place.id, 0, new Uint8Array());
    return this.data;
  }

  async #move(engine: Engine): Promise<number> {
    const from = this.#place;
    await from?.engine.write(from.id, 0, new Uint8Array());
    const host = from ? this.#typed(await from.engine.read(from.id, 0, this.#bytes)) : this.#host;
    const id = await engine.alloc(host === 0 ? this.#bytes : this.#asBytes(host));
    if (!this.#disposed) return this.#settle(engine, id);
    engine.release('buffer', id);
    throw disposed(this.#what);
  }

  #settle(engine: Engine, id: number): number {
    this.#leave();
    this.#place = { engine, id, ballast: new ArrayBuffer(Math.ceil(this.#bytes / BALLAST)) };
    this.#host = 0;
    abandoned?.register(this, this.#place, this);
    return id;
  }

  #leave(): void {
    if (!this.#place) return;
    abandoned?.unregister(this);
    this.#place.engine.release('buffer', this.#place.id);
    this.#place = undefined;
  }

  /** `values` as elements that a store may copy, or that are an array of the variable's own where it is on none. */
  #elementsOf(values: Captured): Elements<D> {
    this.#alive();
    if (this.#moving) {
      throw fail('BUSY', this.#what, 'no running call to use it', 'a write while one does', 'await the call first');
    }
    const elements = shaped(values, this.shape, this.#what);
    return (this.#place && fits(this.dtype, elements) ? elements : castTo(this.dtype, elements)) as Elements<D>;
  }

  #set(elements: Elements<D>): void {
    if (this.#place) this.#local('assign').sync.write(this.#place.id, 0, this.#asBytes(elements));
    else this.#host = elements;
  }

  #local(what: string): LocalEngine {
    const engine = this.#place?.engine;
    if (engine && isLocal(engine)) return engine;
    const hint = `await ${what === 'data' ? 'read' : 'write'}() works there`;
    throw fail('NEEDS_LOCAL_ENGINE', what, 'an engine in this thread', 'one in a worker', hint);
  }

  get #what(): string {
    return this.name === '' ? 'variable' : `variable '${this.name}'`;
  }

  get #bytes(): number {
    return this.size * CLASSES[this.dtype].BYTES_PER_ELEMENT;
  }

  #fromHost(): Elements<D> {
    return (typeof this.#host === 'number' ? this.#filled(this.#host) : this.#host.slice()) as Elements<D>;
  }

  #filled(x: number): Elements {
    return new CLASSES[this.dtype](this.size).fill(x);
  }

  #asBytes(host: Elements | number): Uint8Array {
    const elements = typeof host === 'number' ? this.#filled(host) : host;
    return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  }

  #typed(bytes: Uint8Array): Elements<D> {
    const Class = CLASSES[this.dtype];
    return new Class(bytes.buffer as ArrayBuffer, bytes.byteOffset, this.size) as Elements as Elements<D>;
  }

  #alive(): void {
    if (this.#disposed) throw disposed(this.#what);
  }
}

// `using w = variable(…)` where the runtime knows it.
if (Symbol.dispose) {
  Object.defineProperty(Variable.prototype, Symbol.dispose, { value: Variable.prototype.dispose });
}

/** The elements of `values`, which must have this shape; flat typed arrays of as many elements have it. */
export function shaped(values: unknown, shape: readonly number[], what: string): Elements {
  const array = toArrayData(values, what);
  const flat = ArrayBuffer.isView(values) && array.data.length === elementCount(shape, what);
  const same = array.shape.length === shape.length && array.shape.every((size, axis) => size === shape[axis]);
  if (flat || same) return array.data;
  throw fail('SHAPE_MISMATCH', what, `shape ${formatShape(shape)}`, formatShape(array.shape));
}

/** A copy as elements of a dtype: fractions are cut off, bool is 0 or 1. */
export function castTo(dtype: DType, data: Elements): Elements {
  return dtype === 'bool' ? Uint8Array.from(data, (x) => (x ? 1 : 0)) : CLASSES[dtype].from(data);
}

function fits(dtype: DType, data: Elements): boolean {
  return dtype !== 'bool' && data instanceof CLASSES[dtype];
}

function disposed(what: string): DescendError {
  return fail('DISPOSED', what, 'one that is alive', 'one that was disposed of');
}
