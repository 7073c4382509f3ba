// A layer at every step of a sequence.

import { fail } from '../errors.js';
import { coefOf, type Dim, makeDim, powerOf, shapeText } from '../graph/dims.js';
import { reshape } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { type Config, type Serialized, serialize } from '../units.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import { LAYERS } from './named.js';

/** Options of TimeDistributed. */
export interface TimeDistributedOptions extends LayerOptions {
  /** What acts at every step. */
  layer: Layer | Serialized;
}

/**
 * One layer on every entry of the first axis of samples, with the same weights: `[T, ...]` becomes `[T, ...what the layer
 * gives]`. All entries of all samples are one batch to it: a BatchNormalization inside takes its mean over steps too
 * (Keras: step by step).
 */
export class TimeDistributed extends Layer {
  static override readonly className: string = 'TimeDistributed';
  readonly layer: Layer;

  constructor(options: TimeDistributedOptions) {
    super(options, ['layer']);
    this.layer = this.addLayer(LAYERS.resolve(options.layer as Serialized) as unknown as Layer);
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    const [batch, steps, ...sizes] = x.shape as [Dim, Dim, ...Dim[]];
    if (typeof steps !== 'number') {
      throw fail('SHAPE_MISMATCH', this.name, 'samples with an axis of steps', shapeText(x.shape));
    }
    const y = this.layer.apply(reshape(x, [makeDim(coefOf(batch) * steps, powerOf(batch)), ...sizes]), options);
    return reshape(y, [batch, steps, ...y.shape.slice(1)]);
  }

  /** That of the steps. */
  override computeMask({ mask }: Tensor): Tensor | undefined {
    return mask?.shape.length === 2 ? mask : undefined;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), layer: serialize(this.layer) };
  }
}
