// The fully connected layer.

import { fail } from '../errors.js';
import { add, matmul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Initializer, InitializerLike } from '../initializers/index.js';
import { INITIALIZERS } from '../initializers/registry.js';
import { boolean, wholeNumber } from '../numbers.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import { regularizerConfigs, regularizerOf } from '../regularizers/registry.js';
import { type Config, serialize } from '../units.js';
import { type Activation, type ActivationLike, activationOf } from './activations.js';
import { Layer, type LayerOptions } from './layer.js';
import type { Weight } from './weight.js';

/** Options of Dense. */
export interface DenseOptions extends LayerOptions {
  /** Number of outputs. */
  units: number;
  /** A name such as 'relu', or a function of tensors. Default none. */
  activation?: ActivationLike;
  /** Whether to add a bias. Default true. */
  useBias?: boolean;
  /** Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** Default 'zeros'. */
  biasInitializer?: InitializerLike;
  /** What the kernel's values cost, such as 'l2' or new regularizers.L2({ l2: 1e-4 }). Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the bias's values cost. Default none. */
  biasRegularizer?: RegularizerLike;
}

const OPTIONS = [
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
];

/** `activation(x · kernel + bias)` on the last axis: `[…, inputs]` becomes `[…, units]`. */
export class Dense extends Layer {
  static override readonly className: string = 'Dense';
  readonly units: number;
  readonly useBias: boolean;
  readonly #activation: Activation;
  readonly #kernelInitializer: Initializer<object>;
  readonly #biasInitializer: Initializer<object>;
  readonly #kernelRegularizer: Regularizer<object> | undefined;
  readonly #biasRegularizer: Regularizer<object> | undefined;
  #kernel!: Weight;
  #bias: Weight | undefined;

  constructor(options: DenseOptions) {
    super(options, OPTIONS);
    this.units = wholeNumber(options?.units, 'Dense units', 1);
    this.useBias = boolean(options.useBias ?? true, 'Dense useBias');
    this.#activation = activationOf(options.activation, 'Dense');
    this.#kernelInitializer = INITIALIZERS.resolve(options.kernelInitializer ?? 'glorot_uniform');
    this.#biasInitializer = INITIALIZERS.resolve(options.biasInitializer ?? 'zeros');
    this.#kernelRegularizer = regularizerOf(options.kernelRegularizer);
    this.#biasRegularizer = regularizerOf(options.biasRegularizer);
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
    const [initializer, regularizer] = [this.#kernelInitializer, this.#kernelRegularizer];
    this.#kernel = this.addWeight({ name: 'kernel', shape: [inputs, units], initializer, regularizer });
    const bias = { name: 'bias', shape: [units], initializer: this.#biasInitializer };
    this.#bias = this.useBias ? this.addWeight({ ...bias, regularizer: this.#biasRegularizer }) : undefined;
  }

  override call(x: Tensor): Tensor {
    const product = matmul(x, this.#kernel);
    return this.#activation.apply(this.#bias ? add(product, this.#bias) : product);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: this.#activation.config,
      useBias: this.useBias,
      kernelInitializer: serialize(this.#kernelInitializer),
      biasInitializer: serialize(this.#biasInitializer),
      ...regularizerConfigs({ kernelRegularizer: this.#kernelRegularizer, biasRegularizer: this.#biasRegularizer }),
    };
  }
}
