// Brings targets to the rank that predictions call for, as Keras does, and refuses shapes that would only broadcast.

import { fail } from '../errors.js';
import { sameShape, shapeText } from '../graph/dims.js';
import { reshape } from '../graph/ops.js';
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
