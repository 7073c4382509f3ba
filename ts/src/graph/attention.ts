// Attention of several heads at once, by one op that never holds the weights of all queries and keys.

import { describeValue, fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { numberThat } from './axes.js';
import { coefOf, type Dim, makeDim, powerOf, sameDim, shapeText } from './dims.js';
import { floating } from './elementwise.js';
import { traced } from './entry.js';
import { flag, float, int } from './node.js';
import { broadcastTo, cast, reshape, transpose } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

/** How queries look at keys. */
export interface AttentionOptions {
  /** How many heads stand side by side in the last axis. Default 1. */
  heads?: number;
  /** Times products of queries and keys. Above 0. Default 1 / √(size of a key of one head). */
  scale?: number;
  /** Whether step i sees steps up to i alone. Default false. */
  causal?: boolean;
  /**
   * Which keys a query sees (not 0): `[B or 1, heads or 1, queries or 1, keys or 1]`; of three axes without heads, of two
   * without the batch.
   */
  mask?: Operand | undefined;
  /** The share of weights set to 0, others divided by 1 − rate. Default 0. */
  dropout?: number;
  /** Names the random numbers of the dropout. */
  name?: string | undefined;
}

/**
 * `softmax(q · kᵀ · scale) · v`, head by head: queries `[B, Tq, heads · d]`, keys `[B, Tk, heads · d]` and values
 * `[B, Tk, heads · e]` give `[B, Tq, heads · e]`. A query that sees nothing gets 0. Memory grows with Tq + Tk, not with their
 * product: weights live block by block, and are computed again for the gradient (Dao et al. 2022, https://arxiv.org/abs/2205.14135).
 */
export function attention(q: Operand, k: Operand, v: Operand, options: AttentionOptions = {}): Tensor {
  assertOptions('ops.attention', options, ['heads', 'scale', 'causal', 'mask', 'dropout', 'name']);
  const inputs = [q, k, v].map((x) => floating(traced(x, 'attention'), 'attention')) as [Tensor, Tensor, Tensor];
  const { heads = 1, dropout = 0 } = options;
  const depth = checked(inputs, heads);
  const scale = options.scale ?? 1 / Math.sqrt(Math.max(depth, 1));
  numberThat(scale, (x) => x > 0, 'a scale above 0', 'attention');
  numberThat(dropout, (rate) => rate >= 0 && rate < 1, 'a rate from 0 up to, not including, 1', 'attention');
  const seen = options.mask === undefined ? undefined : masked(options.mask, inputs, heads);
  if (seen && seen.shape[1] !== 1) return headByHead(inputs, seen, { ...options, scale });
  const mask = seen
    ? [
        reshape(
          seen,
          [0, 2, 3].map((axis) => seen.shape[axis] as Dim),
        ),
      ]
    : [];
  const tracer = currentTracer('attention');
  const stream = dropout > 0 ? tracer.stream('attention', options.name) : 0;
  const causal = flag(options.causal === true);
  const attrs = { heads: int(heads), scale: float(scale), causal, rate: float(dropout), stream: int(stream) };
  const [batch, queries] = inputs[0].shape as [Dim, Dim];
  const width = inputs[2].shape[2] as Dim;
  const types = [
    { shape: [batch, queries, width], dtype: 'float32' as const },
    { shape: [batch, heads, queries], dtype: 'float32' as const },
  ];
  return tracer.op('attention', [...inputs, ...mask], attrs, types)[0] as Tensor;
}

// The size of a query of one head.
function checked(inputs: readonly [Tensor, Tensor, Tensor], heads: number): number {
  const [q, k, v] = inputs;
  const whole = (x: Tensor): boolean => typeof x.shape[2] === 'number' && x.shape[2] % heads === 0;
  const alike = (a: Tensor, b: Tensor, axes: readonly number[]): boolean =>
    axes.every((axis) => sameDim(a.shape[axis] as Dim, b.shape[axis] as Dim));
  if (!(Number.isSafeInteger(heads) && heads > 0)) {
    throw fail('INVALID_VALUE', 'attention heads', 'a whole number of at least 1', describeValue(heads));
  }
  const fits = inputs.every((x) => x.shape.length === 3 && whole(x)) && alike(q, k, [0, 2]) && alike(k, v, [0, 1]);
  if (fits) return (q.shape[2] as number) / heads;
  const expected = `queries [B, Tq, ${heads} · d], keys [B, Tk, ${heads} · d], values [B, Tk, ${heads} · e]`;
  throw fail('SHAPE_MISMATCH', 'attention', expected, inputs.map(({ shape }) => shapeText(shape)).join(', '));
}

function masked(mask: Operand, [q, k]: readonly [Tensor, Tensor, Tensor], heads: number): Tensor {
  const full = [q.shape[0], heads, q.shape[1], k.shape[1]] as [Dim, Dim, Dim, Dim];
  const seen = byHead(mask, 'attention');
  if (seen.shape.every((n, i) => n === 1 || sameDim(n, full[i] as Dim))) return seen;
  throw fail('SHAPE_MISMATCH', 'attention', `a mask of shape ${shapeText(full)}, or 1 for some`, shapeText(seen.shape));
}

/** A mask of two to four axes as bools of four: batch, heads, queries, keys. Throws SHAPE_MISMATCH. */
export function byHead(mask: Operand, what: string): Tensor {
  const seen = cast(mask, 'bool');
  const { shape } = seen;
  if (shape.length === 4) return seen;
  if (shape.length === 3) return reshape(seen, [shape[0] as Dim, 1, ...shape.slice(1)]);
  if (shape.length === 2) return reshape(seen, [1, 1, ...shape]);
  throw fail('SHAPE_MISMATCH', what, 'a mask of 2 to 4 axes ([batch, [heads,]] queries, keys)', shapeText(shape));
}

/** `[B, T, heads · size]` as `[B, heads, T, size]`. */
export function headsFirst(x: Tensor, heads: number): Tensor {
  const [batch, steps, width] = x.shape as [Dim, Dim, number];
  return transpose(reshape(x, [batch, steps, heads, width / heads]), [0, 2, 1, 3]);
}

// With a mask of its own, each head is a sample of one head.
function headByHead(inputs: readonly [Tensor, Tensor, Tensor], seen: Tensor, options: AttentionOptions): Tensor {
  const { heads = 1, mask: _, ...others } = options;
  const [batch] = inputs[0].shape as [Dim];
  const samples = makeDim(coefOf(batch) * heads, powerOf(batch));
  const folded = (x: Tensor): Tensor => reshape(x, [samples, ...x.shape.slice(2)]);
  const [q, k, v] = inputs.map((x) => folded(headsFirst(x, heads))) as [Tensor, Tensor, Tensor];
  const [, , queries, keys] = seen.shape as [Dim, Dim, Dim, Dim];
  const mask = folded(broadcastTo(seen, [batch, heads, queries, keys]));
  const mixed = attention(q, k, v, { ...others, mask });
  const [, steps, size] = mixed.shape as [Dim, Dim, number];
  return reshape(transpose(reshape(mixed, [batch, heads, steps, size]), [0, 2, 1, 3]), [batch, steps, heads * size]);
}
