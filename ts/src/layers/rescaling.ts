// Rescaling: raw data to a range that trains well.

import { describeValue, fail } from '../errors.js';
import { add, mul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { finiteNumber } from '../numbers.js';
import type { Config } from '../units.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of Rescaling. */
export interface RescalingOptions extends LayerOptions {
  /** One number, or one for each entry of the last axis. */
  scale: number | readonly number[];
  /** The same. Default 0. */
  offset?: number | readonly number[];
}

/**
 * `x · scale + offset`; bytes to 0 … 1 with `scale: 1 / 255`, columns of a table to mean 0 and deviation 1 with
 * `scale: deviations.map((d) => 1 / d)` and `offset: means.map((m, i) => -m / deviations[i])`.
 */
export class Rescaling extends Layer {
  static override readonly className: string = 'Rescaling';
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];

  constructor(options: RescalingOptions) {
    super(options, ['scale', 'offset']);
    this.scale = finiteNumbers(options?.scale, 'Rescaling scale');
    this.offset = finiteNumbers(options.offset ?? 0, 'Rescaling offset');
  }

  override call(x: Tensor): Tensor {
    const width = x.shape.at(-1);
    for (const factors of [this.scale, this.offset]) {
      if (typeof factors === 'number' || factors.length === width) continue;
      const expected = `a last axis of ${factors.length}, as many as there are numbers in scale or offset`;
      throw fail('SHAPE_MISMATCH', this.name, expected, String(x));
    }
    const scaled = mul(x, this.scale);
    return this.offset === 0 ? scaled : add(scaled, this.offset);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}

function finiteNumbers(value: unknown, what: string): number | readonly number[] {
  if (!Array.isArray(value)) return finiteNumber(value, what);
  if (value.length === 0) throw fail('INVALID_VALUE', what, 'a number or a list of numbers', describeValue(value));
  return Object.freeze(value.map((number) => finiteNumber(number, what)));
}
