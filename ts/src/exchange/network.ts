// A model of any form, as importers and exporters take it.

import type { Several } from '../layers/layer.js';
import type { Network } from '../models/network.js';

/** A Sequential, or a Model of any inputs and outputs. */
export type AnyNetwork = Network<Several, Several, unknown>;
