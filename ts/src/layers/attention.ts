// Attention without products of its own, by how alike queries and keys are, or by a function of their sums.

import { fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { add, attention, cast, dropout, logicalAnd, matmul, mul, reshape, sum, tanh } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { flag, type OptionTable, oneOf } from '../options.js';
import { productWeights, weightsOf } from './attention-weights.js';
import {
  type CallOptions,
  Layer,
  type LayerOptions,
  type OperandOf,
  type SampleShape,
  type SymbolicOf,
} from './layer.js';
import { rate } from './options.js';
import type { SymbolicTensor } from './symbolic.js';
import type { Weight } from './weight.js';

/** Options of Attention and AdditiveAttention. */
export interface AttentionLayerOptions extends LayerOptions {
  /** Whether to learn a factor of the scores (AdditiveAttention: one for each feature). Default false; there true. */
  useScale?: boolean;
  /** The share of weights set to 0 in training. Default 0. */
  dropout?: number;
  /** Whether step i sees steps up to i alone. Default false. (Keras: an argument of the call.) */
  useCausalMask?: boolean;
}

/** What one pass may say besides. */
export interface PlainAttentionCallOptions extends CallOptions {
  /** Instead of the layer's own. */
  readonly useCausalMask?: boolean;
  /** Whether to give a list: the output, and the weights `[B, queries, keys]` before dropout. Default false. */
  readonly returnAttentionScores?: boolean;
}

/** A call that gives the weights too. */
export interface WithScores {
  readonly returnAttentionScores: true;
}

/** Attention over lists `[queries, values]` or `[queries, values, keys]`. */
abstract class PlainAttention extends Layer<readonly Tensor[]> {
  override readonly takes = 'list';
  declare readonly useScale: boolean;
  declare readonly dropout: number;
  declare readonly useCausalMask: boolean;

  constructor(options: AttentionLayerOptions = {}) {
    super(options);
  }

  override apply(
    x: SymbolicOf<readonly Tensor[]>,
    options: Partial<PlainAttentionCallOptions> & WithScores,
  ): [SymbolicTensor, SymbolicTensor];
  override apply(
    x: OperandOf<readonly Tensor[]>,
    options: Partial<PlainAttentionCallOptions> & WithScores,
  ): [Tensor, Tensor];
  override apply(x: SymbolicOf<readonly Tensor[]>, options?: Partial<PlainAttentionCallOptions>): SymbolicTensor;
  override apply(x: OperandOf<readonly Tensor[]>, options?: Partial<PlainAttentionCallOptions>): Tensor;
  override apply(x: unknown, options: object = {}): never {
    return super.apply(x as OperandOf<readonly Tensor[]>, options) as never;
  }

  /** That of the queries. */
  override computeMask([query]: readonly Tensor[]): Tensor | undefined {
    return query?.mask;
  }

  /** The values weighted by scores `[B, queries, keys]` that are made pair by pair. */
  protected byScores(scores: Tensor, xs: ThreeOf, options: PlainAttentionCallOptions): Tensor {
    const { training, useCausalMask: causal = this.useCausalMask, returnAttentionScores } = options;
    const [query, value, key = value] = xs;
    const [batch, queries, keys] = scores.shape as [Dim, Dim, Dim];
    const weights = weightsOf(reshape(scores, [batch, 1, queries, keys]), { mask: keyMask(value, key), causal });
    const flat = reshape(weights, [batch, queries, keys]);
    const kept = training && this.dropout > 0 ? dropout(flat, this.dropout, { name: this.name }) : flat;
    return this.finish(matmul(kept, value), query, returnAttentionScores ? () => weights : undefined);
  }

  /** 0 for queries that their mask leaves out, as in Keras; with the weights if they are wanted. */
  protected finish(output: Tensor, query: Tensor, weights: (() => Tensor) | undefined): Tensor {
    const { mask } = query;
    const counted = mask ? mul(output, cast(reshape(mask, [...mask.shape, 1]), 'float32')) : output;
    if (!weights) return counted;
    const all = weights();
    const [batch, , queries, keys] = all.shape as [Dim, Dim, Dim, Dim];
    return [counted, reshape(all, [batch, queries, keys])] as unknown as Tensor;
  }
}

// Each query beside each key, added: `[B, queries, keys, size]`.
function pairSums(query: Tensor, key: Tensor): Tensor {
  const [batch, queries, size] = query.shape as [Dim, Dim, Dim];
  const keys = key.shape[1] as Dim;
  return add(reshape(query, [batch, queries, 1, size]), reshape(key, [batch, 1, keys, size]));
}

/** Options of Attention. */
export interface DotAttentionOptions extends AttentionLayerOptions {
  /** How alike a query is to a key: 'dot', their product (the default), or 'concat', `w · Σ tanh(q + k)` with a weight w. */
  scoreMode?: 'dot' | 'concat';
}

/**
 * `softmax(q · kᵀ) · v` of a list `[queries, values]` or `[queries, values, keys]` (by default the values): for each step of the
 * queries a mean of the values, weighted by how alike keys are to it. Keys that their mask (that of the values) leaves out
 * have no part. Luong et al. 2015, https://arxiv.org/abs/1508.04025
 */
export class Attention extends PlainAttention {
  static override readonly className: string = 'Attention';
  /** @internal */
  static override readonly options: OptionTable = {
    useScale: [false, flag],
    dropout: [0, rate],
    useCausalMask: [false, flag],
    scoreMode: ['dot', oneOf('dot', 'concat')],
  };
  declare readonly scoreMode: 'dot' | 'concat';
  #scale: Weight | undefined;
  #concat: Weight | undefined;

  constructor(options: DotAttentionOptions = {}) {
    super(options);
  }

  override build(_inputShape: SampleShape<readonly Tensor[]>): void {
    const one = (name: string): Weight => this.addWeight({ name, shape: [], initializer: 'ones' });
    this.#scale = this.useScale ? one('scale') : undefined;
    this.#concat = this.scoreMode === 'concat' ? one('concat_score_weight') : undefined;
  }

  override call(xs: readonly Tensor[], options: PlainAttentionCallOptions): Tensor {
    const [query, value, key = value] = threeOf(xs, this.name);
    if (this.#concat) {
      const sums = pairSums(query, key);
      const scores = sum(tanh(this.#scale ? mul(sums, this.#scale) : sums), { axis: -1 });
      return this.byScores(mul(scores, this.#concat), [query, value, key], options);
    }
    const { training, useCausalMask: causal = this.useCausalMask, returnAttentionScores } = options;
    const [q, mask] = [this.#scale ? mul(query, this.#scale) : query, keyMask(value, key)];
    const share = training ? this.dropout : 0;
    const mixed = attention(q, key, value, { scale: 1, causal, mask, dropout: share, name: this.name });
    const weights = () => productWeights(q, key, 1, 1, { mask, causal });
    return this.finish(mixed, query, returnAttentionScores ? weights : undefined);
  }
}

/**
 * As Attention, with scores `Σ scale · tanh(q + k)` over the features; it keeps some numbers for each pair of steps and feature.
 * Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473
 */
export class AdditiveAttention extends PlainAttention {
  static override readonly className: string = 'AdditiveAttention';
  /** @internal */
  static override readonly options: OptionTable = {
    useScale: [true, flag],
    dropout: [0, rate],
    useCausalMask: [false, flag],
  };
  #scale: Weight | undefined;

  override build([query]: SampleShape<readonly Tensor[]>): void {
    // Of other ranks `call` says what is wrong.
    const shape = [query?.[1] ?? 1];
    this.#scale = this.useScale ? this.addWeight({ name: 'scale', shape }) : undefined;
  }

  override call(xs: readonly Tensor[], options: PlainAttentionCallOptions): Tensor {
    const [query, value, key = value] = threeOf(xs, this.name);
    const sums = tanh(pairSums(query, key));
    const scores = sum(this.#scale ? mul(sums, this.#scale) : sums, { axis: -1 });
    return this.byScores(scores, [query, value, key], options);
  }
}

/** Queries, values and perhaps keys. */
export type ThreeOf = [Tensor, Tensor, Tensor | undefined];

/** The same of a list. Throws SHAPE_MISMATCH. */
export function threeOf(xs: readonly Tensor[], what: string): ThreeOf {
  const [query, value, key] = xs;
  const fits = query && value && xs.length <= 3 && xs.every(({ shape }) => shape.length === 3);
  if (fits) return [query, value, key];
  const expected = '[queries, values] or [queries, values, keys], each (batch, steps, size)';
  throw fail('SHAPE_MISMATCH', what, expected, xs.join(', '), 'Reshape or Permute the inputs; Embedding makes vectors');
}

/** What may be seen of the keys, for each query alike: `[B, 1, keys]`. */
export function keyMask(value: Tensor, key: Tensor): Operand | undefined {
  const [first, second] = [value, key].flatMap(({ mask }) => mask ?? []);
  if (first === undefined) return undefined;
  const both = second === undefined || second === first ? first : logicalAnd(first, second);
  const [batch, keys] = both.shape as [Dim, Dim];
  return reshape(both, [batch, 1, keys]);
}
