// Reads reference numbers, and says how far from them float32 may be.

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Numbers with a shape, as reference files hold them. */
export interface Golden {
  shape: number[];
  data: number[];
}

/** The cases of a file in `test/golden`. */
export function cases<T>(file: string): T[] {
  return JSON.parse(readFileSync(new URL(`golden/${file}`, import.meta.url), 'utf8')).cases;
}

/** Every number of `got` lies within `bound` times the largest magnitude of `expected` (at least 1) of its own. */
export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, bound: number, what: string): void {
  expect(got.length, what).toBe(expected.length);
  const largest = Array.from(expected).reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((got[i] as number) - (expected[i] as number));
    expect(error, `${what}[${i}]: ${got[i]} instead of ${expected[i]}`).toBeLessThanOrEqual(bound * largest);
  }
}
