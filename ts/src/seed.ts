// The seed that stands in where none is given. The only place of the library where chance comes from outside.

import { wholeNumber } from './graph/axes.js';

let chosen: number | undefined;

/** Sets the seed of every model and loop that is made without one: a whole number from 0 to 2^53 − 1. */
export function setSeed(seed: number): void {
  chosen = checkSeed(seed, 'setSeed');
}

/** The seed to use where none is given: that of `setSeed`, or a new one by chance (32 bits). */
export function defaultSeed(): number {
  return chosen ?? globalThis.crypto?.getRandomValues(new Uint32Array(1))[0] ?? Math.floor(Math.random() * 2 ** 32);
}

/** A seed, or INVALID_VALUE. */
export function checkSeed(seed: unknown, what: string): number {
  return wholeNumber(seed, 0, Number.MAX_SAFE_INTEGER, what);
}
