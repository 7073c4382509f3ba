// Products of matrices, and einsum, which is made of them.

import { fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { type Dim, sameDim, shapeText } from './dims.js';
import { broadcast, floating } from './elementwise.js';
import { one, traced } from './entry.js';
import { flag } from './node.js';
import type { Operand, Tensor } from './tensor.js';

/** What `matmul` does first. */
export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * The matrix product `a · b`: `[..., m, k]` with `[k, n]` gives `[..., m, n]`; of two that both have more axes, these are
 * broadcast. The options transpose the last two axes.
 */
export function matmul(a: Operand, b: Operand, options: MatmulOptions = {}): Tensor {
  assertOptions('ops.matmul', options, ['transposeA', 'transposeB']);
  const [x, y] = [floating(traced(a, 'matmul'), 'matmul'), floating(traced(b, 'matmul'), 'matmul')];
  const [ta, tb] = [options.transposeA === true, options.transposeB === true];
  const got = `${shapeText(x.shape)} and ${shapeText(y.shape)}`;
  if (x.shape.length < 2 || y.shape.length < 2) {
    throw fail('SHAPE_MISMATCH', 'matmul', 'two matrices, or several of them', got);
  }
  const matrix = ({ shape }: Tensor, turned: boolean) =>
    (turned ? [-1, -2] : [-2, -1]).map((axis) => shape.at(axis) as Dim) as [Dim, Dim];
  const [[rows, inner], [inner2, columns]] = [matrix(x, ta), matrix(y, tb)];
  if (!sameDim(inner, inner2)) {
    const flags = [ta && 'transposeA', tb && 'transposeB'].filter(Boolean).join(', ');
    throw fail('SHAPE_MISMATCH', 'matmul', 'inner sizes to be equal', got + (flags && ` with ${flags}`));
  }
  // One matrix for all rows is one large product.
  const name = y.shape.length === 2 && (x.shape.length === 2 || !ta) ? 'matmul' : 'batch_matmul';
  const lead = broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2), 'matmul');
  return one(name, [x, y], { ta: flag(ta), tb: flag(tb) }, [...lead, rows, columns]);
}
