// How much each sample counts: weights given by the sample, by its class, or both multiplied, as rows beside the targets.
// Refuses weights that are no finite numbers or fit no sample, and classes that no target can name.

import { elementCount, formatShape } from '../data/shape.js';
import { describeValue, fail } from '../errors.js';
import { finiteNumber, wholeNumber } from '../numbers.js';
import type { ArraysLikeData } from './rows.js';
import { type Rows, rowsOf } from './rows.js';

/** Weights by class: entry or key c is that of the samples of class c; classes without one weigh 1. */
export type ClassWeight = readonly number[] | Readonly<Record<number, number>> | ReadonlyMap<number, number>;

/** What samples may be weighed by. */
export interface SampleWeights {
  /** A factor for the loss of each sample (`[n]`), or of each part of its targets (their first axes). Default 1. */
  sampleWeight?: ArraysLikeData | undefined;
  /**
   * A factor for the samples of each class, by its label or, for one-hot targets, the place of the largest: `{ 1: 5 }` or
   * `[1, 5]`. Multiplies `sampleWeight`, where Keras refuses both.
   */
  classWeight?: ClassWeight | undefined;
}

/** The weights of the samples whose targets are `targets`; none where all weigh 1. `outputShape` is of one prediction. */
export function weightsOf(targets: Rows, outputShape: readonly number[], weights: SampleWeights): Rows | undefined {
  const { sampleWeight, classWeight } = weights;
  const own = sampleWeight === undefined ? undefined : ownWeights(sampleWeight, targets);
  if (classWeight === undefined) return own;
  const byClass = classWeights(targets, outputShape, classWeight);
  return own ? product(own, byClass) : byClass;
}

function ownWeights(sampleWeight: unknown, { count, shape }: Rows): Rows {
  const rows = rowsOf(sampleWeight, 'sampleWeight');
  if (rows.count !== count) {
    const expected = `${count} weights, as many as there are samples in x`;
    throw fail('SHAPE_MISMATCH', 'sampleWeight', expected, String(rows.count));
  }
  const column = rows.shape.length === 1 && rows.shape[0] === 1;
  if (!column && !rows.shape.every((size, axis) => size === shape[axis])) {
    const expected = `one weight for each sample, or the shape ${formatShape([count, ...shape])} or its first axes`;
    throw fail('SHAPE_MISMATCH', 'sampleWeight', expected, formatShape(rows.array.shape));
  }
  const { data } = rows.array;
  const bad = data.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0) finiteNumber(data[bad], `sampleWeight[${bad}]`);
  return column ? floatRows(Float32Array.from(data), count, []) : rows;
}

function classWeights({ array, count, shape }: Rows, outputShape: readonly number[], classWeight: ClassWeight): Rows {
  const factors = factorsOf(classWeight);
  const classes = shape.at(-1) ?? 1;
  // Targets of the shape of the outputs are one-hot; others, and single numbers, are labels.
  const oneHot = classes > 1 && formatShape(shape) === formatShape(outputShape);
  const size = oneHot ? classes : 1;
  const rows = oneHot || classes === 1 ? shape.slice(0, -1) : shape;
  const { data } = array;
  const weights = new Float32Array(elementCount([count, ...rows], 'classWeight'));
  for (let i = 0; i < weights.length; i++) {
    const label = oneHot ? largest(data, i * size, size) : (data[i] as number);
    weights[i] = factors.get(label) ?? 1;
  }
  return floatRows(weights, count, rows);
}

function factorsOf(classWeight: ClassWeight): Map<number, number> {
  if (typeof classWeight !== 'object' || classWeight === null) {
    const expected = 'weights by class, such as { 0: 1, 1: 5 }';
    throw fail('INVALID_VALUE', 'classWeight', expected, describeValue(classWeight));
  }
  const entries = classWeight instanceof Map ? [...classWeight] : Object.entries(classWeight);
  return new Map(
    entries.map(([key, factor]) => {
      const label = wholeNumber(Number(key), `classWeight: the class ${describeValue(key)}`, 0);
      return [label, finiteNumber(factor, `classWeight[${label}]`)];
    }),
  );
}

function largest(data: ArrayLike<number>, from: number, size: number): number {
  let best = 0;
  for (let k = 1; k < size; k++) if ((data[from + k] as number) > (data[from + best] as number)) best = k;
  return best;
}

// Of shapes of which one begins with the other.
function product(a: Rows, b: Rows): Rows {
  const [long, short] = a.shape.length >= b.shape.length ? [a, b] : [b, a];
  const repeats = long.array.data.length / Math.max(1, short.array.data.length);
  const factors = short.array.data;
  const data = Float32Array.from(long.array.data, (x, i) => x * (factors[Math.floor(i / repeats)] as number));
  return floatRows(data, long.count, long.shape);
}

function floatRows(data: Float32Array, count: number, shape: readonly number[]): Rows {
  return { array: { data, shape: [count, ...shape], dtype: 'float32' }, count, shape };
}
