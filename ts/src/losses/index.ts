// What the public namespace `losses` holds.

import type { Serialized } from '../units.js';
import type { LossFunction } from './function.js';
import type { Loss } from './loss.js';

export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  type ClassLossOptions,
  type CrossentropyOptions,
  SparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
} from './crossentropy.js';
export { KLDivergence, Poisson } from './distance.js';
export {
  BinaryFocalCrossentropy,
  type BinaryFocalCrossentropyOptions,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  type FocalOptions,
  type GeneralizedCrossEntropyOptions,
} from './focal.js';
export type { LossFunction } from './function.js';
export { CategoricalHinge, Hinge, SquaredHinge } from './hinge.js';
export { Loss, type LossOptions, type LossWeights, type Reduction } from './loss.js';
export {
  Circle,
  type CircleOptions,
  ContrastiveLoss,
  type MarginOptions,
  TripletHardLoss,
  type TripletHardOptions,
  TripletSemiHardLoss,
} from './metric-learning.js';
export { Dice, type DiceOptions, Tversky, type TverskyOptions } from './overlap.js';
export {
  CosineSimilarity,
  type CosineSimilarityOptions,
  Huber,
  type HuberOptions,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
} from './regression.js';

export { CTC } from './sequence.js';

/** What `compile` takes as a loss: one, its name in any spelling, a function, or its plain data. */
export type LossLike = Loss | string | LossFunction | Serialized;
