// Weights that begin as a particular matrix: the identity, or one whose rows or columns are orthonormal.

import { formatShape } from '../data/shape.js';
import { fail } from '../errors.js';
import {
  concat,
  div,
  fill,
  matmul,
  mul,
  reshape,
  scan,
  slice,
  sqrt,
  square,
  sub,
  sum,
  transpose,
} from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { number, type OptionTable } from '../options.js';
import { Initializer } from './initializer.js';
import { standardNormal } from './normal.js';

/** Options of Identity and Orthogonal. */
export interface GainOptions {
  /** What the matrix is multiplied by. Default 1. */
  gain?: number;
}

const GAIN: OptionTable = { gain: [1, number] };

/** `gain` on the diagonal and 0 elsewhere; for weights of two axes. */
export class Identity extends Initializer<GainOptions> {
  static override readonly className: string = 'Identity';
  /** @internal */
  static override readonly options: OptionTable = GAIN;
  declare readonly gain: number;

  override call(shape: readonly number[]): Tensor {
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined || shape.length !== 2) {
      throw fail('SHAPE_MISMATCH', 'Identity', 'a weight of two axes', formatShape(shape));
    }
    if (rows * columns === 0) return fill(shape, 0);
    // Row after row, a one that moves to the right.
    const zero = (length: number): Tensor => fill([length], 0);
    const first = concat([fill([1], this.gain), zero(columns - 1)]);
    const next = (row: Tensor): Tensor => concat([zero(1), slice(row, { start: 0, length: columns - 1 })]);
    const { outputs } = scan(([row]) => ({ carries: [next(row as Tensor)], outputs: [row as Tensor] }), {
      carries: [first],
      sequences: [zero(rows)],
    });
    return outputs[0] as Tensor;
  }
}

/**
 * `gain` times a random matrix whose columns (or rows, if they are fewer) are orthonormal; axes but the last count as one.
 * Normal vectors made orthogonal to those before them, in two passes, which leaves rounding alone (Giraud et al. 2005,
 * https://doi.org/10.1007/s00211-005-0615-4). Saxe et al. 2014, https://arxiv.org/abs/1312.6120
 */
export class Orthogonal extends Initializer<GainOptions> {
  static override readonly className: string = 'Orthogonal';
  /** @internal */
  static override readonly options: OptionTable = GAIN;
  declare readonly gain: number;

  override call(shape: readonly number[], stream: string): Tensor {
    if (shape.length < 2) {
      throw fail('SHAPE_MISMATCH', 'Orthogonal', 'a weight of at least two axes', formatShape(shape));
    }
    const columns = shape.at(-1) as number;
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    if (count === 0) return fill(shape, 0);
    const drawn = standardNormal([count, 1, length], stream, false);
    const { outputs } = scan(
      ([before], [vector]) => {
        const basis = before as Tensor;
        const rest = (v: Tensor): Tensor => sub(v, matmul(matmul(v, basis, { transposeB: true }), basis));
        const v = rest(rest(vector as Tensor));
        const unit = div(v, sqrt(sum(square(v))));
        return { carries: [concat([slice(basis, { start: 1, length: count - 1 }), unit])], outputs: [unit] };
      },
      { carries: [fill([count, length], 0)], sequences: [drawn] },
    );
    const vectors = reshape(outputs[0] as Tensor, [count, length]);
    return mul(reshape(rows < columns ? vectors : transpose(vectors), shape), this.gain);
  }
}
