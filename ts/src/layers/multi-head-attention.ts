// Attention of several heads, each through weights of its own, or some sharing keys and values.

import { fail } from '../errors.js';
import { axis, listOf, type OptionTable, whole } from '../options.js';
import { type HeadSizes, Heads, type HeadsOptions } from './heads.js';

/** Options of MultiHeadAttention. */
export interface MultiHeadAttentionOptions extends HeadsOptions {
  numHeads: number;
  /** The size of queries and keys of one head. */
  keyDim: number;
  /** The size of values of one head. Default `keyDim`. */
  valueDim?: number | null;
  /** The size of outputs. Default: that of the inputs that the queries are made of. */
  outputShape?: number | null;
  /** Which axes are attended, of inputs with more than three, counted from the batch. Default: all but batch and features. */
  attentionAxes?: number | readonly number[] | null;
}

/**
 * Queries, keys and values are products of the inputs; each head weighs the values by `softmax(q · kᵀ / √keyDim)`, and one
 * more product makes the output of all heads. Takes a sequence `[T, size]` (self-attention), or a list `[queries, values]` or
 * `[queries, values, keys]` (keys are by default the values). Weights have Keras's shapes. The weights of all pairs of steps are
 * never in memory at once, unless they are asked for. Inputs of more axes `[…, size]` are attended over `attentionAxes`. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 */
export class MultiHeadAttention extends Heads {
  static override readonly className: string = 'MultiHeadAttention';
  /** @internal */
  static override readonly options: OptionTable = {
    numHeads: [undefined, whole(1)],
    keyDim: [undefined, whole(1)],
    valueDim: [null, whole(1)],
    outputShape: [null, whole(1)],
    attentionAxes: [null, (value, what) => listOf(axis)([value].flat(), what)],
    ...Heads.options,
  };
  declare readonly numHeads: number;
  declare readonly keyDim: number;
  declare readonly valueDim: number | undefined;
  declare readonly outputShape: number | undefined;
  protected override readonly folds = true;

  constructor(options: MultiHeadAttentionOptions) {
    super(options);
  }

  /** @internal */
  protected override sizes(width: number): HeadSizes {
    const { numHeads: heads, keyDim, valueDim = keyDim, outputShape: output = width } = this;
    return { heads, keyHeads: heads, keyDim, valueDim, output };
  }
}

/** Options of GroupQueryAttention. */
export interface GroupQueryAttentionOptions extends HeadsOptions {
  /** The size of queries, keys and values of one head. */
  headDim: number;
  numQueryHeads: number;
  /** A divisor of it. */
  numKeyValueHeads: number;
}

/**
 * As MultiHeadAttention, but several heads of the queries share one of keys and values, whose products are that much smaller.
 * Ainslie et al. 2023, https://arxiv.org/abs/2305.13245
 */
export class GroupQueryAttention extends Heads {
  static override readonly className: string = 'GroupQueryAttention';
  /** @internal */
  static override readonly options: OptionTable = {
    headDim: [undefined, whole(1)],
    numQueryHeads: [undefined, whole(1)],
    numKeyValueHeads: [undefined, whole(1)],
    ...Heads.options,
  };
  declare readonly headDim: number;
  declare readonly numQueryHeads: number;
  declare readonly numKeyValueHeads: number;

  constructor(options: GroupQueryAttentionOptions) {
    super(options);
    if (this.numQueryHeads % this.numKeyValueHeads === 0) return;
    const expected = `a divisor of numQueryHeads, ${this.numQueryHeads}`;
    throw fail('INVALID_VALUE', 'GroupQueryAttention numKeyValueHeads', expected, `${this.numKeyValueHeads}`);
  }

  /** @internal */
  protected override sizes(width: number): HeadSizes {
    const { numQueryHeads: heads, numKeyValueHeads: keyHeads, headDim } = this;
    return { heads, keyHeads, keyDim: headDim, valueDim: headDim, output: width };
  }
}
