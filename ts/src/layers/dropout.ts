// Dropout: noise in training, nothing otherwise.

import { dropout } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Config } from '../units.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import { rate } from './options.js';

/** Options of Dropout. */
export interface DropoutOptions extends LayerOptions {
  /** The share of inputs set to 0, from 0 up to, not including, 1. */
  rate: number;
}

/**
 * In training sets a random share of the inputs to 0 and divides the others by `1 − rate`. What is dropped depends on
 * the model's seed, the layer's name, the step and the row. Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 */
export class Dropout extends Layer {
  static override readonly className: string = 'Dropout';
  readonly rate: number;

  constructor(options: DropoutOptions) {
    super(options, ['rate']);
    this.rate = rate(options?.rate, 'Dropout rate') as number;
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    return training && this.rate > 0 ? dropout(x, this.rate, { name: this.name }) : x;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate };
  }
}
