// Shuffling that depends on the seed alone: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011) with the counter as the position, in integer arithmetic that every engine does alike.

import { describeValue, fail } from '../errors.js';

/** The four 32-bit words of Philox4x32-10 for a counter of four words and a key of two. */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  const words = Int32Array.of(c0, c1, c2, c3);
  scramble(words, key[0] as number, key[1] as number);
  return [...new Uint32Array(words.buffer)] as [number, number, number, number];
}

// Ten rounds, in place. Words are signed here: the cheapest integers an engine has.
function scramble(words: Int32Array, key0: number, key1: number): void {
  let c0 = words[0] as number;
  let c1 = words[1] as number;
  let c2 = words[2] as number;
  let c3 = words[3] as number;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = highWord(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = highWord(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

// The upper half of a 64-bit product of unsigned words, from 16-bit halves, whose products wrap around in 32 bits.
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow);
  const middle = Math.imul(aHigh, bLow) + (low >>> 16);
  const other = Math.imul(aLow, bHigh) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
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

/** Apart from every other use of a seed: the core's word for permutations, and ours for draws from a buffer. */
const PERMUTATION = 1;
const BUFFER = 2;

/** Random numbers in order, of one seed and epoch. */
export class Draws {
  readonly #key0: number;
  readonly #key1: number;
  readonly #words: Int32Array = new Int32Array(4);
  #used = 4;
  #counter = 0;

  constructor(seed: number, epoch: number, purpose: number = BUFFER) {
    [this.#key0, this.#key1] = philox([...halves(epoch), 0, purpose], halves(seed));
  }

  /** A number from 0 to bound − 1, all equally likely (Lemire, "Fast random integer generation in an interval", 2019). */
  below(bound: number): number {
    for (;;) {
      const word = this.#word();
      // The lower half of word · bound; it is too small where that number has one word too many.
      const low = Math.imul(word, bound) >>> 0;
      if (low >= bound || low >= (2 ** 32 - bound) % bound) return highWord(word, bound) >>> 0;
    }
  }

  #word(): number {
    const words = this.#words;
    if (this.#used === 4) {
      const counter = this.#counter++;
      words[0] = counter;
      words[1] = Math.floor(counter / 2 ** 32);
      words[2] = 0;
      words[3] = 0;
      scramble(words, this.#key0, this.#key1);
      this.#used = 0;
    }
    return words[this.#used++] as number;
  }
}

/** Brings `elements` into the order that the core gives the rows of an epoch (`kernel/random.rs`, Fisher-Yates). */
export function permute(elements: unknown[], seed: number, epoch: number): void {
  const draws = new Draws(seed, epoch, PERMUTATION);
  for (let last = elements.length - 1; last > 0; last--) {
    const drawn = draws.below(last + 1);
    const moved = elements[last];
    elements[last] = elements[drawn];
    elements[drawn] = moved;
  }
}

function halves(value: number): [low: number, high: number] {
  return [value % 2 ** 32, Math.floor(value / 2 ** 32)];
}
