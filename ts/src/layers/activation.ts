// An activation as a layer of its own.

import type { Tensor } from '../graph/tensor.js';
import type { Config } from '../units.js';
import { type ActivationLike, type Activation as ActivationUnit, activationOf } from './activations.js';
import { Layer, type LayerOptions } from './layer.js';

/** Options of Activation. */
export interface ActivationOptions extends LayerOptions {
  /** A name such as 'relu', or a function of tensors. */
  activation: ActivationLike;
}

/** Applies a function element by element or, like softmax, along the last axis. */
export class Activation extends Layer {
  static override readonly className: string = 'Activation';
  readonly #activation: ActivationUnit;

  constructor(options: ActivationOptions) {
    super(options, ['activation']);
    this.#activation = activationOf(options?.activation ?? '', 'Activation');
  }

  override call(x: Tensor): Tensor {
    return this.#activation.apply(x);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), activation: this.#activation.config };
  }
}
