// What layers of several attention heads have in common: products of the inputs, attention, and one product of what all heads
// found. Refuses inputs that are not sequences of vectors.

import type { Constraint } from '../constraints/index.js';
import { toArrayData } from '../data/arrays.js';
import { fail } from '../errors.js';
import { byHead } from '../graph/attention.js';
import { type Dim, shapeText } from '../graph/dims.js';
import { add, attention, broadcastTo, logicalAnd, matmul, reshape } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable } from '../options.js';
import type { Regularizer } from '../regularizers/index.js';
import { keyMask, threeOf, type WithScores } from './attention.js';
import { productWeights } from './attention-weights.js';
import { folded } from './folding.js';
import {
  type CallOptions,
  isSymbolic,
  Layer,
  listOf,
  type OperandOf,
  type SampleShape,
  type Several,
  type SymbolicOf,
} from './layer.js';
import { KERNEL_OPTIONS, type KernelOptions, rate } from './options.js';
import type { SymbolicTensor } from './symbolic.js';
import type { Weight } from './weight.js';

/** Options of layers of several heads. */
export interface HeadsOptions extends KernelOptions {
  /** The share of weights set to 0 in training. Default 0. */
  dropout?: number;
  /** Whether step i sees steps up to i alone. Default false. (Keras: an argument of the call.) */
  useCausalMask?: boolean;
  /** Understood for Keras's sake: attention is streamed either way. */
  flashAttention?: boolean | null;
}

/** What one pass may say besides. */
export interface AttentionCallOptions extends CallOptions {
  /**
   * Which steps (not 0) each query sees: `[B or 1, heads or 1, queries or 1, keys or 1]`, of three axes without heads, of two
   * without the batch; more than that the masks of the inputs hide. In a model an array, or what an Input of three or four
   * axes gives (which then is the last of a list: `[queries, values, keys, mask]`).
   */
  readonly attentionMask?: Operand | SymbolicTensor;
  /** Instead of the layer's own. */
  readonly useCausalMask?: boolean;
  /** Whether to give a list: the output, and the weights `[B, heads, queries, keys]` before dropout. Default false. */
  readonly returnAttentionScores?: boolean;
}

/** Sizes of the products. */
export interface HeadSizes {
  readonly heads: number;
  /** How many heads keys and values have; each is that of `heads / keyHeads` heads of the queries. */
  readonly keyHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
  readonly output: number;
}

/** A kernel and a bias, as matrix and row. */
interface Product {
  readonly kernel: Weight;
  readonly bias: Weight | undefined;
}

/** A layer of several attention heads, each through weights of its own. */
export abstract class Heads extends Layer<Several> {
  /** @internal */
  static override readonly options: OptionTable = {
    dropout: [0, rate],
    useBias: [true, flag],
    useCausalMask: [false, flag],
    ...KERNEL_OPTIONS,
    flashAttention: [null, flag],
  };
  override readonly takes = 'either';
  declare readonly dropout: number;
  declare readonly useBias: boolean;
  declare readonly useCausalMask: boolean;
  declare readonly kernelInitializer: InitializerLike;
  declare readonly biasInitializer: InitializerLike;
  declare readonly kernelRegularizer: Regularizer<object> | undefined;
  declare readonly biasRegularizer: Regularizer<object> | undefined;
  declare readonly kernelConstraint: Constraint<object> | undefined;
  declare readonly biasConstraint: Constraint<object> | undefined;
  #query!: Product;
  #key!: Product;
  #value!: Product;
  #output!: Product;

  /** @internal Whether inputs may have more axes. */
  protected readonly folds: boolean = false;
  /** The axes that are attended, counted from the batch, where there are several. */
  declare readonly attentionAxes: readonly number[] | undefined;

  /** @internal The sizes, for queries made of vectors of `width` numbers. */
  protected abstract sizes(width: number): HeadSizes;

  override build(inputShape: SampleShape<Several>): void {
    const one = !Array.isArray(inputShape[0]);
    const shapes = (one ? [inputShape, inputShape] : inputShape) as readonly (readonly number[])[];
    if (shapes.slice(0, 3).some(({ length }) => length < 2 || (length > 2 && !this.folds))) {
      const expected = 'sequences of vectors (batch, steps, size)';
      const hint = 'whole numbers become vectors by Embedding; Reshape adds an axis';
      throw fail('SHAPE_MISMATCH', this.name, expected, `samples of ${shapes.map(shapeText).join(', ')}`, hint);
    }
    const [query, value, key = value] = shapes.map((shape) => shape.at(-1) as number) as [number, number, number?];
    const { heads, keyHeads, keyDim, valueDim, output } = this.sizes(query);
    this.#query = this.#product('query', [query, heads, keyDim], 1);
    this.#key = this.#product('key', [key as number, keyHeads, keyDim], 1);
    this.#value = this.#product('value', [value, keyHeads, valueDim], 1);
    this.#output = this.#product('attention_output', [heads, valueDim, output], 2);
  }

