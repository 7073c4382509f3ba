// Philox against the known answers of its authors' Random123 library; permutations against what they must be.

import { Dense, ops, Sequential, SGD, type Tensor } from 'descend';
import { describe, expect, test } from 'vitest';
import { permutation, permute, philox } from '../../ts/src/data/random.js';

const ONES = 0xffffffff;

test.each([
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [ONES, ONES, ONES, ONES],
    [ONES, ONES],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
])('philox known answer %#', (counter, key, words) => expect(philox(counter, key)).toEqual(words));

describe('permutation', () => {
  test.each([0, 1, 2, 15, 16, 17, 31, 33, 63, 1797])('of %i holds every number once', (n) => {
    expect([...permutation(n, 3)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  test('depends on the whole seed', () => {
    expect(permutation(50, 1)).toEqual(permutation(50, 1));
    expect(permutation(50, 1)).not.toEqual(permutation(50, 2));
    expect(permutation(50, 1)).not.toEqual(permutation(50, 1 + 2 ** 32));
  });

  test('gives each of the 24 orders of 4 about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const order = permutation(4, seed).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // Chi-squared with 23 degrees of freedom: beyond 50 by chance once in 1,000.
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(24);
    expect(chiSquared).toBeLessThan(50);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53, '1', null])('refuses seed %s', (seed) => {
    expect(() => permutation(3, seed as number)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});

test('the order of an epoch is that in which fit visits rows', async () => {
  // The loss of a batch of one is its row's number, for the model only hands it on.
  for (const [seed, rows] of [
    [0, 1],
    [9, 33],
    [2 ** 40 + 5, 257],
  ] as const) {
    const model = new Sequential([new Dense({ units: 1, inputShape: [1] })], { seed });
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: (_: unknown, yPred: Tensor) => ops.mean(yPred) });
    await model.setWeights([[[1]], [0]]);
    const numbers = Float32Array.from({ length: rows }, (_, i) => i);
    const sums: number[] = [0];
    const onBatchEnd = (i: number, { loss }: Readonly<Record<string, number>>) => sums.push((loss as number) * (i + 1));
    for (const epoch of [0, 1]) {
      sums.length = 1;
      await model.fit(numbers, numbers, { batchSize: 1, verbose: 0, callbacks: [{ onBatchEnd }] });
      const visited = sums.slice(1).map((sum, i) => Math.round(sum - (sums[i] as number)));
      const order = [...numbers];
      permute(order, seed, epoch);
      expect(visited).toEqual(order);
    }
  }
});
