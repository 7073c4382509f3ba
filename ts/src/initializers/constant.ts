// Weights that all begin with one number.

import { fill } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { number, type OptionTable } from '../options.js';
import { Initializer } from './initializer.js';

/** Every value is `value` (default 0). */
export class Constant extends Initializer<{ value?: number }> {
  static override readonly className: string = 'Constant';
  /** @internal */
  static override readonly options: OptionTable = { value: [0, number] };
  declare readonly value: number;

  override call(shape: readonly number[]): Tensor {
    return fill(shape, this.value);
  }
}

/** Every value is 0. */
export class Zeros extends Initializer {
  static override readonly className: string = 'Zeros';

  override call(shape: readonly number[]): Tensor {
    return fill(shape, 0);
  }
}

/** Every value is 1. */
export class Ones extends Initializer {
  static override readonly className: string = 'Ones';

  override call(shape: readonly number[]): Tensor {
    return fill(shape, 1);
  }
}
