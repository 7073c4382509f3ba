// A layer that passes on what it gets.

import type { Tensor } from '../graph/tensor.js';
import { Layer } from './layer.js';

/** Gives what it gets: an end with a name of its own, or, with an `activityRegularizer`, a penalty between two layers. */
export class Identity extends Layer {
  static override readonly className: string = 'Identity';

  override call(x: Tensor): Tensor {
    return x;
  }
}
