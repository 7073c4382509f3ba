// Rescaling: raw data to a range that trains well.

import { add, mul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { finiteNumber } from '../numbers.js';
import type { Config } from '../units.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of Rescaling. */
export interface RescalingOptions extends LayerOptions {
  scale: number;
  /** Default 0. */
  offset?: number;
}

/** `x · scale + offset`; bytes to 0 … 1 with `scale: 1 / 255`. */
export class Rescaling extends Layer {
  static override readonly className: string = 'Rescaling';
  readonly scale: number;
  readonly offset: number;

  constructor(options: RescalingOptions) {
    super(options, ['scale', 'offset']);
    this.scale = finiteNumber(options?.scale, 'Rescaling scale');
    this.offset = finiteNumber(options.offset ?? 0, 'Rescaling offset');
  }

  override call(x: Tensor): Tensor {
    const scaled = mul(x, this.scale);
    return this.offset === 0 ? scaled : add(scaled, this.offset);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
