// Every layer, for what rebuilds models from data.

import { Activation, Dense, Dropout, Flatten, InputLayer, Rescaling, Reshape } from './index.js';
import { LAYERS } from './named.js';

/** Makes every layer known by its name. */
export function knowLayers(): void {
  LAYERS.know([Activation, Dense, Dropout, Flatten, InputLayer, Rescaling, Reshape]);
}
