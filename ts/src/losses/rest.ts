// The losses that `registry.ts` only lists, each from its own file: a bundler that met the whole folder here would put all of it into
// the application.

import { KLDivergence, Poisson } from './distance.js';
import { BinaryFocalCrossentropy, CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy } from './focal.js';
import { CategoricalHinge, Hinge, SquaredHinge } from './hinge.js';
import { Circle, ContrastiveLoss, TripletHardLoss, TripletSemiHardLoss } from './metric-learning.js';
import { Dice, Tversky } from './overlap.js';
import { LOSSES } from './registry.js';
import { CosineSimilarity, LogCosh, MeanAbsolutePercentageError, MeanSquaredLogarithmicError } from './regression.js';
import { CTC } from './sequence.js';

/** Makes every loss known by its names. */
export function knowLosses(): void {
  LOSSES.know(
    [
      BinaryFocalCrossentropy,
      CategoricalFocalCrossentropy,
      CategoricalGeneralizedCrossEntropy,
      CategoricalHinge,
      Circle,
      ContrastiveLoss,
      CTC,
      CosineSimilarity,
      Dice,
      Hinge,
      KLDivergence,
      LogCosh,
      MeanAbsolutePercentageError,
      MeanSquaredLogarithmicError,
      Poisson,
      SquaredHinge,
      TripletHardLoss,
      TripletSemiHardLoss,
      Tversky,
    ],
    [
      ['kld', KLDivergence],
      ['kullback_leibler_divergence', KLDivergence],
      ['mape', MeanAbsolutePercentageError],
      ['msle', MeanSquaredLogarithmicError],
    ],
  );
}
