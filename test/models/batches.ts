// The rows of the small model as streams of batches, and what training on them, or on arrays, gives.

import type { Batches, TrainingBatch } from 'descend';
import { smallModel, x, y } from './small.js';

export const silent = { verbose: 0 } as const;
export const rows = (from: number, to: number): TrainingBatch => [
  { data: x.data.subarray(2 * from, 2 * to), shape: [to - from, 2] },
  y.subarray(from, to),
];
export const cut = (sizes: readonly number[]): TrainingBatch[] => {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return rows(at - size, at);
  });
};
export const sixteens = [16, 16, 16, 16, 16, 16, 4];
export const pause = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Iterates the same batches anew each time, asked or not. */
export const again = (batches: readonly TrainingBatch[], wait?: () => unknown): AsyncIterable<TrainingBatch> => ({
  async *[Symbol.asyncIterator]() {
    for (const batch of batches) {
      await wait?.();
      yield batch;
    }
  },
});

export async function trained(batches: Batches, options: object = {}): Promise<string> {
  const model = smallModel();
  await model.fit(batches, { ...silent, epochs: 3, ...options });
  return await model.hash();
}

/** What arrays give in the same order. */
export async function expected(options: object = {}): Promise<string> {
  const model = smallModel();
  await model.fit(x, y, { ...silent, epochs: 3, batchSize: 16, shuffle: false, ...options });
  return await model.hash();
}
