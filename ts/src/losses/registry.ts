// Losses by name, by function, and as plain data.

import { isSerializedFunction, refuseClass, type Serialized, serialize, serializeFunction, Units } from '../units.js';
import { FunctionLoss, type LossFunction } from './function.js';
import type { LossLike } from './index.js';
import * as losses from './index.js';
import { Loss } from './loss.js';

const LOSSES: Units<Loss> = new Units<Loss>(
  'loss',
  Loss,
  [
    losses.BinaryCrossentropy,
    losses.BinaryFocalCrossentropy,
    losses.CategoricalCrossentropy,
    losses.CategoricalFocalCrossentropy,
    losses.CategoricalGeneralizedCrossEntropy,
    losses.CategoricalHinge,
    losses.Circle,
    losses.ContrastiveLoss,
    losses.CTC,
    losses.CosineSimilarity,
    losses.Dice,
    losses.Hinge,
    losses.Huber,
    losses.KLDivergence,
    losses.LogCosh,
    losses.MeanAbsoluteError,
    losses.MeanAbsolutePercentageError,
    losses.MeanSquaredError,
    losses.MeanSquaredLogarithmicError,
    losses.Poisson,
    losses.SparseCategoricalCrossentropy,
    losses.SquaredHinge,
    losses.TripletHardLoss,
    losses.TripletSemiHardLoss,
    losses.Tversky,
  ],
  [
    ['bce', losses.BinaryCrossentropy],
    ['kld', losses.KLDivergence],
    ['kullback_leibler_divergence', losses.KLDivergence],
    ['mae', losses.MeanAbsoluteError],
    ['mape', losses.MeanAbsolutePercentageError],
    ['mse', losses.MeanSquaredError],
    ['msle', losses.MeanSquaredLogarithmicError],
  ],
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
