// How an op gets into the trace under way, and what most of them look at first.

import type { DType } from '../data/typed.js';
import { fail } from '../errors.js';
import { type Shape, shapeText } from './dims.js';
import type { Attrs } from './node.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

/** Adds an op of one result. */
export function one(
  name: string,
  inputs: readonly Tensor[],
  attrs: Attrs,
  shape: Shape,
  dtype: DType = 'float32',
): Tensor {
  return currentTracer(name).op(name, inputs, attrs, [{ shape, dtype }])[0] as Tensor;
}

/** What an op was given, as a tensor. */
export function traced(x: Operand, what: string): Tensor {
  return currentTracer(what).operand(x, what);
}

/** The last axis. Throws SHAPE_MISMATCH where there is none. */
export function lastAxis(x: Tensor, what: string): number {
  if (x.shape.length > 0) return x.shape.length - 1;
  throw fail('SHAPE_MISMATCH', what, 'at least one axis', shapeText(x.shape));
}
