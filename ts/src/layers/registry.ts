// Layers by name.

import { Units } from '../units.js';
import { Activation, Dense, Dropout, Flatten, InputLayer, Layer, Rescaling, Reshape } from './index.js';

/** The layers. */
export const LAYERS: Units<Layer> = new Units('layer', Layer, [
  Activation,
  Dense,
  Dropout,
  Flatten,
  InputLayer,
  Rescaling,
  Reshape,
]);
