// Every layer, for what rebuilds models from data.

import type { UnitClass } from '../units.js';
import * as layers from './index.js';
import type { AnyLayer } from './layer.js';
import { LAYERS } from './named.js';

/** Makes every layer known by its name. */
export function knowLayers(): void {
  const all = Object.values(layers).filter((unit) => unit.prototype instanceof layers.Layer);
  LAYERS.know(all as unknown as UnitClass<AnyLayer>[]);
}
