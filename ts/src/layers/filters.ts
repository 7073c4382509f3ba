// What layers with kernels that move have in common: their options, the bias and the activation behind the product. Channels
// come last; 'channels_first' is refused.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { constraintOf } from '../constraints/registry.js';
import { describeValue, fail } from '../errors.js';
import { type ConvOptions, type Padding, paddingOf, type Sizes, sizesOf } from '../graph/convolution.js';
import { add } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Initializer, InitializerLike } from '../initializers/index.js';
import { INITIALIZERS } from '../initializers/registry.js';
import { boolean, wholeNumber } from '../numbers.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import { regularizerConfigs, regularizerOf } from '../regularizers/registry.js';
import { type Config, classNameOf, serialize } from '../units.js';
import { type Activation, type ActivationLike, activationOf } from './activations.js';
import { axesOf, checkFormat } from './images.js';
import { Layer, type LayerOptions } from './layer.js';
import type { Weight } from './weight.js';

/** Options of all convolutions. */
export interface FilterOptions extends LayerOptions {
  /** The size of the window: a number for all axes, or one for each. */
  kernelSize: Sizes;
  /** How far the window moves. Default 1. */
  strides?: Sizes;
  /** 'valid' (the default): only whole windows; 'same': as many places as before, divided by the stride. */
  padding?: Padding;
  /** The distance of the kernel's taps. Default 1. */
  dilationRate?: Sizes;
  /** A name such as 'relu', or a function of tensors. Default none. */
  activation?: ActivationLike;
  /** Whether to add a bias. Default true. */
  useBias?: boolean;
  /** Default 'zeros'. */
  biasInitializer?: InitializerLike;
  /** What the bias's values cost. Default none. */
  biasRegularizer?: RegularizerLike;
  /** What the bias is held to after every update. Default nothing. */
  biasConstraint?: ConstraintLike;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
}

const OPTIONS = [
  'kernelSize',
  'strides',
  'padding',
  'dilationRate',
  'activation',
  'useBias',
  'biasInitializer',
  'biasRegularizer',
  'biasConstraint',
  'dataFormat',
];

/** How a kernel starts, what it costs, and what it is held to. */
interface Start {
  readonly initializer: Initializer<object>;
  readonly regularizer: Regularizer<object> | undefined;
  readonly constraint: Constraint<object> | undefined;
}

/** A layer whose kernels move over its input. */
export abstract class Filters extends Layer {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilationRate: readonly number[];
  readonly useBias: boolean;
  readonly #activation: Activation;
  readonly #starts: ReadonlyMap<string, Start>;
  #bias: Weight | undefined;

  /** `own` are the options of the subclass, `kernels` the first words of those of its kernels. */
  constructor(options: FilterOptions, own: readonly string[], kernels: readonly string[]) {
    super(options, [
      ...OPTIONS,
      ...own,
      ...kernels.flatMap((kernel) => [`${kernel}Initializer`, `${kernel}Regularizer`, `${kernel}Constraint`]),
    ]);
    const [what, axes] = [classNameOf(this), axesOf(this)];
    checkFormat(options.dataFormat, what);
    this.kernelSize = sizesOf(options.kernelSize, axes, 1, `${what} kernelSize`);
    this.strides = sizesOf(options.strides ?? 1, axes, 1, `${what} strides`);
    this.dilationRate = sizesOf(options.dilationRate ?? 1, axes, 1, `${what} dilationRate`);
    this.padding = paddingOf(options.padding ?? 'valid', axes, `${what} padding`);
    if (this.strides.some((s) => s > 1) && this.dilationRate.some((d) => d > 1)) {
      const got = `strides ${describeValue(options.strides)} and dilationRate ${describeValue(options.dilationRate)}`;
      throw fail('INVALID_VALUE', what, 'strides or dilationRate above 1, not both', got);
    }
    this.useBias = boolean(options.useBias ?? true, `${what} useBias`);
    this.#activation = activationOf(options.activation, what);
    const starts = { bias: 'zeros', ...Object.fromEntries(kernels.map((kernel) => [kernel, 'glorot_uniform'])) };
    const given = options as unknown as Readonly<Record<string, unknown>>;
    this.#starts = new Map(
      Object.entries(starts).map(([name, initializer]) => [
        name,
        {
          initializer: INITIALIZERS.resolve((given[`${name}Initializer`] ?? initializer) as InitializerLike),
          regularizer: regularizerOf(given[`${name}Regularizer`] as RegularizerLike | undefined),
          constraint: constraintOf(given[`${name}Constraint`] as ConstraintLike | undefined),
        },
      ]),
    );
  }

  /** Adds a kernel: `start` says which of the options are its. */
  protected addKernel(name: string, start: string, shape: readonly number[]): Weight {
    return this.addWeight({ name, shape, ...(this.#starts.get(start) as Start) });
  }

  /** Adds the bias, if there is to be one. */
  protected addBias(filters: number): void {
    this.#bias = this.useBias ? this.addKernel('bias', 'bias', [filters]) : undefined;
  }

  /** How the kernel moves. */
  protected get window(): ConvOptions {
    const { strides, padding, dilationRate } = this;
    return { strides, padding, dilationRate };
  }

  /** The bias and the activation on a product. */
  protected finish(product: Tensor): Tensor {
    return this.#activation.apply(this.#bias ? add(product, this.#bias) : product);
  }

  override getConfig(): Config {
    const { kernelSize, strides, padding, dilationRate, useBias } = this;
    const starts = [...this.#starts];
    return {
      ...super.getConfig(),
      kernelSize: [...kernelSize],
      strides: [...strides],
      padding,
      dilationRate: [...dilationRate],
      activation: this.#activation.config,
      useBias,
      ...Object.fromEntries(starts.map(([name, { initializer }]) => [`${name}Initializer`, serialize(initializer)])),
      ...regularizerConfigs(
        Object.fromEntries(starts.map(([name, { regularizer }]) => [`${name}Regularizer`, regularizer])),
      ),
      ...Object.fromEntries(
        starts.flatMap(([name, { constraint }]) => (constraint ? [[`${name}Constraint`, serialize(constraint)]] : [])),
      ),
    };
  }
}

/** The number of filters, as an option. */
export function filtersOf(value: unknown, what: string): number {
  return wholeNumber(value, `${what} filters`, 1);
}
