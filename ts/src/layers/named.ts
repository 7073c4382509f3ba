// Layers by name. Begins empty, so that an application that makes its layers itself need not carry all the others: what
// rebuilds models from data calls `knowLayers` first.

import { Units } from '../units.js';
import { type AnyLayer, Layer } from './layer.js';

/** The layers known by name. */
export const LAYERS: Units<AnyLayer> = new Units<AnyLayer>('layer', Layer, []);
