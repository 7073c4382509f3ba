// Transposed convolutions: each place spreads over a window of the output, as in the gradient of a convolution.

import type { ConstraintLike } from '../constraints/index.js';
import { convTranspose, type Sizes, sizesOf } from '../graph/convolution.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { type Config, classNameOf } from '../units.js';
import { type FilterOptions, Filters, filtersOf } from './filters.js';
import { axesOf, imageOf, sampleOf } from './images.js';
import type { Weight } from './weight.js';

/** Options of Conv1DTranspose, Conv2DTranspose and Conv3DTranspose. */
export interface ConvTransposeOptions extends FilterOptions {
  /** Number of outputs of each place. */
  filters: number;
  /** Places added to the end of each axis, less than its stride. Default: as many as make the size a multiple of it. */
  outputPadding?: Sizes | null;
  /** Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** What the kernel's values cost, such as 'l2'. Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the kernel is held to after every update, such as 'max_norm'. Default nothing. */
  kernelConstraint?: ConstraintLike;
}

/** Transposed convolution over the axes between batch and channels. */
abstract class ConvTranspose extends Filters {
  readonly filters: number;
  readonly outputPadding: readonly number[] | null;
  #kernel!: Weight;

  constructor(options: ConvTransposeOptions) {
    super(options, ['filters', 'outputPadding'], ['kernel']);
    const what = classNameOf(this);
    this.filters = filtersOf(options.filters, what);
    const padding = options.outputPadding ?? null;
    this.outputPadding = padding === null ? null : sizesOf(padding, axesOf(this), 0, `${what} outputPadding`);
  }

  override build(inputShape: readonly number[]): void {
    const { channels } = sampleOf(this, inputShape);
    this.#kernel = this.addKernel('kernel', 'kernel', [...this.kernelSize, this.filters, channels]);
    this.addBias(this.filters);
  }

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    return this.finish(convTranspose(x, this.#kernel, { ...this.window, outputPadding: this.outputPadding }));
  }

  override getConfig(): Config {
    const { filters, outputPadding } = this;
    return { ...super.getConfig(), filters, outputPadding: outputPadding && [...outputPadding] };
  }
}

/** Transposed convolution over steps: `[steps, channels]` becomes `[steps · stride, filters]`. */
export class Conv1DTranspose extends ConvTranspose {
  static override readonly className: string = 'Conv1DTranspose';
  static readonly axes: number = 1;
}

/** Transposed convolution over images: each axis is multiplied by its stride. */
export class Conv2DTranspose extends ConvTranspose {
  static override readonly className: string = 'Conv2DTranspose';
  static readonly axes: number = 2;
}

/** Transposed convolution over volumes. */
export class Conv3DTranspose extends ConvTranspose {
  static override readonly className: string = 'Conv3DTranspose';
  static readonly axes: number = 3;
}
