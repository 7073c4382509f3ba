// Convolutions of each channel by itself.

import type { ConstraintLike } from '../constraints/index.js';
import { depthwiseConv } from '../graph/convolution.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { wholeNumber } from '../numbers.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { type Config, classNameOf } from '../units.js';
import { type FilterOptions, Filters } from './filters.js';
import { imageOf, sampleOf } from './images.js';
import type { Weight } from './weight.js';

/** Options of DepthwiseConv1D and DepthwiseConv2D. */
export interface DepthwiseConvOptions extends FilterOptions {
  /** Outputs of each channel. Default 1. */
  depthMultiplier?: number;
  /** Default 'glorot_uniform'. */
  depthwiseInitializer?: InitializerLike;
  /** What the kernel's values cost, such as 'l2'. Default none. */
  depthwiseRegularizer?: RegularizerLike;
  /** What the kernels of each channel are held to after every update, such as 'max_norm'. Default nothing. */
  depthwiseConstraint?: ConstraintLike;
}

/** Convolution of each channel by itself. */
abstract class DepthwiseConv extends Filters {
  readonly depthMultiplier: number;
  #kernel!: Weight;

  constructor(options: DepthwiseConvOptions) {
    super(options, ['depthMultiplier'], ['depthwise']);
    this.depthMultiplier = wholeNumber(options.depthMultiplier ?? 1, `${classNameOf(this)} depthMultiplier`, 1);
  }

  override build(inputShape: readonly number[]): void {
    const { channels } = sampleOf(this, inputShape);
    this.#kernel = this.addKernel('kernel', 'depthwise', [...this.kernelSize, channels, this.depthMultiplier]);
    this.addBias(channels * this.depthMultiplier);
  }

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    return this.finish(depthwiseConv(x, this.#kernel, this.window));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), depthMultiplier: this.depthMultiplier };
  }
}

/** Each channel of `[steps, channels]` convolved by itself. */
export class DepthwiseConv1D extends DepthwiseConv {
  static override readonly className: string = 'DepthwiseConv1D';
  static readonly axes: number = 1;
}

/** Each channel of `[height, width, channels]` convolved by itself. */
export class DepthwiseConv2D extends DepthwiseConv {
  static override readonly className: string = 'DepthwiseConv2D';
  static readonly axes: number = 2;
}
