// Losses by name, by function, and as plain data. Those that few applications name by a string are in `rest.ts`.

import { isSerializedFunction, refuseClass, type Serialized, serialize, serializeFunction, Units } from '../units.js';
import { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy } from './crossentropy.js';
import { FunctionLoss, type LossFunction } from './function.js';
import type { LossLike } from './index.js';
import { Loss } from './loss.js';
import { Huber, MeanAbsoluteError, MeanSquaredError } from './regression.js';

/** The losses that are known: all of them once `rest.ts` is there. */
export const LOSSES: Units<Loss> = new Units<Loss>(
  'loss',
  Loss,
  [
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
  ],
  [
    ['bce', BinaryCrossentropy],
    ['mae', MeanAbsoluteError],
    ['mse', MeanSquaredError],
  ],
  [],
  'BinaryFocalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge Circle ' +
    'ContrastiveLoss CTC CosineSimilarity Dice Hinge KLDivergence LogCosh MeanAbsolutePercentageError ' +
    'MeanSquaredLogarithmicError Poisson SquaredHinge TripletHardLoss TripletSemiHardLoss Tversky ' +
    'kld kullback_leibler_divergence mape msle',
);

const UNNAMED = 'give it a name, or save with { includeOptimizer: false }';

/** The loss that is meant. Throws UNKNOWN_NAME, INVALID_VALUE, PART_MISSING. */
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
