// The metrics that `registry.ts` only lists, and those that no name alone can make.

import { SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy } from './accuracy.js';
import { AUC } from './auc.js';
import { FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives } from './confusion.js';
import { F1Score, FBetaScore } from './fscore.js';
import { BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU } from './iou.js';
import {
  CategoricalHinge,
  CosineSimilarity,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  Poisson,
  SquaredHinge,
} from './more-losses.js';
import { PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity } from './points.js';
import { METRICS } from './registry.js';
import { ConcordanceCorrelation, Mean, PearsonCorrelation, R2Score, Sum } from './regression.js';

/** Makes every metric known by its names that a name alone can make. */
export function knowMetrics(): void {
  METRICS.know(
    [
      AUC,
      CategoricalHinge,
      ConcordanceCorrelation,
      CosineSimilarity,
      F1Score,
      FBetaScore,
      FalseNegatives,
      FalsePositives,
      Hinge,
      KLDivergence,
      LogCoshError,
      Mean,
      MeanAbsolutePercentageError,
      MeanSquaredLogarithmicError,
      PearsonCorrelation,
      Poisson,
      Precision,
      R2Score,
      Recall,
      SparseTopKCategoricalAccuracy,
      SquaredHinge,
      Sum,
      TopKCategoricalAccuracy,
      TrueNegatives,
      TruePositives,
    ],
    [
      ['kld', KLDivergence],
      ['kullback_leibler_divergence', KLDivergence],
      ['logcosh', LogCoshError],
      ['mape', MeanAbsolutePercentageError],
      ['msle', MeanSquaredLogarithmicError],
    ],
  );
}

/** Makes those known too that only their options make, for what rebuilds models from data. */
export function knowMadeMetrics(): void {
  METRICS.know([
    BinaryIoU,
    IoU,
    MeanIoU,
    OneHotIoU,
    OneHotMeanIoU,
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
  ]);
}
