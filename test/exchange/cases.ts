// The files of test/golden/interop, and what the libraries that wrote them predict.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Array64 {
  shape: number[];
  data: number[];
}

/** A model of `made.json`, which make.py writes. */
export interface Made {
  name: string;
  files: string[];
  inputs: Array64[];
  outputs: Array64[];
}

/** A model of `manifest.json`. */
export interface Interop {
  name: string;
  files: Record<string, string | string[]>;
  layers: { className: string; name: string }[];
  weights: (Array64 & { name: string })[];
  optimizer: { className: string; iterations: number; learningRate: number };
  input: Array64;
  output: Array64;
  tolerance: number;
}

export const interopPath = (file: string): string =>
  fileURLToPath(new URL(`../golden/interop/${file}`, import.meta.url));

const json = (file: string): unknown => JSON.parse(readFileSync(interopPath(file), 'utf8'));

export const MADE: readonly Made[] = (json('made.json') as { cases: Made[] }).cases;
/** A step of Keras on the model `mlp`, and its weights afterwards. */
export const AGAIN = (json('made.json') as { again: { x: number[][]; y: number[][]; weights: number[][] } }).again;
/** Two steps of Keras on models that were trained for three, with the optimizer of each file. */
export const OPTIMIZERS = (
  json('made.json') as {
    optimizers: { x: number[][]; y: number[][]; cases: { name: string; file: string; weights: number[][] }[] };
  }
).optimizers;
export const INTEROP: readonly Interop[] = (json('manifest.json') as { cases: Interop[] }).cases;

export const interop = (name: string): Interop => INTEROP.find((one) => one.name === name) as Interop;

/** An array as models take it. */
export const rows = ({ shape, data }: Array64): { shape: number[]; data: Float32Array } => ({
  shape,
  data: Float32Array.from(data),
});

/** The largest difference from numbers as float32 holds them, of values of about 1. */
export function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Array.from(got).reduce((most, value, i) => {
    const difference = Math.abs(value - Math.fround(expected[i] as number));
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }, 0);
}
