// A value of the graph, which may stand there with the channels last, as here, or behind the batch, as ONNX's convolutions
// want them, or both: it is turned when somebody asks, and so between two convolutions not at all.

import type { Builder } from './builder.js';

/** What a layer gives: the sizes of a sample, channels last, and its names. */
export class Value {
  readonly shape: readonly number[];
  readonly #builder: Builder;
  #last: string | undefined;
  #first: string | undefined;

  private constructor(builder: Builder, shape: readonly number[], last?: string, first?: string) {
    this.#builder = builder;
    this.shape = shape;
    this.#last = last;
    this.#first = first;
  }

  /** One that stands there with the channels last. */
  static last(builder: Builder, name: string, shape: readonly number[]): Value {
    return new Value(builder, shape, name);
  }

  /** One that stands there with the channels behind the batch; `shape` says them last. */
  static first(builder: Builder, name: string, shape: readonly number[]): Value {
    return new Value(builder, shape, undefined, name);
  }

  /** Whether it stands there with the channels behind the batch alone. */
  get isFirst(): boolean {
    return this.#last === undefined;
  }

  /** Its name with the channels last. */
  get last(): string {
    if (this.#last !== undefined) return this.#last;
    const rank = this.shape.length + 1;
    const perm = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
    this.#last = this.#builder.node('Transpose', [this.#first as string], { perm });
    return this.#last;
  }

  /** Its name with the channels behind the batch. */
  get first(): string {
    if (this.shape.length < 2) return this.last;
    if (this.#first !== undefined) return this.#first;
    const rank = this.shape.length + 1;
    const perm = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
    this.#first = this.#builder.node('Transpose', [this.#last as string], { perm });
    return this.#first;
  }

  /** What something that looks at each element by itself makes of it, in the order in which it stands there. */
  each(make: (name: string) => string): Value {
    const { isFirst, shape } = this;
    const name = make(isFirst ? this.first : this.last);
    return isFirst ? Value.first(this.#builder, name, shape) : Value.last(this.#builder, name, shape);
  }

  /** The same numbers as samples of another shape. */
  reshaped(shape: readonly number[]): Value {
    const b = this.#builder;
    return Value.last(b, b.node('Reshape', [this.last, b.ints('shape', [0, ...shape])]), shape);
  }
}