  override apply(
    x: SymbolicOf<Several>,
    options: Partial<AttentionCallOptions> & WithScores,
  ): [SymbolicTensor, SymbolicTensor];
  override apply(x: OperandOf<Several>, options: Partial<AttentionCallOptions> & WithScores): [Tensor, Tensor];
  override apply(x: SymbolicOf<Several>, options?: Partial<AttentionCallOptions>): SymbolicTensor;
  override apply(x: OperandOf<Several>, options?: Partial<AttentionCallOptions>): Tensor;
  override apply(x: unknown, options: Partial<AttentionCallOptions> = {}): never {
    const { attentionMask: mask, ...others } = options;
    const list = (Array.isArray(x) ? x : [x, x]) as SymbolicTensor[];
    if (mask === undefined || !list.every(isSymbolic)) return super.apply(x as OperandOf<Several>, options) as never;
    // Options of models that are put together are plain data, or else inputs.
    if (!isSymbolic(mask)) return super.apply(x as SymbolicOf<Several>, { ...others, ...plainMask(mask) }) as never;
    const [query, value, key = value] = list as [SymbolicTensor, SymbolicTensor, SymbolicTensor?];
    return super.apply([query, value, key as SymbolicTensor, mask], others) as never;
  }

  override call(x: Several, options: AttentionCallOptions): Tensor {
    const list = listOf(x);
    const given = list.length === 1 ? [...list, ...list] : list.slice(0, 3);
    if (!this.folds || given.every(({ shape }) => shape.length === 3)) return this.#attend(given, list[3], options);
    if (list[3] || options.attentionMask || options.returnAttentionScores) {
      const hint = 'reshape the inputs to three axes, with the others in the batch';
      throw fail('SHAPE_MISMATCH', this.name, 'inputs of three axes beside masks and scores', given.join(', '), hint);
    }
    const { xs, unfold } = folded(given, this.attentionAxes, this.name);
    return unfold(this.#attend(xs, undefined, options));
  }

  #attend(given: readonly Tensor[], shown: Tensor | undefined, options: AttentionCallOptions): Tensor {
    const [query, value, key = value] = threeOf(given, this.name);
    const { useCausalMask: causal = this.useCausalMask, returnAttentionScores = false, training } = options;
    const { heads, keyHeads, keyDim } = this.sizes(Number(query.shape[2]));
    const q = through(this.#query, query);
    const [k, v] = [through(this.#key, key), through(this.#value, value)].map((x) =>
      shared(x, keyHeads, heads / keyHeads),
    ) as [Tensor, Tensor];
    const mask = this.#mask(shown ?? (options.attentionMask as Operand | undefined), keyMask(value, key));
    const dropout = training ? this.dropout : 0;
    const mixed = attention(q, k, v, { heads, causal, mask, dropout, name: this.name });
    const { kernel, bias } = this.#output;
    const [, size, width] = kernel.shape as [number, number, number];
    const product = matmul(mixed, reshape(kernel, [heads * size, width]));
    const output = bias ? add(product, bias) : product;
    if (!returnAttentionScores) return output;
    // Layers give what they are typed to give, but for this option.
    return [output, productWeights(q, k, heads, 1 / Math.sqrt(keyDim), { mask, causal })] as unknown as Tensor;
  }

  // What a call hides, and what the inputs do.
  #mask(given: Operand | undefined, seen: Operand | undefined): Operand | undefined {
    if (given === undefined || seen === undefined) return given ?? seen;
    return logicalAnd(byHead(given, this.name), byHead(seen, this.name));
  }

  /** That of the queries. */
  override computeMask(x: Several, y: Tensor): Tensor | undefined {
    return y.shape.length === 3 ? listOf(x)[0]?.mask : undefined;
  }

  // The bias has the axes of the kernel from `from` on.
  #product(word: string, shape: readonly number[], from: number): Product {
    const kernel = this.addWeight({
      name: `${word}_kernel`,
      shape,
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    const bias = {
      name: `${word}_bias`,
      shape: shape.slice(from),
      initializer: this.biasInitializer,
      regularizer: this.biasRegularizer,
      constraint: this.biasConstraint,
    };
    return { kernel, bias: this.useBias ? this.addWeight(bias) : undefined };
  }
}

function plainMask(mask: Operand): { attentionMask: Operand } {
  const { data, shape } = toArrayData(mask, 'attentionMask');
  return { attentionMask: { data: Array.from(data), shape: [...shape] } };
}

function through({ kernel, bias }: Product, input: Tensor): Tensor {
  const [first, second, third] = kernel.shape as [number, number, number];
  const product = matmul(input, reshape(kernel, [first, second * third]));
  return bias ? add(product, reshape(bias, [second * third])) : product;
}

// Each head `times` times, one behind the other.
function shared(x: Tensor, heads: number, times: number): Tensor {
  if (times === 1) return x;
  const [batch, steps, width] = x.shape as [Dim, Dim, number];
  const size = width / heads;
  const apart = reshape(x, [batch, steps, heads, 1, size]);
  return reshape(broadcastTo(apart, [batch, steps, heads, times, size]), [batch, steps, width * times]);
}
