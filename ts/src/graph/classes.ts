// Ops on classes: picking one of the last axis by index, and the cross-entropies with Keras's values.

import { fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { type Dim, sameShape, shapeText } from './dims.js';
import { floating } from './elementwise.js';
import { flag, str } from './node.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

/** What a cross-entropy is given. */
export interface CrossEntropyOptions {
  /** Predictions are logits, not probabilities. */
  fromLogits?: boolean;
}

/** `x[..., index]`: one element of the last axis by the index in its place. */
export function pick(x: Operand, index: Operand): Tensor {
  const tracer = currentTracer('pick');
  const [input, indices] = rowsAndIndices(tracer.operand(x, 'pick'), tracer.operand(index, 'pick'), 'pick');
  return tracer.op('pick', [input, indices], {}, [{ shape: indices.shape, dtype: input.dtype }])[0] as Tensor;
}

/**
 * `−log p[label]` for each row; labels are whole numbers below the number of classes, else LABEL_OUT_OF_RANGE. As in
 * Keras, probabilities are divided by their sum and clipped to [1e-7, 1 − 1e-7].
 */
export function sparseCrossEntropy(prediction: Operand, labels: Operand, options: CrossEntropyOptions = {}): Tensor {
  const name = 'sparse_cross_entropy';
  assertOptions('ops.sparseCrossEntropy', options, ['fromLogits']);
  const tracer = currentTracer(name);
  const [p, indices] = rowsAndIndices(
    floating(tracer.operand(prediction, name), name),
    tracer.operand(labels, name),
    name,
  );
  const attrs = { from_logits: flag(options.fromLogits === true) };
  return tracer.op(name, [p, indices], attrs, [{ shape: indices.shape, dtype: 'float32' }])[0] as Tensor;
}

/** `−Σ target · log p` for each row, with the clip of `sparseCrossEntropy`. */
export function categoricalCrossEntropy(
  prediction: Operand,
  target: Operand,
  options: CrossEntropyOptions = {},
): Tensor {
  assertOptions('ops.categoricalCrossEntropy', options, ['fromLogits']);
  const [p, t] = sameShaped('categorical_cross_entropy', prediction, target);
  if (p.shape.length === 0) throw fail('SHAPE_MISMATCH', 'categorical_cross_entropy', 'at least one axis', '[]');
  const type = { shape: p.shape.slice(0, -1), dtype: 'float32' as const };
  const attrs = { from_logits: flag(options.fromLogits === true) };
  return p.tracer.op('categorical_cross_entropy', [p, t], attrs, [type])[0] as Tensor;
}

/** `−t·log p − (1 − t)·log(1 − p)` for each element, p clipped to [1e-7, 1 − 1e-7]. */
export function binaryCrossEntropy(prediction: Operand, target: Operand, options: CrossEntropyOptions = {}): Tensor {
  assertOptions('ops.binaryCrossEntropy', options, ['fromLogits']);
  const [p, t] = sameShaped('binary_cross_entropy', prediction, target);
  const attrs = { from_logits: flag(options.fromLogits === true) };
  return p.tracer.op('binary_cross_entropy', [p, t], attrs, [p])[0] as Tensor;
}

function rowsAndIndices(x: Tensor, index: Tensor, what: string): [Tensor, Tensor] {
  const rows: readonly Dim[] = x.shape.slice(0, -1);
  if (x.shape.length === 0 || !sameShape(rows, index.shape)) {
    const hint = 'one index for each row of the last axis';
    throw fail('SHAPE_MISMATCH', what, `indices of shape ${shapeText(rows)}`, shapeText(index.shape), hint);
  }
  if (index.dtype === 'int32') return [x, index];
  const type = { shape: index.shape, dtype: 'int32' as const };
  return [x, index.tracer.op('cast', [index], { dtype: str('int32') }, [type])[0] as Tensor];
}

function sameShaped(name: string, prediction: Operand, target: Operand): [Tensor, Tensor] {
  const tracer = currentTracer(name);
  const p = floating(tracer.operand(prediction, name), name);
  const t = floating(tracer.operand(target, name), name);
  if (sameShape(p.shape, t.shape)) return [p, t];
  throw fail('SHAPE_MISMATCH', name, `targets of shape ${shapeText(p.shape)}`, shapeText(t.shape));
}
