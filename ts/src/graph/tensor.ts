// What a traced function handles: symbolic values, and the things that become symbolic values when an op meets them.
// Holds no numbers; `Stored` is all the graph knows of variables.

import type { DType } from '../data/typed.js';
import { fail } from '../errors.js';
import { type Shape, shapeText } from './dims.js';
import type { Tracer } from './trace.js';

export type { DType } from '../data/typed.js';

/** A value that will exist when the traced function runs. Made by `ops`; belongs to one trace. */
export class Tensor {
  /** Sizes, outermost first; a size that depends on the batch prints as `B`. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** The trace it belongs to. */
  readonly tracer: Tracer;
  /** Its number among the values of the trace. */
  readonly id: number;
  /** Which parts of it count, of the shape of its first axes; 0 for what is padding. Layers hand it on to each other. */
  mask?: Tensor | undefined;

  /** Only a Tracer makes tensors. */
  constructor(tracer: Tracer, id: number, shape: Shape, dtype: DType) {
    this.tracer = tracer;
    this.id = id;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** `float32[B, 10]`. */
  toString(): string {
    return `${this.dtype}${shapeText(this.shape)}`;
  }

  /** Text for texts; throws INVALID_VALUE for operators such as `a * b`. */
  [Symbol.toPrimitive](hint: string): string {
    return textOnly(this, hint);
  }
}

/** A whole buffer of an engine's store: a variable, a piece of optimizer state. A trace gives each a slot. */
export abstract class Stored {
  abstract readonly shape: readonly number[];
  abstract readonly dtype: DType;

  /** Text for texts; throws INVALID_VALUE for operators such as `a * b`. */
  [Symbol.toPrimitive](hint: string): string {
    return textOnly(this, hint);
  }
}

// JavaScript's operators ask for a number, and would go on with NaN.
function textOnly(value: object, hint: string): string {
  if (hint === 'string') return value.toString();
  const advice = 'use ops: ops.mul(a, b), ops.sub(a, b), ops.greater(a, b) …';
  throw fail('INVALID_VALUE', value.toString(), 'an op', "one of JavaScript's operators (+, *, <, …)", advice);
}

/** A number at a place of nested arrays. */
export type Nested = number | boolean | readonly Nested[];

/** Numbers that a traced function captures: they are inputs of the plan, not constants in it. */
export type Captured =
  | ArrayBufferView
  | readonly Nested[]
  | { readonly data: ArrayBufferView | readonly Nested[]; readonly shape?: readonly number[] };

/** What an op takes. */
export type Operand = Tensor | Stored | number | Captured;
