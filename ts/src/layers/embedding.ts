// Whole numbers as rows of a learned table.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { cast, gather, notEqual } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable, whole } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { Layer, type LayerOptions } from './layer.js';
import { constraint, initializer, regularizer } from './options.js';
import type { Weight } from './weight.js';

/** Options of Embedding. */
export interface EmbeddingOptions extends LayerOptions {
  /** How many numbers there are: inputs are from 0 to `inputDim − 1`. */
  inputDim: number;
  /** The length of a row. */
  outputDim: number;
  /** Default 'uniform', between −0.05 and 0.05. */
  embeddingsInitializer?: InitializerLike;
  /** What the table costs; its gradient then is of all rows. Default none. */
  embeddingsRegularizer?: RegularizerLike;
  /** What they are held to after every update, such as 'non_neg'. Default nothing. */
  embeddingsConstraint?: ConstraintLike;
  /** Whether 0 means that there is nothing: it is masked. Default false. */
  maskZero?: boolean;
}

/**
 * The rows of a table that whole numbers name: `[batch, n]` becomes `[batch, n, outputDim]`. A step takes the gradients of
 * the rows that were met alone. Throws INVALID_VALUE where a number names no row. float32 holds whole numbers up to 2^24:
 * for larger ones begin with `Input({ dtype: 'int32' })`.
 */
export class Embedding extends Layer {
  static override readonly className: string = 'Embedding';
  /** @internal */
  static override readonly options: OptionTable = {
    inputDim: [undefined, whole(1)],
    outputDim: [undefined, whole(1)],
    embeddingsInitializer: ['uniform', initializer],
    embeddingsRegularizer: [null, regularizer],
    embeddingsConstraint: [null, constraint],
    maskZero: [false, flag],
  };
  declare readonly inputDim: number;
  declare readonly outputDim: number;
  declare readonly embeddingsInitializer: InitializerLike;
  declare readonly embeddingsRegularizer: RegularizerLike | undefined;
  declare readonly embeddingsConstraint: Constraint<object> | undefined;
  declare readonly maskZero: boolean;
  #embeddings!: Weight;

  constructor(options: EmbeddingOptions) {
    super(options);
  }

  override build(): void {
    this.#embeddings = this.addWeight({
      name: 'embeddings',
      shape: [this.inputDim, this.outputDim],
      initializer: this.embeddingsInitializer,
      regularizer: this.embeddingsRegularizer,
      constraint: this.embeddingsConstraint,
    });
  }

  override call(x: Tensor): Tensor {
    return gather(this.#embeddings, cast(x, 'int32'));
  }

  override computeMask(x: Tensor): Tensor | undefined {
    return this.maskZero ? notEqual(cast(x, 'float32'), 0) : undefined;
  }
}
