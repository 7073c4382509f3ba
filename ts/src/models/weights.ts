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

/** Copies of weights with their names in a model, in their order. */
export async function weightData(names: ReadonlyMap<Weight, string>): Promise<WeightData[]> {
  return await Promise.all(
    [...names].map(async ([weight, name]) => ({ name, data: await weight.read(), shape: [...weight.shape] })),
  );
}

/** Sets weights, all or none: every value is checked before the first is written. */
export async function writeWeights(names: ReadonlyMap<Weight, string>, values: unknown): Promise<void> {
  if (!Array.isArray(values) || values.length !== names.size) {
    const expected = `a list of ${names.size} arrays, one for each weight`;
    throw fail('SHAPE_MISMATCH', 'setWeights', expected, describeValue(values));
  }
  const checked = [...names].map(([{ shape }, name], i) => shaped(values[i], shape, `setWeights: ${name}`));
  // All begin at once, with copies of what the arrays hold now.
  await Promise.all(
    [...names.keys()].map((weight, i) => weight.write({ data: checked[i], shape: weight.shape } as ArrayData)),
  );
}
