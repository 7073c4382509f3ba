// Weights drawn from a distribution that is given as such.

import { describeValue, fail } from '../errors.js';
import { add, mul, randomUniform } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { from, number, type OptionTable } from '../options.js';
import { Initializer } from './initializer.js';
import { standardNormal } from './normal.js';

/** Uniform on [minval, maxval); default −0.05 to 0.05, as in Keras. */
export class RandomUniform extends Initializer<{ minval?: number; maxval?: number }> {
  static override readonly className: string = 'RandomUniform';
  /** @internal */
  static override readonly options: OptionTable = { minval: [-0.05, number], maxval: [0.05, number] };
  declare readonly minval: number;
  declare readonly maxval: number;

  constructor(options: { minval?: number; maxval?: number } = {}) {
    super(options);
    const { minval, maxval } = this;
    if (maxval < minval) {
      throw fail('INVALID_VALUE', 'RandomUniform maxval', `at least minval, ${minval}`, describeValue(maxval));
    }
  }

  override call(shape: readonly number[], stream: string): Tensor {
    return randomUniform(shape, { low: this.minval, high: this.maxval, name: stream });
  }
}

/** Options of the normal distributions. */
export interface NormalOptions {
  /** Default 0. */
  mean?: number;
  /** The standard deviation; of TruncatedNormal that before the cut. At least 0. Default 0.05. */
  stddev?: number;
}

/** Normal, of a mean and a standard deviation. */
export class RandomNormal extends Initializer<NormalOptions> {
  static override readonly className: string = 'RandomNormal';
  /** @internal */
  static override readonly options: OptionTable = { mean: [0, number], stddev: [0.05, from(0)] };
  declare readonly mean: number;
  declare readonly stddev: number;

  override call(shape: readonly number[], stream: string): Tensor {
    return add(mul(this.draw(shape, stream), this.stddev), this.mean);
  }

  /** Numbers of the standard distribution. */
  protected draw(shape: readonly number[], stream: string): Tensor {
    return standardNormal(shape, stream, false);
  }
}

/** Normal without what is further than 2 `stddev` from the mean: its standard deviation is 0.8796 · `stddev`. */
export class TruncatedNormal extends RandomNormal {
  static override readonly className: string = 'TruncatedNormal';

  protected override draw(shape: readonly number[], stream: string): Tensor {
    return standardNormal(shape, stream, true);
  }
}
