// Losses by name, by function, and as plain data.

import { isSerializedFunction, refuseClass, type Serialized, serialize, serializeFunction, Units } from '../units.js';
import { FunctionLoss, type LossFunction } from './function.js';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  Loss,
  type LossLike,
  MeanSquaredError,
  SparseCategoricalCrossentropy,
} from './index.js';

const LOSSES: Units<Loss> = new Units(
  'loss',
  Loss,
  [BinaryCrossentropy, CategoricalCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy],
  [['mse', MeanSquaredError]],
);

const UNNAMED = 'give it a name, or save with { includeOptimizer: false }';

/** The loss that is meant. Throws UNKNOWN_NAME, INVALID_VALUE. */
export function lossOf(value: LossLike): Loss {
  refuseClass(value, 'loss');
  if (typeof value === 'function') return new FunctionLoss(value);
  if (isSerializedFunction(value)) return new FunctionLoss(LOSSES.customFunction(value.config) as LossFunction);
  return LOSSES.resolve(value);
}

/** A loss as plain data. */
export function lossConfig(loss: Loss): Serialized {
  return loss instanceof FunctionLoss ? serializeFunction('loss', loss.fn, UNNAMED) : serialize(loss);
}
