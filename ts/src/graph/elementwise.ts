// The two shapes of elementwise op. The ops themselves are listed by the core's registry, in `generated/ops.ts`.

import { fail } from '../errors.js';
import { type Dim, type Shape, sameDim, shapeText } from './dims.js';
import type { DType, Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

/** An op on every element. */
export type Unary = (x: Operand) => Tensor;
/** An op on pairs of elements: axes are aligned at the last one, sizes of 1 repeat. */
export type Binary = (a: Operand, b: Operand) => Tensor;

/** The elementwise op registered as `name`. */
export function unary(name: string): Unary {
  return (operand) => {
    const tracer = currentTracer(name);
    const x = floating(tracer.operand(operand, name), name);
    return tracer.op(name, [x], {}, [x])[0] as Tensor;
  };
}

/** The elementwise op of two operands registered as `name`; `dtype` is that of the result where it is not float32. */
export function binary(name: string, dtype: DType = 'float32'): Binary {
  return (first, second) => {
    const tracer = currentTracer(name);
    const [a, b] = [tracer.operand(first, name), tracer.operand(second, name)];
    if (dtype === 'float32') for (const x of [a, b]) floating(x, name);
    if (a.dtype !== b.dtype)
      throw fail('INVALID_DTYPE', name, 'operands of one dtype', `${a} and ${b}`, 'ops.cast one');
    return tracer.op(name, [a, b], {}, [{ shape: broadcast(a.shape, b.shape, name), dtype }])[0] as Tensor;
  };
}

/** `x` itself, unless its dtype is not float32. */
export function floating(x: Tensor, what: string): Tensor {
  if (x.dtype === 'float32') return x;
  throw fail('INVALID_DTYPE', what, 'float32', String(x), "ops.cast(x, 'float32')");
}

/** The common shape of two operands, by NumPy's rule. */
export function broadcast(a: Shape, b: Shape, what: string): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (y === 1 || sameDim(x, y)) return x;
    if (x === 1) return y;
    throw fail('SHAPE_MISMATCH', what, 'shapes that broadcast', `${shapeText(a)} and ${shapeText(b)}`);
  });
}
