// Attention without weights of its own.

import { fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { attention, logicalAnd, mul, reshape } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { flag, type OptionTable } from '../options.js';
import { type CallOptions, Layer, type LayerOptions, type SampleShape } from './layer.js';
import { rate } from './options.js';
import type { Weight } from './weight.js';

/** Options of Attention. */
export interface AttentionLayerOptions extends LayerOptions {
  /** Whether to learn a factor of the scores, which begins at 1. Default false. */
  useScale?: boolean;
  /** The share of weights set to 0 in training. Default 0. */
  dropout?: number;
  /** Whether step i sees steps up to i alone. Default false. (Keras: an argument of the call.) */
  useCausalMask?: boolean;
}

/**
 * `softmax(q · kᵀ) · v` of a list `[queries, values]` or `[queries, values, keys]` (by default the values): for each step of the
 * queries a mean of the values, weighted by how alike keys are to it. Keys that their mask (that of the values) leaves out
 * have no part. Luong et al. 2015, https://arxiv.org/abs/1508.04025
 */
export class Attention extends Layer<readonly Tensor[]> {
  static override readonly className: string = 'Attention';
  /** @internal */
  static override readonly options: OptionTable = {
    useScale: [false, flag],
    dropout: [0, rate],
    useCausalMask: [false, flag],
  };
  override readonly takes = 'list';
  declare readonly useScale: boolean;
  declare readonly dropout: number;
  declare readonly useCausalMask: boolean;
  #scale: Weight | undefined;

  constructor(options: AttentionLayerOptions = {}) {
    super(options);
  }

  override build(_inputShape: SampleShape<readonly Tensor[]>): void {
    this.#scale = this.useScale ? this.addWeight({ name: 'scale', shape: [], initializer: 'ones' }) : undefined;
  }

  override call(xs: readonly Tensor[], { training }: CallOptions): Tensor {
    const [query, value, key = value] = threeOf(xs, this.name);
    return attention(this.#scale ? mul(query, this.#scale) : query, key, value, {
      scale: 1,
      causal: this.useCausalMask,
      mask: keyMask(value, key),
      dropout: training ? this.dropout : 0,
      name: this.name,
    });
  }

  /** That of the queries. */
  override computeMask([query]: readonly Tensor[]): Tensor | undefined {
    return query?.mask;
  }
}

/** Queries, values and perhaps keys. Throws SHAPE_MISMATCH. */
export function threeOf(xs: readonly Tensor[], what: string): [Tensor, Tensor, Tensor | undefined] {
  const [query, value, key] = xs;
  const fits = query && value && xs.length <= 3 && xs.every(({ shape }) => shape.length === 3);
  if (fits) return [query, value, key];
  const expected = '[queries, values] or [queries, values, keys], each (batch, steps, size)';
  throw fail('SHAPE_MISMATCH', what, expected, xs.join(', '));
}

/** What may be seen of the keys, for each query alike: `[B, 1, keys]`. */
export function keyMask(value: Tensor, key: Tensor): Operand | undefined {
  const [first, second] = [value, key].flatMap(({ mask }) => mask ?? []);
  if (first === undefined) return undefined;
  const both = second === undefined || second === first ? first : logicalAnd(first, second);
  const [batch, keys] = both.shape as [Dim, Dim];
  return reshape(both, [batch, 1, keys]);
}
