// In which order a layer's inputs were flattened in PyTorch, where channels come first: behind convolutions a Dense must
// take its rows in another order.

import { Activation } from '../../layers/activation.js';
import { BatchNormalization } from '../../layers/batch-normalization.js';
import { Dense } from '../../layers/dense.js';
import { Dropout } from '../../layers/dropout.js';
import { Embedding } from '../../layers/embedding.js';
import { InputLayer } from '../../layers/input.js';
import type { AnyLayer } from '../../layers/layer.js';
import { MultiHeadAttention } from '../../layers/multi-head-attention.js';
import { AlphaDropout, GaussianDropout, GaussianNoise } from '../../layers/noise.js';
import { PReLU } from '../../layers/prelu.js';
import { Recurrent } from '../../layers/recurrent.js';
import { Flatten } from '../../layers/shaping.js';
import { product } from '../arrays.js';

/** A layer and the shapes of samples that it takes and gives. */
export interface Link {
  readonly layer: AnyLayer;
  readonly inputShape: readonly number[];
  /** What makes its input, if a layer does. */
  readonly before: Link | undefined;
}

/** Layers that leave the order of numbers as it is. */
const PASSING = [Activation, BatchNormalization, Dropout, GaussianNoise, GaussianDropout, AlphaDropout, PReLU];
/** Layers whose steps and features are in one order everywhere. */
const ORDERED = [Recurrent, Embedding, Dense, MultiHeadAttention];

const isAny = (layer: AnyLayer, Classes: readonly (abstract new (...args: never[]) => unknown)[]): boolean =>
  Classes.some((Class) => layer instanceof Class);

/** For each entry of the inputs of a layer which entry it is where channels come first; undefined: the same one. */
export function orderOf(link: Link): readonly number[] | undefined {
  let at = link.before;
  while (at && isAny(at.layer, PASSING)) at = at.before;
  if (!(at?.layer instanceof Flatten) || at.inputShape.length < 2) return undefined;
  const shape = at.inputShape;
  let source = at.before;
  while (source && isAny(source.layer, PASSING)) source = source.before;
  if (source?.layer instanceof InputLayer) source = undefined;
  // Steps of vectors that no convolution made are flattened alike.
  if (source ? isAny(source.layer, ORDERED) : shape.length === 2) return undefined;
  const places = product(shape.slice(0, -1));
  const channels = shape.at(-1) as number;
  return Array.from({ length: places * channels }, (_, i) => (i % channels) * places + Math.floor(i / channels));
}
