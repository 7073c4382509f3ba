// The loss of sequences whose labels do not say when they were spoken or written.

import type { ArrayData } from '../data/arrays.js';
import { describeValue, fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import {
  add,
  cast,
  concat,
  equal,
  exp,
  fill,
  greater,
  greaterEqual,
  lessEqual,
  log,
  logicalAnd,
  logSoftmax,
  logSumExp,
  matmul,
  maximum,
  mul,
  neg,
  notEqual,
  oneHot,
  reshape,
  scan,
  slice,
  stopGradient,
  sub,
  sum,
  transpose,
  where,
} from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { assertLabels } from './align.js';
import { Loss, type LossWeights } from './loss.js';

/** The logarithm of no probability at all, of which sums and products stay finite. */
const NOTHING = -1e30;

/**
 * Connectionist temporal classification: −ln of the probability of all ways to say the labels in T steps. Predictions are
 * logits `[T, classes]`, class 0 the blank; targets are classes `[L]`, 0 behind the last (Keras's convention). Steps that the
 * mask of the predictions leaves out do not count. ∞ where T steps are too few. Graves et al. 2006,
 * https://doi.org/10.1145/1143844.1143891, forward variables in logarithms.
 */
export class CTC extends Loss {
  static override readonly className: string = 'CTC';

  override apply(yTrue: Operand, yPred: Operand, weights: LossWeights = {}): Tensor {
    // The mask of steps is `call`'s.
    const { mask, ...others } = weights;
    return super.apply(yTrue, yPred, mask === (yPred as Tensor).mask ? others : weights);
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const [[batch, length], [, steps, classes]] = [yTrue.shape, yPred.shape];
    const sizes = [length, steps, classes];
    if (yTrue.shape.length !== 2 || yPred.shape.length !== 3 || sizes.some((size) => typeof size !== 'number')) {
      const expected = 'labels (batch, length) and logits (batch, steps, classes)';
      throw fail('SHAPE_MISMATCH', this.name, expected, `${yTrue} and ${yPred}`);
    }
    const [labels, count] = [yTrue, sum(cast(notEqual(yTrue, 0), 'float32'), { axis: 1, keepDims: true })];
    // States: blank, label, blank, label …, blank.
    const states = 2 * (length as number) + 1;
    const emitted = emissions(logSoftmax(yPred), labels, states);
    const skips = mayskip(labels);
    const begin = concat([fill([batch as Dim, 1], 0), fill([batch as Dim, states - 1], NOTHING)], { axis: 1 });
    const counts = yPred.mask && [reshape(transpose(yPred.mask, [1, 0]), [steps as Dim, batch as Dim, 1])];
    // The state before all steps is blank: from there the first step comes to a blank or to the first label.
    const { carries } = scan(
      ([alpha], [entry, now]) => {
        const before = alpha as Tensor;
        const two = where(skips, shifted(before, 2), NOTHING);
        const next = add(entry as Tensor, logSum3(before, shifted(before, 1), two));
        return { carries: [now ? where(now, next, before) : next] };
      },
      { carries: [begin], sequences: [transpose(emitted, [1, 0, 2]), ...(counts ?? [])] },
    );
    // It ends in the last label or the blank behind it.
    const state = Float32Array.from({ length: states }, (_, s) => s);
    const last = mul(count, 2);
    const ends = logicalAnd(lessEqual(state, last), greaterEqual(state, sub(last, 1)));
    const loss = neg(logSumExp(where(ends, carries[0] as Tensor, NOTHING), { axis: 1 }));
    return where(greater(loss, -NOTHING / 2), Number.POSITIVE_INFINITY, loss);
  }

  override assertTargets({ data, shape }: ArrayData, outputShape: readonly number[]): void {
    if (shape.length !== 2) {
      throw fail('SHAPE_MISMATCH', this.name, 'labels (samples, length)', describeValue(shape));
    }
    assertLabels(data, outputShape.at(-1) ?? 0);
  }
}

// The logarithms of what each state says at each step: `[B, T, states]`.
function emissions(logs: Tensor, labels: Tensor, states: number): Tensor {
  const [batch, steps, classes] = logs.shape as [Dim, number, number];
  const length = (states - 1) / 2;
  const own = matmul(logs, oneHot(labels, classes), { transposeB: true });
  const blank = slice(logs, { axis: 2, start: 0, length: 1 });
  const blanks = add(blank, fill([batch, steps, length], 0));
  const pairs = concat([reshape(blanks, [batch, steps, length, 1]), reshape(own, [batch, steps, length, 1])], {
    axis: 3,
  });
  return concat([reshape(pairs, [batch, steps, 2 * length]), blank], { axis: 2 });
}

// Which states may follow the one before the last: labels that differ from the label before.
function mayskip(labels: Tensor): Tensor {
  const [batch, length] = labels.shape as [Dim, number];
  const before = concat([fill([batch, 1], -1), slice(labels, { axis: 1, start: 0, length: length - 1 })], { axis: 1 });
  const differs = cast(logicalAnd(notEqual(labels, before), greater(before, 0)), 'float32');
  const nothing = fill([batch, length, 1], 0);
  const pairs = concat([nothing, reshape(differs, [batch, length, 1])], { axis: 2 });
  return equal(concat([reshape(pairs, [batch, 2 * length]), fill([batch, 1], 0)], { axis: 1 }), 1);
}

// The states as seen from `by` states on.
function shifted(alpha: Tensor, by: number): Tensor {
  const [batch, states] = alpha.shape as [Dim, number];
  const n = Math.min(by, states);
  const margin = fill([batch, n], NOTHING);
  return concat([margin, slice(alpha, { axis: 1, start: 0, length: states - n })], { axis: 1 });
}

function logSum3(a: Tensor, b: Tensor, c: Tensor): Tensor {
  const largest = stopGradient(maximum(maximum(a, b), c));
  const [x, y, z] = [a, b, c].map((one) => exp(sub(one, largest))) as [Tensor, Tensor, Tensor];
  return add(largest, log(add(add(x, y), z)));
}
