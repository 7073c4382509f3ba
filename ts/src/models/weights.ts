// Weights out of a model and into one.

import type { ArrayData } from '../data/arrays.js';
import { describeValue, fail } from '../errors.js';
import type { Weight } from '../layers/index.js';
import { shaped } from '../variable.js';

/** A copy of one weight. */
export interface WeightData {
  name: string;
  data: Float32Array;
  shape: number[];
}

/** Copies of weights, in their order. */
export async function readWeights(weights: readonly Weight[]): Promise<WeightData[]> {
  return await Promise.all(
    weights.map(async (weight) => ({
      name: weight.name,
      data: (await weight.read()) as Float32Array,
      shape: [...weight.shape],
    })),
  );
}

/** Sets weights, all or none: every value is checked before the first is written. */
export async function writeWeights(weights: readonly Weight[], values: unknown): Promise<void> {
  if (!Array.isArray(values) || values.length !== weights.length) {
    const expected = `a list of ${weights.length} arrays, one for each weight`;
    throw fail('SHAPE_MISMATCH', 'setWeights', expected, describeValue(values));
  }
  const checked = weights.map((weight, i) => shaped(values[i], weight.shape, `setWeights: ${weight.name}`));
  // All begin at once, with copies of what the arrays hold now.
  await Promise.all(weights.map((weight, i) => weight.write({ data: checked[i], shape: weight.shape } as ArrayData)));
}
