// Where a model begins: the shape of one sample.

import { checkShape } from '../data/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { Config } from '../units.js';
import { Layer } from './layer.js';

/** Options of Input. */
export interface InputOptions {
  /** The shape of one sample, without the batch: `[784]`. */
  shape: readonly number[];
  name?: string;
}

/** States the shape of one sample, and passes it on. */
export class InputLayer extends Layer {
  static override readonly className: string = 'InputLayer';
  override readonly inputShape: readonly number[];

  constructor(options: InputOptions) {
    super(options, ['shape']);
    this.inputShape = checkShape(options?.shape, 'Input shape');
  }

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): Config {
    return { name: this.name, shape: [...this.inputShape] };
  }
}

/** The first entry of a model's list: `Input({ shape: [784] })`. */
export function Input(options: InputOptions): InputLayer {
  return new InputLayer(options);
}
