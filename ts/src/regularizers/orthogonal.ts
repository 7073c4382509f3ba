// A penalty on vectors that point in like directions.

import { fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { abs, matmul, mul, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { normalized } from '../losses/formulas.js';
import { from, type OptionTable, oneOf } from '../options.js';
import { Regularizer } from './regularizer.js';

/** Options of OrthogonalRegularizer. */
export interface OrthogonalRegularizerOptions {
  /** The factor of the penalty. At least 0. Default 0.01. */
  factor?: number;
  /** Whose directions should differ. Default 'rows'. */
  mode?: 'rows' | 'columns';
}

/** `factor` times the mean of |cos| of the angles between all pairs of rows (or columns) of a matrix. */
export class OrthogonalRegularizer extends Regularizer<OrthogonalRegularizerOptions> {
  static override readonly className: string = 'OrthogonalRegularizer';
  /** @internal */
  static override readonly options: OptionTable = {
    factor: [0.01, from(0)],
    mode: ['rows', oneOf('rows', 'columns')],
  };
  declare readonly factor: number;
  declare readonly mode: 'rows' | 'columns';

  override call(x: Tensor): Tensor {
    const rows = this.mode === 'rows';
    const count = x.shape[rows ? 0 : 1];
    if (x.shape.length !== 2 || typeof count !== 'number') {
      throw fail('SHAPE_MISMATCH', 'OrthogonalRegularizer', 'a matrix', shapeText(x.shape));
    }
    const unit = normalized(x, rows ? 1 : 0);
    const cosines = rows ? matmul(unit, unit, { transposeB: true }) : matmul(unit, unit, { transposeA: true });
    // Every pair stands there twice, and each vector with itself: its length, 1 or, of a vector of 0, 0.
    const own = sum(mul(unit, unit));
    return mul(sub(sum(abs(cosines)), own), this.factor / Math.max(1, count * (count - 1)));
  }
}
