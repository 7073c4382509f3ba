// Weights drawn evenly from an interval.

import { describeValue, fail } from '../errors.js';
import { randomUniform } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { finiteNumber } from '../numbers.js';
import { assertOptions, type Config } from '../units.js';
import { Initializer } from './initializer.js';

/** Uniform on [minval, maxval); default −0.05 to 0.05, as in Keras. */
export class RandomUniform extends Initializer {
  static override readonly className: string = 'RandomUniform';
  readonly minval: number;
  readonly maxval: number;

  constructor(options: { minval?: number; maxval?: number } = {}) {
    super();
    assertOptions('RandomUniform', options, ['minval', 'maxval']);
    this.minval = finiteNumber(options.minval ?? -0.05, 'RandomUniform minval');
    this.maxval = finiteNumber(options.maxval ?? 0.05, 'RandomUniform maxval');
    if (this.maxval < this.minval) {
      throw fail(
        'INVALID_VALUE',
        'RandomUniform maxval',
        `at least minval, ${this.minval}`,
        describeValue(this.maxval),
      );
    }
  }

  override call(shape: readonly number[], stream: string): Tensor {
    return randomUniform(shape, { low: this.minval, high: this.maxval, name: stream });
  }

  override getConfig(): Config {
    return { minval: this.minval, maxval: this.maxval };
  }
}

/**
 * Uniform on ±√(6 / (fanIn + fanOut)), which keeps the variance of signals and gradients from layer to layer.
 * Glorot & Bengio 2010, equation 16, https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotUniform extends Initializer {
  static override readonly className: string = 'GlorotUniform';

  constructor(options: Record<string, never> = {}) {
    super();
    assertOptions('GlorotUniform', options, []);
  }

  override call(shape: readonly number[], stream: string): Tensor {
    const [fanIn, fanOut] = fans(shape);
    const limit = Math.sqrt(3 / Math.max(1, (fanIn + fanOut) / 2));
    return randomUniform(shape, { low: -limit, high: limit, name: stream });
  }
}

/** Inputs and outputs of one unit. The last two axes are inputs and outputs, those before them a receptive field. */
export function fans(shape: readonly number[]): [fanIn: number, fanOut: number] {
  const field = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const [inputs = 1, outputs = inputs] = shape.slice(-2);
  return [field * inputs, field * outputs];
}
