// Layers that make one value of several, element by element.

import { fail } from '../errors.js';
import { type Dim, sameDim } from '../graph/dims.js';
import { add, div, logicalAnd, maximum, minimum, mul, reshape, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { Layer } from './layer.js';

/** Of inputs whose shapes broadcast; those of fewer axes get axes of size 1 behind the batch, as in Keras. */
abstract class Merge extends Layer<readonly Tensor[]> {
  override readonly takes = 'list';

  /** The value of two. */
  protected abstract merge(a: Tensor, b: Tensor): Tensor;

  override call(xs: readonly Tensor[]): Tensor {
    const [first, ...others] = this.#aligned(xs);
    if (first === undefined || others.length === 0) {
      throw fail('SHAPE_MISMATCH', this.name, 'at least two tensors', String(xs.length));
    }
    return others.reduce((a, b) => this.merge(a, b), first);
  }

  /** What counts in all inputs that say it. */
  override computeMask(xs: readonly Tensor[], y: Tensor): Tensor | undefined {
    return allMasks(xs, y);
  }

  #aligned(xs: readonly Tensor[]): Tensor[] {
    const rank = Math.max(...xs.map(({ shape }) => shape.length));
    const aligned = xs.map((x) => {
      const [batch, ...sizes] = x.shape;
      const missing = rank - x.shape.length;
      return missing > 0 ? reshape(x, [batch as Dim, ...Array<number>(missing).fill(1), ...sizes]) : x;
    });
    for (let axis = 1; axis < rank; axis++) {
      const sizes = aligned.map(({ shape }) => shape[axis] as Dim).filter((size) => size !== 1);
      if (sizes.every((size) => sameDim(size, sizes[0] as Dim))) continue;
      const hint = 'bring them to one shape by Reshape, Dense or Concatenate';
      throw fail('SHAPE_MISMATCH', this.name, 'inputs of one shape, or of sizes 1', xs.join(' and '), hint);
    }
    return aligned;
  }
}

/** What counts in all of `xs` that say it, where that is of the shape of the first axes of `y`. */
export function allMasks(xs: readonly Tensor[], y: Tensor): Tensor | undefined {
  const masks = xs.map(({ mask }) => mask).filter((mask) => mask !== undefined);
  const fits = masks.every((mask) => mask.shape.every((size, i) => sameDim(size, y.shape[i] as Dim)));
  return fits && masks.length > 0 ? masks.reduce((a, b) => logicalAnd(a, b)) : undefined;
}

/** The sum of its inputs. */
export class Add extends Merge {
  static override readonly className: string = 'Add';

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return add(a, b);
  }
}

/** The first of two inputs less the second. */
export class Subtract extends Merge {
  static override readonly className: string = 'Subtract';

  override call(xs: readonly Tensor[]): Tensor {
    if (xs.length === 2) return super.call(xs);
    throw fail('SHAPE_MISMATCH', this.name, 'exactly two tensors', String(xs.length));
  }

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return sub(a, b);
  }
}

/** The product of its inputs. */
export class Multiply extends Merge {
  static override readonly className: string = 'Multiply';

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return mul(a, b);
  }
}

/** The mean of its inputs. */
export class Average extends Merge {
  static override readonly className: string = 'Average';

  override call(xs: readonly Tensor[]): Tensor {
    return div(super.call(xs), xs.length);
  }

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return add(a, b);
  }
}

/** The largest of its inputs. */
export class Maximum extends Merge {
  static override readonly className: string = 'Maximum';

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return maximum(a, b);
  }
}

/** The smallest of its inputs. */
export class Minimum extends Merge {
  static override readonly className: string = 'Minimum';

  protected override merge(a: Tensor, b: Tensor): Tensor {
    return minimum(a, b);
  }
}
