// Convolutions over one, two and three axes.

import type { ConstraintLike } from '../constraints/index.js';
import { fail } from '../errors.js';
import { conv } from '../graph/convolution.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { wholeNumber } from '../numbers.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { type Config, classNameOf } from '../units.js';
import { type FilterOptions, Filters, filtersOf } from './filters.js';
import { imageOf, sampleOf } from './images.js';
import type { Weight } from './weight.js';

/** Options of Conv1D, Conv2D and Conv3D. */
export interface ConvLayerOptions extends FilterOptions {
  /** Number of outputs of each place. */
  filters: number;
  /** Parts that channels and filters are divided into, each convolved by itself. Default 1. */
  groups?: number;
  /** Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** What the kernel's values cost, such as 'l2'. Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the kernel is held to after every update, such as 'max_norm'. Default nothing. */
  kernelConstraint?: ConstraintLike;
}

/** Convolution over the axes between batch and channels. */
abstract class Conv extends Filters {
  readonly filters: number;
  readonly groups: number;
  #kernel!: Weight;

  constructor(options: ConvLayerOptions) {
    super(options, ['filters', 'groups'], ['kernel']);
    const what = classNameOf(this);
    this.filters = filtersOf(options.filters, what);
    this.groups = wholeNumber(options.groups ?? 1, `${what} groups`, 1);
    if (this.filters % this.groups !== 0) {
      throw fail('INVALID_VALUE', `${what} filters`, `a multiple of groups, ${this.groups}`, String(this.filters));
    }
  }

  override build(inputShape: readonly number[]): void {
    const { channels } = sampleOf(this, inputShape);
    const { filters, groups } = this;
    if (channels % groups !== 0) {
      throw fail('SHAPE_MISMATCH', this.name, `channels that ${groups} groups divide`, `${channels} channels`);
    }
    this.#kernel = this.addKernel('kernel', 'kernel', [...this.kernelSize, channels / groups, filters]);
    this.addBias(filters);
  }

  override call(x: Tensor): Tensor {
    imageOf(this, x.shape);
    return this.finish(conv(x, this.#kernel, { ...this.window, groups: this.groups }));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), filters: this.filters, groups: this.groups };
  }
}

/** Convolution over steps: `[steps, channels]` becomes `[steps, filters]`. Padding may be 'causal'. */
export class Conv1D extends Conv {
  static override readonly className: string = 'Conv1D';
  static readonly axes: number = 1;
}

/** Convolution over images: `[height, width, channels]` becomes `[height, width, filters]`. */
export class Conv2D extends Conv {
  static override readonly className: string = 'Conv2D';
  static readonly axes: number = 2;
}

/** Convolution over volumes: `[depth, height, width, channels]` becomes `[depth, height, width, filters]`. */
export class Conv3D extends Conv {
  static override readonly className: string = 'Conv3D';
  static readonly axes: number = 3;
}
