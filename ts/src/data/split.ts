// Divides samples into a training and a test part, shuffled by seed.

import { describeValue, fail } from '../errors.js';
import type { ArrayData } from './arrays.js';
import { permutation } from './random.js';

/** Inputs and targets of equally many samples, along the first axis. */
export interface Samples {
  x: ArrayData;
  y: ArrayData;
}

/** A data set divided for training and for the final check. */
export interface TrainTest {
  train: Samples;
  test: Samples;
}

/** Options of a seeded split. */
export interface SplitOptions {
  /** Sets the shuffling; one seed gives the same split everywhere. Default 0. */
  seed?: number;
  /** The share of samples set aside for `test`, from 0 to 1, rounded to whole samples. Default 0.2. */
  testFraction?: number;
}

/** Shuffles samples and sets a share of them aside. The parts are copies. */
export function splitSamples({ x, y }: Samples, { seed = 0, testFraction = 0.2 }: SplitOptions = {}): TrainTest {
  if (typeof testFraction !== 'number' || !(testFraction >= 0 && testFraction <= 1)) {
    throw fail('INVALID_VALUE', 'testFraction', 'a number from 0 to 1', describeValue(testFraction));
  }
  const order = permutation(x.shape[0] ?? 0, seed);
  const testCount = Math.round(order.length * testFraction);
  const part = (rows: Uint32Array): Samples => ({ x: takeRows(x, rows), y: takeRows(y, rows) });
  return { train: part(order.subarray(testCount)), test: part(order.subarray(0, testCount)) };
}

function takeRows({ data, shape, dtype }: ArrayData, rows: Uint32Array): ArrayData {
  const rowLength = shape.slice(1).reduce((product, size) => product * size, 1);
  const taken = data.slice(0, rows.length * rowLength);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * rowLength;
    taken.set(data.subarray(start, start + rowLength), i * rowLength);
  }
  return { data: taken, shape: [rows.length, ...shape.slice(1)], dtype };
}
