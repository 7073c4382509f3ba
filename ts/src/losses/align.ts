// Brings targets to the rank that predictions call for, as Keras does, and refuses shapes that would only broadcast.

import { describeValue, fail } from '../errors.js';
import { type Dim, sameDim, sameShape, shapeText } from '../graph/dims.js';
import { broadcastTo, reshape } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';

/** `y` with a last axis of size 1 dropped or added where that gives it `rank`. */
export function withRank(y: Tensor, rank: number): Tensor {
  if (y.shape.length === rank + 1 && y.shape.at(-1) === 1) return reshape(y, y.shape.slice(0, -1));
  if (y.shape.length === rank - 1) return reshape(y, [...y.shape, 1]);
  return y;
}

/** Targets of exactly the shape of the predictions. */
export function sameAs(yTrue: Tensor, yPred: Tensor, what: string): Tensor {
  const aligned = withRank(yTrue, yPred.shape.length);
  if (sameShape(aligned.shape, yPred.shape)) return aligned;
  const hint =
    yPred.shape.length > 1 ? 'for labels as whole numbers there are the sparse losses and metrics' : undefined;
  throw fail(
    'SHAPE_MISMATCH',
    what,
    `targets of shape ${shapeText(yPred.shape)}`,
    shapeText(yTrue.shape),
    flattenHint(yTrue, yPred) ?? hint,
  );
}

/** Weights of the shape of `values`: theirs is that of its first axes, with or without a last axis of size 1. */
export function weightsLike(values: Tensor, weights: Tensor, what: string = 'sampleWeight'): Tensor {
  const spare = weights.shape.length === values.shape.length + 1 && weights.shape.at(-1) === 1;
  const own = spare ? weights.shape.slice(0, -1) : weights.shape;
  const padded = values.shape.map((_, axis) => own[axis] ?? 1);
  const fits = padded.every((dim, axis) => dim === 1 || sameDim(dim, values.shape[axis] as Dim));
  if (own.length > values.shape.length || !fits) {
    const expected = `the shape ${shapeText(values.shape)} or its first axes`;
    const hint = values.shape.length === 0 ? 'a loss of the whole batch has no parts to weigh' : undefined;
    throw fail('SHAPE_MISMATCH', what, expected, shapeText(weights.shape), hint);
  }
  if (sameShape(weights.shape, values.shape)) return weights;
  return broadcastTo(reshape(weights, padded), values.shape);
}

/** Labels: one for each row of classes in the predictions. */
export function labelsFor(yTrue: Tensor, yPred: Tensor, what: string): Tensor {
  const rows = yPred.shape.slice(0, -1);
  const aligned = withRank(yTrue, rows.length);
  if (yPred.shape.length > 0 && sameShape(aligned.shape, rows)) return aligned;
  const oneHot = sameShape(yTrue.shape, yPred.shape);
  const hint = oneHot ? 'for one-hot targets there are the categorical ones' : flattenHint(yTrue, yPred);
  throw fail('SHAPE_MISMATCH', what, `labels of shape ${shapeText(rows)}`, shapeText(yTrue.shape), hint);
}

// Predictions of more axes than a row of outputs, for targets of fewer.
function flattenHint(yTrue: Tensor, yPred: Tensor): string | undefined {
  if (yPred.shape.length < 3 || yTrue.shape.length >= yPred.shape.length) return undefined;
  return `the outputs have shape ${shapeText(yPred.shape)}: is a Flatten missing among the layers?`;
}

/** Throws LABEL_OUT_OF_RANGE unless each label is `ignored` or a whole number below `classes`, the model's outputs. */
export function assertLabels(labels: ArrayLike<number>, classes: number, ignored?: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if ((label >= 0 && label < classes && Number.isInteger(label)) || label === ignored) continue;
    const expected = `a whole number from 0 to ${classes - 1}`;
    throw fail('LABEL_OUT_OF_RANGE', `y[${i}]`, expected, describeValue(label), `the model has ${classes} outputs`);
  }
}

/** Throws LABEL_OUT_OF_RANGE unless each target is from 0 (no) to 1 (yes). */
export function assertShares(targets: ArrayLike<number>): void {
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number;
    if (target >= 0 && target <= 1) continue;
    throw fail('LABEL_OUT_OF_RANGE', `y[${i}]`, 'a target from 0 (no) to 1 (yes)', describeValue(target));
  }
}
