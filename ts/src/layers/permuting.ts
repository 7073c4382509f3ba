// Layers that reorder or repeat what is in a sample.

import { describeValue, fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { broadcastTo, reshape, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { listOf, type OptionTable, whole } from '../options.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of Permute. */
export interface PermuteOptions extends LayerOptions {
  /** The axes of a sample in their new order, counted from 1: `[2, 1]` swaps two. */
  dims: readonly number[];
}

/** The axes of each sample in another order. */
export class Permute extends Layer {
  static override readonly className: string = 'Permute';
  /** @internal */
  static override readonly options: OptionTable = { dims: [undefined, listOf(whole(1))] };
  declare readonly dims: readonly number[];

  constructor(options: PermuteOptions) {
    super(options);
    const { dims } = this;
    if ([...dims].sort((a, b) => a - b).every((axis, i) => axis === i + 1)) return;
    throw fail('INVALID_VALUE', 'Permute dims', `the axes 1 to ${dims.length}, each once`, describeValue(dims));
  }

  override call(x: Tensor): Tensor {
    if (x.shape.length === this.dims.length + 1) return transpose(x, [0, ...this.dims]);
    throw fail(
      'SHAPE_MISMATCH',
      this.name,
      `samples of ${this.dims.length} axes, as many as dims`,
      String(x),
      'list all axes of a sample',
    );
  }

  override computeMask(): undefined {
    return undefined;
  }
}

/** Options of RepeatVector. */
export interface RepeatVectorOptions extends LayerOptions {
  /** How often. */
  n: number;
}

/** Each sample `n` times in a row: `[batch, features]` becomes `[batch, n, features]`. */
export class RepeatVector extends Layer {
  static override readonly className: string = 'RepeatVector';
  /** @internal */
  static override readonly options: OptionTable = { n: [undefined, whole(1)] };
  declare readonly n: number;

  constructor(options: RepeatVectorOptions) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    const [batch, size, more] = x.shape as [Dim, Dim?, Dim?];
    if (size === undefined || more !== undefined) {
      throw fail('SHAPE_MISMATCH', this.name, 'samples of one axis', String(x), 'add new Flatten() before it');
    }
    return broadcastTo(reshape(x, [batch, 1, size]), [batch, this.n, size]);
  }
}
