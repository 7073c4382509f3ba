// Mean and variance of a user's numbers, computed here in f64 before a model sees them: feature by feature, over many
// arrays, by Chan's rule for joining two samples. Refuses arrays of other features than the first.

import { toArrayData } from '../data/arrays.js';
import { formatShape } from '../data/shape.js';
import { fail } from '../errors.js';

/** Running moments of each feature: each entry of the axes that are kept. */
export class Moments {
  readonly #keptAxes: (rank: number) => readonly number[];
  #sizes: string | undefined;
  #count = 0;
  mean: Float64Array = new Float64Array();
  /** Sums of squared distances from the mean. */
  #spread: Float64Array = new Float64Array();

  /** `keptAxes` are those of the features among so many axes. */
  constructor(keptAxes: (rank: number) => readonly number[]) {
    this.#keptAxes = keptAxes;
  }

  /** Of the population, not of a sample of it. */
  get variance(): Float64Array {
    return this.#spread.map((sum) => sum / this.#count);
  }

  /** Whether there was anything. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Takes up more numbers. Throws SHAPE_MISMATCH. */
  add(x: unknown, what: string): void {
    const { data, shape } = toArrayData(x, what);
    const kept = this.#keptAxes(shape.length);
    const sizes = kept.map((axis) => shape[axis] as number);
    const features = sizes.reduce((product, size) => product * size, 1);
    this.#sizes ??= formatShape(sizes);
    if (this.#sizes !== formatShape(sizes)) {
      throw fail('SHAPE_MISMATCH', what, `features ${this.#sizes}, as before`, formatShape(sizes));
    }
    if (this.mean.length === 0) [this.mean, this.#spread] = [new Float64Array(features), new Float64Array(features)];
    const count = data.length / Math.max(1, features);
    if (count === 0) return;
    const feature = featureOf(shape, kept);
    const [mean, spread] = [new Float64Array(features), new Float64Array(features)];
    for (let i = 0; i < data.length; i++) bump(mean, feature(i), (data[i] as number) / count);
    for (let i = 0; i < data.length; i++) {
      const at = feature(i);
      bump(spread, at, ((data[i] as number) - (mean[at] as number)) ** 2);
    }
    this.#join(mean, spread, count);
  }

  #join(mean: Float64Array, spread: Float64Array, count: number): void {
    const total = this.#count + count;
    for (let k = 0; k < mean.length; k++) {
      const step = (mean[k] as number) - (this.mean[k] as number);
      bump(this.mean, k, (step * count) / total);
      bump(this.#spread, k, (spread[k] as number) + (step * step * this.#count * count) / total);
    }
    this.#count = total;
  }
}

function bump(numbers: Float64Array, at: number, by: number): void {
  numbers[at] = (numbers[at] as number) + by;
}

// The number of the feature of element i, in C order.
function featureOf(shape: readonly number[], kept: readonly number[]): (i: number) => number {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  return (i) =>
    kept.reduce((at, axis) => {
      const size = shape[axis] as number;
      return at * size + (Math.floor(i / (strides[axis] as number)) % size);
    }, 0);
}
