// Checks of single numbers that users hand in. NaN passes none of them.

import { describeValue, fail } from './errors.js';

/** `value` itself if it is a finite number. */
export function finiteNumber(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw fail('INVALID_VALUE', what, 'a finite number', describeValue(value));
}

/** `value` itself if it is a finite number from `low` to `high`. */
export function numberFrom(value: unknown, what: string, low: number, high: number = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value;
  const expected =
    high === Number.POSITIVE_INFINITY ? `a number of at least ${low}` : `a number from ${low} to ${high}`;
  throw fail('INVALID_VALUE', what, expected, describeValue(value));
}

/** `value` itself if it is a whole number from `least` to 2^53 - 1. */
export function wholeNumber(value: unknown, what: string, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw fail('INVALID_VALUE', what, `a whole number of at least ${least}`, describeValue(value));
}

/** `value` itself if it is a boolean. */
export function boolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw fail('INVALID_VALUE', what, 'true or false', describeValue(value));
}
