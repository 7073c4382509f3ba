// Tracing: runs a function once on symbolic tensors and keeps what it did as a graph. The same function on operands of
// the same types gives the same graph, whatever the numbers in them. Knows no op's meaning, no engine, no randomness.

import { type ArrayData, toArrayData } from '../data/arrays.js';
import { describeValue, fail } from '../errors.js';
import { B, limited, type Shape, sameShape, shapeText } from './dims.js';
import type { Attrs, Node, SourceKind, Type } from './node.js';
import { type DType, type Operand, Stored, Tensor } from './tensor.js';

/** What a variable slot of a plan is bound to: something of the store, or an array that the function captured. */
export type Slot = Stored | ArrayData;

/** Collects one graph: that of a plan or, with a parent, that of a loop's body. */
export class Tracer {
  readonly nodes: Node[] = [];
  /** By slot; a slot is allotted at the first use. */
  readonly slots: Slot[];
  /** Types of the data sources by index, without their leading batch. */
  readonly data: Type[] = [];
  /** Captured numbers by index. */
  readonly scalars: number[];
  /** Numbers to be added to a loss that layers of this trace ask for. */
  readonly penalties: Tensor[] = [];
  /** What is to be set when the step commits. */
  readonly assigned: Map<Stored, Tensor> = new Map();
  /** What a sub-graph returns. */
  results: readonly Tensor[] = [];
  readonly #parent: Tracer | undefined;
  /** Values of the parent that a body uses, and which of its parameters stand for them. */
  readonly lifted: Map<Tensor, Tensor> = new Map();
  readonly #slotOf: Map<Stored, number>;
  readonly #known = new Map<object, Tensor>();
  readonly #streams = new Map<string, number>();
  /** Begins the names of random streams: what is under way inside of something else. */
  #path: string | undefined;
  #again = false;
  #values = 0;
  #parameters = 0;

  /** A `sibling` is another graph of the same plan: it has the same slots and numbers. */
  constructor(parent?: Tracer, sibling?: Tracer) {
    this.#parent = parent;
    this.slots = sibling?.slots ?? [];
    this.scalars = sibling?.scalars ?? [];
    this.#slotOf = sibling ? sibling.#slotOf : new Map();
  }

  /** Runs `fn` with this as the trace that `ops` write to. */
  run<T>(fn: () => T): T {
    stack.push(this);
    try {
      const result = fn();
      if (result instanceof Promise) {
        result.catch(() => undefined);
        const hint = 'await data before tracing, not inside';
        throw fail('INVALID_VALUE', 'traced function', 'a synchronous function', 'one that returns a promise', hint);
      }
      return result;
    } finally {
      stack.pop();
    }
  }

  /** The slot of something stored, whether or not the graph reads it. */
  slotOf(stored: Stored): number {
    let slot = this.#slotOf.get(stored);
    if (slot === undefined) {
      slot = this.slots.push(stored) - 1;
      this.#slotOf.set(stored, slot);
    }
    return slot;
  }

