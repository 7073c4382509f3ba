// Separable convolutions: each channel by itself, then a mixture of the channels of each place.

import type { ConstraintLike } from '../constraints/index.js';
import { conv, depthwiseConv } from '../graph/convolution.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { wholeNumber } from '../numbers.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { type Config, classNameOf } from '../units.js';
import { type FilterOptions, Filters, filtersOf } from './filters.js';
import { imageOf, sampleOf } from './images.js';
import type { Weight } from './weight.js';

/** Options of SeparableConv1D and SeparableConv2D. */
export interface SeparableConvOptions extends FilterOptions {
  /** Number of outputs of each place. */
  filters: number;
  /** Outputs of each channel before they are mixed. Default 1. */
  depthMultiplier?: number;
  /** Default 'glorot_uniform'. */
  depthwiseInitializer?: InitializerLike;
  /** Default 'glorot_uniform'. */
  pointwiseInitializer?: InitializerLike;
  /** What the values of the kernel of each channel cost. Default none. */
  depthwiseRegularizer?: RegularizerLike;
  /** What the kernels of each channel are held to after every update, such as 'max_norm'. Default nothing. */
  depthwiseConstraint?: ConstraintLike;
  /** What the values of the mixing kernel cost. Default none. */
  pointwiseRegularizer?: RegularizerLike;
  /** What the kernel of one place is held to after every update, such as 'max_norm'. Default nothing. */
  pointwiseConstraint?: ConstraintLike;
}

/** Convolution of each channel by itself, then a mixture of channels. */
abstract class SeparableConv extends Filters {
  readonly filters: number;
  readonly depthMultiplier: number;
  #depthwise!: Weight;
  #pointwise!: Weight;

  constructor(options: SeparableConvOptions) {
    super(options, ['filters', 'depthMultiplier'], ['depthwise', 'pointwise']);
    const what = classNameOf(this);
    this.filters = filtersOf(options.filters, what);
    this.depthMultiplier = wholeNumber(options.depthMultiplier ?? 1, `${what} depthMultiplier`, 1);
  }

  override build(inputShape: readonly number[]): void {
    const { channels } = sampleOf(this, inputShape);
    const { kernelSize, filters, depthMultiplier } = this;
    const ones = kernelSize.map(() => 1);
    this.#depthwise = this.addKernel('depthwise_kernel', 'depthwise', [...kernelSize, channels, depthMultiplier]);
    this.#pointwise = this.addKernel('pointwise_kernel', 'pointwise', [...ones, channels * depthMultiplier, filters]);
    this.addBias(filters);
  }

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    return this.finish(conv(depthwiseConv(x, this.#depthwise, this.window), this.#pointwise));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), filters: this.filters, depthMultiplier: this.depthMultiplier };
  }
}

/** Separable convolution over steps. */
export class SeparableConv1D extends SeparableConv {
  static override readonly className: string = 'SeparableConv1D';
  static readonly axes: number = 1;
}

/** Separable convolution over images. */
export class SeparableConv2D extends SeparableConv {
  static override readonly className: string = 'SeparableConv2D';
  static readonly axes: number = 2;
}
