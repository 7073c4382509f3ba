// What is decided element by element: bools joined and turned, a choice by a condition, NaN and infinity. Compositions of
// comparisons, of which bools are as much a case as numbers.

import { describeValue, fail } from '../errors.js';
import { abs, div, equal, floor, greater, greaterEqual, less, neg, notEqual } from '../generated/ops.js';
import { broadcast, floating } from './elementwise.js';
import { one, traced } from './entry.js';
import { float } from './node.js';
import { cast, fill } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

/** Where `x` is false (or 0); bool. */
export function logicalNot(x: Operand): Tensor {
  return equal(cast(x, 'bool'), cast(fill([], 0), 'bool'));
}

/** Where both are true (or not 0); bool, with NumPy's broadcasting. */
export function logicalAnd(a: Operand, b: Operand): Tensor {
  return greater(cast(a, 'bool'), logicalNot(b));
}

/** Where at least one is true (or not 0); bool, with NumPy's broadcasting. */
export function logicalOr(a: Operand, b: Operand): Tensor {
  return greaterEqual(cast(a, 'bool'), logicalNot(b));
}

/** Where `x` is NaN; bool. */
export function isNan(x: Operand): Tensor {
  return notEqual(x, x);
}

/** Where `x` is neither infinite nor NaN; bool. */
function finite(x: Operand): Tensor {
  return less(abs(x), Number.POSITIVE_INFINITY);
}

// Under another name inside: the language has a function of its own.
export { finite as isFinite };

/**
 * `a` where `condition` is true (or not 0), `b` elsewhere, with NumPy's broadcasting. The gradient by what was not taken is
 * 0; what it was made of must be finite all the same, for 0 · ∞ is NaN.
 */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  const tracer = currentTracer('where');
  const inputs = [cast(condition, 'bool'), tracer.operand(a, 'where'), tracer.operand(b, 'where')] as const;
  const [holds, x, y] = inputs;
  if (x.dtype !== y.dtype) {
    throw fail('INVALID_DTYPE', 'where', 'values of one dtype', `${x} and ${y}`, 'ops.cast one');
  }
  const shape = broadcast(holds.shape, broadcast(x.shape, y.shape, 'where'), 'where');
  return tracer.op('where', inputs, {}, [{ shape, dtype: x.dtype }])[0] as Tensor;
}

/** The smallest whole number not below `x`, elementwise. The gradient is 0. */
export function ceil(x: Operand): Tensor {
  return neg(floor(neg(x)));
}

/** `1 / x`, elementwise. */
export function reciprocal(x: Operand): Tensor {
  return div(1, x);
}

/** Elements below `low` become `low`, above `high` become `high`. */
export function clip(x: Operand, low: number, high: number): Tensor {
  const input = floating(traced(x, 'clip'), 'clip');
  if (typeof low !== 'number' || typeof high !== 'number' || !(low <= high)) {
    throw fail('INVALID_VALUE', 'clip', 'low <= high', `${describeValue(low)} and ${describeValue(high)}`);
  }
  return one('clip', [input], { low: float(low), high: float(high) }, input.shape);
}