  /** The value of a variable, or of any whole buffer. */
  variable(stored: Stored): Tensor {
    return this.#once(stored, () => {
      const { shape, dtype } = stored;
      return this.#source('variable', this.slotOf(stored), shape, dtype);
    });
  }

  /** A new data source: rows of `shape` gathered each step, so that the value is `[B, ...shape]`. */
  batch(shape: Shape, dtype: DType): Tensor {
    const index = this.data.push({ shape, dtype }) - 1;
    return this.#source('data', index, limited([B, ...shape], `data ${index}`), dtype);
  }

  /** A number that each call brings anew: a new scalar each time, so that equal numbers may differ in the next trace. */
  scalar(value: number): Tensor {
    return this.#source('scalar', this.scalars.push(value) - 1, [], 'float32');
  }

  /** The next input of a body. */
  parameter(shape: Shape, dtype: DType): Tensor {
    return this.#source('parameter', this.#parameters++, shape, dtype);
  }

  /** The value that an operand of `what` stands for here. */
  operand(x: Operand, what: string): Tensor {
    if (x instanceof Tensor && x.tracer === this) return x;
    if (this.#parent) return this.#lift(this.#parent.operand(x, what));
    if (x instanceof Tensor) {
      const hint = 'a tensor is only good inside the call that made it';
      throw fail('INVALID_VALUE', what, 'a tensor of this traced function', 'one of another', hint);
    }
    if (x instanceof Stored) return this.variable(x);
    if (typeof x === 'number') return this.scalar(x);
    if (typeof x !== 'object' || x === null) {
      throw fail('INVALID_VALUE', what, 'a tensor, variable, number or array', describeValue(x));
    }
    return this.#once(x, () => {
      const array = toArrayData(x, what);
      return this.#source('variable', this.slots.push(array) - 1, limited(array.shape, what), array.dtype);
    });
  }

  /** Keeps a penalty for whoever makes the loss. Throws INVALID_VALUE in the body of a loop, out of which none gets. */
  penalize(penalty: Tensor, what: string): void {
    if (this.#parent) throw fail('INVALID_VALUE', what, 'a layer outside of a loop', 'one in the body of a scan');
    this.penalties.push(this.#own(penalty, what));
  }

  /**
   * Sets a stored value when the step commits; reads behind this give the new one. Throws SHAPE_MISMATCH, and INVALID_VALUE
   * in the body of a loop.
   */
  assign(stored: Stored, value: Tensor, what: string): void {
    if (this.#parent) throw fail('INVALID_VALUE', what, 'an assignment outside of a loop', 'one in the body of a scan');
    if (value.dtype !== stored.dtype || !sameShape(value.shape, stored.shape)) {
      throw fail('SHAPE_MISMATCH', what, `${stored.dtype}${shapeText(stored.shape)}`, String(value));
    }
    this.assigned.set(stored, this.#own(value, what));
    this.#known.set(stored, value);
  }

  /** Runs `fn` for something inside of what is under way: its random numbers are its own. The outermost has no name. */
  within<T>(name: string, fn: () => T): T {
    const path = this.#path;
    this.#path = path === undefined ? '' : `${path}${name}/`;
    try {
      return fn();
    } finally {
      this.#path = path;
    }
  }

  /** Marks what `fn` adds to be computed again for gradients; what is part of such a part, or of a loop, is so already. */
  again<T>(fn: () => T): T {
    if (this.#parent || this.#again) return fn();
    const mark = (begins: boolean): void => {
      this.#again = begins;
      this.nodes.push({ kind: 'again', begins });
    };
    mark(true);
    try {
      return fn();
    } finally {
      mark(false);
    }
  }

  /** Adds an op with outputs of these types. */
  op(name: string, inputs: readonly Tensor[], attrs: Attrs, outputs: readonly Type[]): Tensor[] {
    for (const type of outputs) limited(type.shape, name);
    this.nodes.push({ kind: 'op', name, inputs: inputs.map((x) => this.#own(x, name).id), attrs });
    return outputs.map(({ shape, dtype }) => new Tensor(this, this.#values++, shape, dtype));
  }

  /** Adds the gradients of Σ seedᵢ · yᵢ with respect to each of `xs`; a missing seed is all ones. */
  gradients(ys: readonly Tensor[], xs: readonly Tensor[], seeds: readonly (Tensor | undefined)[] = []): Tensor[] {
    for (const y of [...ys, ...xs]) {
      if (y.dtype !== 'float32') {
        throw fail('NOT_DIFFERENTIABLE', 'gradients', 'float32 values', String(y));
      }
    }
    const pairs = ys.map((y, i) => {
      const seed = seeds[i];
      if (seed && !sameShape(seed.shape, y.shape)) {
        const [expected, got] = [shapeText(y.shape), shapeText(seed.shape)];
        throw fail('SHAPE_MISMATCH', 'gradients', `seed ${i} of shape ${expected}`, got);
      }
      return { id: this.#own(y, 'gradients').id, seed: seed && this.#own(seed, 'gradients').id };
    });
    this.nodes.push({ kind: 'gradients', ys: pairs, xs: xs.map((x) => this.#own(x, 'gradients').id) });
    return xs.map((x) => new Tensor(this, this.#values++, x.shape, 'float32'));
  }

  /** The id of a random stream: a hash of its name. Without a name: of `kind` and how many such there were before. */
  stream(kind: string, name?: string): number {
    if (this.#parent) return this.#parent.stream(kind, name);
    if (name !== undefined) return hash((this.#path ?? '') + name);
    const count = this.#streams.get(kind) ?? 0;
    this.#streams.set(kind, count + 1);
    return hash(`${kind}_${count}`);
  }

  #own(x: Tensor, what: string): Tensor {
    if (x.tracer !== this) throw fail('INVALID_VALUE', what, 'a tensor of this traced function', 'one of another');
    return x;
  }

  #once(key: object, make: () => Tensor): Tensor {
    let tensor = this.#known.get(key);
    if (!tensor) {
      tensor = make();
      this.#known.set(key, tensor);
    }
    return tensor;
  }

  #lift(outer: Tensor): Tensor {
    let inner = this.lifted.get(outer);
    if (!inner) {
      inner = this.parameter(outer.shape, outer.dtype);
      this.lifted.set(outer, inner);
    }
    return inner;
  }

  #source(kind: SourceKind, index: number, shape: Shape, dtype: DType): Tensor {
    this.nodes.push({ kind, index, type: { shape, dtype } });
    return new Tensor(this, this.#values++, shape, dtype);
  }
}

// Traces under way, the innermost last. Tracing is synchronous, so they never interleave.
const stack: Tracer[] = [];

/** The trace that an op called now belongs to. */
export function currentTracer(what: string): Tracer {
  const tracer = stack.at(-1);
  if (tracer) return tracer;
  const where = "to be called inside a traced function (minimize, valueAndGrad, a layer's call)";
  throw fail('INVALID_VALUE', `ops.${what}`, where, 'a call outside of one');
}

/** FNV-1a over the UTF-16 code units of a name, 32 bits. */
export function hash(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
