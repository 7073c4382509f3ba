// Weights that all begin with one number.

import { fill } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { finiteNumber } from '../numbers.js';
import { assertOptions, type Config } from '../units.js';
import { Initializer } from './initializer.js';

/** Every value is `value` (default 0). */
export class Constant extends Initializer {
  static override readonly className: string = 'Constant';
  readonly value: number;

  constructor(options: { value?: number } = {}) {
    super();
    assertOptions('Constant', options, ['value']);
    this.value = finiteNumber(options.value ?? 0, 'Constant value');
  }

  override call(shape: readonly number[]): Tensor {
    return fill(shape, this.value);
  }

  override getConfig(): Config {
    return { value: this.value };
  }
}

/** Every value is 0. */
export class Zeros extends Initializer {
  static override readonly className: string = 'Zeros';

  constructor(options: Record<string, never> = {}) {
    super();
    assertOptions('Zeros', options, []);
  }

  override call(shape: readonly number[]): Tensor {
    return fill(shape, 0);
  }
}

/** Every value is 1. */
export class Ones extends Initializer {
  static override readonly className: string = 'Ones';

  constructor(options: Record<string, never> = {}) {
    super();
    assertOptions('Ones', options, []);
  }

  override call(shape: readonly number[]): Tensor {
    return fill(shape, 1);
  }
}
