// The fully connected layer.

import type { Constraint } from '../constraints/index.js';
import { fail } from '../errors.js';
import { add, matmul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable, whole } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import type { Activation, ActivationLike } from './activations.js';
import { Layer } from './layer.js';
import { activation, KERNEL_OPTIONS, type KernelOptions } from './options.js';
import type { Weight } from './weight.js';

/** Options of Dense. */
export interface DenseOptions extends KernelOptions {
  /** Number of outputs. */
  units: number;
  /** A name such as 'relu', or a function of tensors. Default none. */
  activation?: ActivationLike;
}

/** `activation(x · kernel + bias)` on the last axis: `[…, inputs]` becomes `[…, units]`. */
export class Dense extends Layer {
  static override readonly className: string = 'Dense';
  /** @internal */
  static override readonly options: OptionTable = {
    units: [undefined, whole(1)],
    activation: ['linear', activation],
    useBias: [true, flag],
    ...KERNEL_OPTIONS,
  };
  declare readonly units: number;
  declare readonly activation: Activation;
  declare readonly useBias: boolean;
  declare readonly kernelInitializer: InitializerLike;
  declare readonly biasInitializer: InitializerLike;
  declare readonly kernelRegularizer: RegularizerLike | undefined;
  declare readonly biasRegularizer: RegularizerLike | undefined;
  declare readonly kernelConstraint: Constraint<object> | undefined;
  declare readonly biasConstraint: Constraint<object> | undefined;
  #kernel!: Weight;
  #bias: Weight | undefined;

  constructor(options: DenseOptions) {
    super(options);
  }

  override build(inputShape: readonly number[]): void {
    const inputs = inputShape.at(-1);
    if (inputs === undefined) {
      throw fail(
        'SHAPE_MISMATCH',
        this.name,
        'samples of at least one axis',
        'single numbers',
        'give them shape [n, 1]',
      );
    }
    const { units } = this;
    const { kernelInitializer: initializer, kernelRegularizer: regularizer, kernelConstraint: constraint } = this;
    this.#kernel = this.addWeight({ name: 'kernel', shape: [inputs, units], initializer, regularizer, constraint });
    if (!this.useBias) return;
    const bias = { initializer: this.biasInitializer, regularizer: this.biasRegularizer };
    this.#bias = this.addWeight({ name: 'bias', shape: [units], ...bias, constraint: this.biasConstraint });
  }

  override call(x: Tensor): Tensor {
    const product = matmul(x, this.#kernel);
    return this.activation.apply(this.#bias ? add(product, this.#bias) : product);
  }
}
