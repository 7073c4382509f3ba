// What the public namespace `losses` holds.

import type { Serialized } from '../units.js';
import type { LossFunction } from './function.js';
import type { Loss } from './loss.js';

export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  type CrossentropyOptions,
  SparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
} from './crossentropy.js';
export type { LossFunction } from './function.js';
export { Loss, type LossOptions, type Reduction } from './loss.js';
export { MeanSquaredError } from './regression.js';

/** What `compile` takes as a loss: one, its name in any spelling, a function, or its plain data. */
export type LossLike = Loss | string | LossFunction | Serialized;
