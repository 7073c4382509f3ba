// Steps of sequences that are to be left out.

import { cast, max, mul, notEqual } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { number, type OptionTable } from '../options.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of Masking. */
export interface MaskingOptions extends LayerOptions {
  /** What all numbers of a step are that is to be left out. Default 0. */
  maskValue?: number;
}

/**
 * Masks the steps of `[batch, steps, features]` whose features are all `maskValue`, and sets them to 0: layers behind it
 * that know masks, the losses and the metrics leave them out.
 */
export class Masking extends Layer {
  static override readonly className: string = 'Masking';
  /** @internal */
  static override readonly options: OptionTable = { maskValue: [0, number] };
  declare readonly maskValue: number;

  constructor(options: MaskingOptions = {}) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    return mul(x, this.#counts(x, true));
  }

  override computeMask(x: Tensor): Tensor {
    return cast(this.#counts(x, false), 'bool');
  }

  #counts(x: Tensor, keepDims: boolean): Tensor {
    return max(cast(notEqual(x, this.maskValue), 'float32'), { axis: -1, keepDims });
  }
}
