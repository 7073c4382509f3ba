// Penalties on the size of numbers.

import { abs, add, mul, square, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { from, type OptionTable } from '../options.js';
import { Regularizer } from './regularizer.js';

/** Options of L1L2. */
export interface L1L2Options {
  /** The factor of Σ |x|. At least 0. Default 0; of L1 0.01. */
  l1?: number;
  /** The factor of Σ x². At least 0. Default 0; of L2 0.01. */
  l2?: number;
}

abstract class Norms<Options extends L1L2Options> extends Regularizer<Options> {
  declare readonly l1: number;
  declare readonly l2: number;

  override call(x: Tensor): Tensor {
    const { l1 = 0, l2 = 0 } = this;
    const [sizes, squares] = [l1 > 0 && mul(sum(abs(x)), l1), (l2 > 0 || l1 === 0) && mul(sum(square(x)), l2)];
    return sizes && squares ? add(sizes, squares) : ((sizes || squares) as Tensor);
  }
}

/** `l1 Σ |x| + l2 Σ x²`. */
export class L1L2 extends Norms<L1L2Options> {
  static override readonly className: string = 'L1L2';
  /** @internal */
  static override readonly options: OptionTable = { l1: [0, from(0)], l2: [0, from(0)] };
}

/** `l1 Σ |x|`: drives what matters little to 0. */
export class L1 extends Norms<Pick<L1L2Options, 'l1'>> {
  static override readonly className: string = 'L1';
  /** @internal */
  static override readonly options: OptionTable = { l1: [0.01, from(0)] };
}

/** `l2 Σ x²`, without the half of some texts: keeps numbers small. */
export class L2 extends Norms<Pick<L1L2Options, 'l2'>> {
  static override readonly className: string = 'L2';
  /** @internal */
  static override readonly options: OptionTable = { l2: [0.01, from(0)] };
}
