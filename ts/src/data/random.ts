// Shuffling that depends on the seed alone: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011) with the counter as the position, in integer arithmetic that every engine does alike.

import { describeValue, fail } from '../errors.js';

/** The four 32-bit words of Philox4x32-10 for a counter of four words and a key of two. */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  let [k0 = 0, k1 = 0] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = highWord(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = highWord(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

// The upper half of a 64-bit product, from 16-bit halves; each sum stays below 2^53.
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
  const carry = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) | 0;
}

/** The numbers 0 … n - 1 in an order that depends on `seed` alone (Fisher-Yates, every order equally likely). */
export function permutation(n: number, seed: number): Uint32Array {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw fail('INVALID_VALUE', 'seed', 'a whole number from 0 to 2^53 - 1', describeValue(seed));
  }
  const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1, i, key);
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}

// A number from 0 to bound - 1. Words in the last, incomplete run of `bound` values are passed over: no bias.
function below(bound: number, position: number, key: readonly number[]): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (let attempt = 0; ; attempt++) {
    for (const word of philox([position, attempt, 0, 0], key)) if (word < limit) return word % bound;
  }
}
