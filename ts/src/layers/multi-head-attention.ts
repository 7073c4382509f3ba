// Attention of several heads, each through weights of its own.

import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { add, attention, cast, logicalAnd, matmul, reshape } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable, whole } from '../options.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import { keyMask, threeOf } from './attention.js';
import { type CallOptions, Layer, type LayerOptions, listOf, type SampleShape, type Several } from './layer.js';
import { initializer, rate, regularizer } from './options.js';
import type { Weight } from './weight.js';

/** Options of MultiHeadAttention. */
export interface MultiHeadAttentionOptions extends LayerOptions {
  numHeads: number;
  /** The size of queries and keys of one head. */
  keyDim: number;
  /** The size of values of one head. Default `keyDim`. */
  valueDim?: number | null;
  /** The share of weights set to 0 in training. Default 0. */
  dropout?: number;
  /** Whether the four products add a bias. Default true. */
  useBias?: boolean;
  /** The size of outputs. Default: that of the inputs that the queries are made of. */
  outputShape?: number | null;
  /** Whether step i sees steps up to i alone. Default false. (Keras: an argument of the call.) */
  useCausalMask?: boolean;
  /** Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** Default 'zeros'. */
  biasInitializer?: InitializerLike;
  /** What the kernels cost. Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the biases cost. Default none. */
  biasRegularizer?: RegularizerLike;
}

/** What one pass may say besides. */
export interface AttentionCallOptions extends CallOptions {
  /** Which steps (not 0) each query sees: `[B or 1, queries or 1, keys or 1]`; more than that the masks of the inputs hide. */
  readonly attentionMask?: Operand;
  /** Instead of the layer's own. */
  readonly useCausalMask?: boolean;
}

/** A kernel and a bias, as matrix and row. */
interface Product {
  readonly kernel: Weight;
  readonly bias: Weight | undefined;
}

/**
 * Queries, keys and values are products of the inputs; each head weighs the values by `softmax(q · kᵀ / √keyDim)`, and one
 * more product makes the output of all heads. Takes a sequence `[T, size]` (self-attention), or a list `[queries, values]` or
 * `[queries, values, keys]` (keys are by default the values). Weights have Keras's shapes. The weights of all pairs of steps are
 * never in memory at once. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 */
export class MultiHeadAttention extends Layer<Several> {
  static override readonly className: string = 'MultiHeadAttention';
  /** @internal */
  static override readonly options: OptionTable = {
    numHeads: [undefined, whole(1)],
    keyDim: [undefined, whole(1)],
    valueDim: [null, whole(1)],
    dropout: [0, rate],
    useBias: [true, flag],
    outputShape: [null, whole(1)],
    useCausalMask: [false, flag],
    kernelInitializer: ['glorot_uniform', initializer],
    biasInitializer: ['zeros', initializer],
    kernelRegularizer: [null, regularizer],
    biasRegularizer: [null, regularizer],
  };
  override readonly takes = 'either';
  declare readonly numHeads: number;
  declare readonly keyDim: number;
  declare readonly valueDim: number | undefined;
  declare readonly dropout: number;
  declare readonly useBias: boolean;
  declare readonly outputShape: number | undefined;
  declare readonly useCausalMask: boolean;
  declare readonly kernelInitializer: InitializerLike;
  declare readonly biasInitializer: InitializerLike;
  declare readonly kernelRegularizer: Regularizer<object> | undefined;
  declare readonly biasRegularizer: Regularizer<object> | undefined;
  #query!: Product;
  #key!: Product;
  #value!: Product;
  #output!: Product;

  constructor(options: MultiHeadAttentionOptions) {
    super(options);
  }

  override build(inputShape: SampleShape<Several>): void {
    const one = typeof inputShape[0] === 'number';
    const shapes = (one ? [inputShape, inputShape] : inputShape) as readonly (readonly number[])[];
    if (shapes.some(({ length }) => length !== 2)) {
      const expected = 'sequences of vectors (batch, steps, size)';
      throw fail('SHAPE_MISMATCH', this.name, expected, shapes.map(shapeText).join(', '));
    }
    const [query, value, key = value] = shapes.map(([, size]) => size as number) as [number, number, number?];
    const { numHeads, keyDim, valueDim = keyDim, outputShape = query } = this;
    this.#query = this.#product('query', [query, numHeads, keyDim], 1);
    this.#key = this.#product('key', [key as number, numHeads, keyDim], 1);
    this.#value = this.#product('value', [value, numHeads, valueDim], 1);
    this.#output = this.#product('attention_output', [numHeads, valueDim, outputShape], 2);
  }

  override call(x: Several, options: AttentionCallOptions): Tensor {
    const list = listOf(x);
    const [query, value, key = value] = threeOf(list.length === 1 ? [...list, ...list] : list, this.name);
    const seen = keyMask(value, key);
    const { attentionMask: given, useCausalMask: causal = this.useCausalMask, training } = options;
    const own = given === undefined ? undefined : cast(given, 'bool');
    const through = ({ kernel, bias }: Product, input: Tensor): Tensor => {
      const [first, second, third] = kernel.shape as [number, number, number];
      const product = matmul(input, reshape(kernel, [first, second * third]));
      return bias ? add(product, reshape(bias, [second * third])) : product;
    };
    const mixed = attention(through(this.#query, query), through(this.#key, key), through(this.#value, value), {
      heads: this.numHeads,
      causal,
      mask: own && seen ? logicalAnd(own, seen) : (own ?? seen),
      dropout: training ? this.dropout : 0,
      name: this.name,
    });
    const { kernel, bias } = this.#output;
    const [heads, size, width] = kernel.shape as [number, number, number];
    const output = matmul(mixed, reshape(kernel, [heads * size, width]));
    return bias ? add(output, bias) : output;
  }

  /** That of the queries. */
  override computeMask(x: Several): Tensor | undefined {
    return listOf(x)[0]?.mask;
  }

  // The bias has the axes of the kernel from `from` on.
  #product(word: string, shape: readonly number[], from: number): Product {
    const { kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer } = this;
    const weight = { shape, initializer: kernelInitializer, regularizer: kernelRegularizer };
    const kernel = this.addWeight({ ...weight, name: `${word}_kernel` });
    const own = { shape: shape.slice(from), initializer: biasInitializer, regularizer: biasRegularizer };
    return { kernel, bias: this.useBias ? this.addWeight({ ...own, name: `${word}_bias` }) : undefined };
  }
}
