// What layers that change images at random have in common: the ranges that numbers are drawn from, and one row of draws for
// each image.

import { describeValue, fail } from '../errors.js';
import { add, mul, randomUniform, slice } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { Check } from '../options.js';
import { checkFormat } from './images.js';

/** Where a number is drawn from. */
export type Range = readonly [low: number, high: number];

/** A range within `low` … `high`: given as such, or as a number f for −f … f. */
export function factor(low: number, high: number): Check {
  return (value, what) => {
    const range = typeof value === 'number' ? [-Math.abs(value), Math.abs(value)] : value;
    if (isRange(range) && range[0] >= low && range[1] <= high) return Object.freeze([...range]);
    throw fail('INVALID_VALUE', what, `a number, or [low, high], within ${low} … ${high}`, describeValue(value));
  };
}

/** The least and the greatest value that pixels have. */
export const valueRange: Check = (value, what) => {
  if (isRange(value) && value[0] < value[1]) return Object.freeze([...value]);
  throw fail('INVALID_VALUE', what, '[low, high]', describeValue(value));
};

/** Only channels last. */
export const format: Check = (value, what) => checkFormat(value, what.replace(/ dataFormat$/, ''));

function isRange(value: unknown): value is Range {
  const pair = Array.isArray(value) && value.length === 2 && value.every((x) => Number.isFinite(x));
  return pair && value[0] <= value[1];
}

/** A number of each range for each image: `[B, 1]` each. */
export function drawn(x: Tensor, name: string, ranges: readonly Range[]): Tensor[] {
  const uniform = randomUniform([x.shape[0] ?? 1, ranges.length], { name });
  return ranges.map(([low, high], i) => {
    const one = ranges.length === 1 ? uniform : slice(uniform, { axis: 1, start: i, length: 1 });
    return add(mul(one, high - low), low);
  });
}
