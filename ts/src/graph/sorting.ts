// Order along an axis. One op says where the entries stand; values are gathered by that, and so are gradients.

import { assertOptions } from '../units.js';
import { fixedSize } from './arranging.js';
import { axisOf, wholeNumber, withAxis } from './axes.js';
import { floating } from './elementwise.js';
import { lastAxis, traced } from './entry.js';
import { flag, int } from './node.js';
import { alongLast } from './reductions.js';
import { gather, reshape } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';

/** How `sort` and `argsort` do it. */
export interface SortOptions {
  /** The axis along which, the last by default. */
  axis?: number;
  /** The largest first. */
  descending?: boolean;
}

/** Indices of the first `k` of each row of the last axis, in the row and among all elements. */
function order(x: Tensor, k: number, descending: boolean): [own: Tensor, all: Tensor] {
  const type = { shape: withAxis(x.shape, x.shape.length - 1, k), dtype: 'int32' as const };
  return x.tracer.op('argsort', [x], { k: int(k), descending: flag(descending) }, [type, type]) as [Tensor, Tensor];
}

/** Elements by their indices among all, in the shape of these. */
const taken = (x: Tensor, all: Tensor): Tensor => gather(reshape(x, [-1]), all);

function sorted(
  x: Operand,
  options: SortOptions,
  what: string,
  pick: (x: Tensor, found: [Tensor, Tensor]) => Tensor,
): Tensor {
  assertOptions(`ops.${what}`, options, ['axis', 'descending']);
  const input = floating(traced(x, what), what);
  lastAxis(input, what);
  const axis = axisOf(options.axis ?? -1, input, what);
  const size = fixedSize(input, axis, what);
  return alongLast(input, axis, true, (y) => pick(y, order(y, size, options.descending === true)));
}

/** Where the sorted entries of an axis stand, int32; equal ones in their order, NaN above all. */
export function argsort(x: Operand, options: SortOptions = {}): Tensor {
  return sorted(x, options, 'argsort', (_, [own]) => own);
}

/** The entries of an axis in order, the smallest first unless `descending`; NaN above all. */
export function sort(x: Operand, options: SortOptions = {}): Tensor {
  return sorted(x, options, 'sort', (y, [, all]) => taken(y, all));
}

/** The `k` largest elements of each row of the last axis, the largest first, and their indices there. */
export function topK(x: Operand, k: number): { values: Tensor; indices: Tensor } {
  const input = floating(traced(x, 'topK'), 'topK');
  const size = fixedSize(input, lastAxis(input, 'topK'), 'topK');
  const [indices, all] = order(input, wholeNumber(k, 0, size, 'topK: k'), true);
  return { values: taken(input, all), indices };
}
