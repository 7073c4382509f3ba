// Attention over some axes of many: the others become part of the batch, and the attended ones one axis of steps.

import { fail } from '../errors.js';
import { coefOf, type Dim, makeDim, powerOf, shapeText } from '../graph/dims.js';
import { reshape, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';

/** Values `[batch, steps, size]`, and how a result of as many queries gets the axes of the queries back. */
export interface Folded {
  readonly xs: readonly Tensor[];
  readonly unfold: (y: Tensor) => Tensor;
}

/** Queries, values and keys of four axes and more. `axes` count from the batch; null: all between it and the features. */
export function folded(xs: readonly Tensor[], axes: readonly number[] | null | undefined, what: string): Folded {
  const [query] = xs as [Tensor];
  const rank = query.shape.length;
  const between = query.shape.map((_, i) => i).slice(1, -1);
  const along = axes ? axes.map((axis) => (axis < 0 ? axis + rank : axis)) : between;
  const others = between.filter((axis) => !along.includes(axis));
  const alike = xs.every(({ shape }) => shape.length === rank && others.every((i) => shape[i] === query.shape[i]));
  if (!alike || along.length + others.length !== between.length || xs.some(({ mask }) => mask)) {
    const expected = `inputs of one rank, without masks, with axes ${shapeText(along)} between batch and features`;
    throw fail('SHAPE_MISMATCH', what, expected, xs.join(', '));
  }
  const order = [0, ...others, ...along, rank - 1];
  const sizes = ({ shape }: Tensor, of: readonly number[]): number => of.reduce((n, i) => n * Number(shape[i]), 1);
  const fold = (x: Tensor): Tensor => {
    const [batch, size] = [x.shape[0] as Dim, x.shape.at(-1) as Dim];
    const rows = makeDim(coefOf(batch) * sizes(x, others), powerOf(batch));
    return reshape(transpose(x, order), [rows, sizes(x, along), size]);
  };
  const unfold = (y: Tensor): Tensor => {
    const shape = [...order.slice(0, -1).map((i) => query.shape[i] as Dim), y.shape.at(-1) as Dim];
    return transpose(
      reshape(y, shape),
      order.map((_, i) => order.indexOf(i)),
    );
  };
  return { xs: xs.map(fold), unfold };
}
