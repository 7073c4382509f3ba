// The shipped data sets: that they are what they say, and that one seed gives one split.

import { createHash } from 'node:crypto';
import { datasets } from 'descend';
import { describe, expect, test } from 'vitest';

const { loadDigits, loadHousePrices } = datasets;

describe('loadDigits', () => {
  test('the counts and sums of the UCI set', async () => {
    const { train, test: held } = await loadDigits({ testFraction: 0 });
    expect(held.x.shape).toEqual([0, 8, 8]);
    expect(train.x.shape).toEqual([1797, 8, 8]);
    expect(train.x.data).toBeInstanceOf(Uint8Array);
    // scikit-learn: digits.images.sum(), numpy.bincount(digits.target).
    expect([...train.x.data].reduce((sum, value) => sum + value, 0)).toBe(561_718);
    expect(Math.max(...train.x.data)).toBe(16);
    const counts = new Array<number>(10).fill(0);
    for (const label of train.y.data) counts[label] = (counts[label] ?? 0) + 1;
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  test('images keep their labels', async () => {
    const pairs = async (seed: number): Promise<string[]> => {
      const { train, test: held } = await loadDigits({ seed });
      return [train, held].flatMap(({ x, y }) =>
        Array.from(y.data, (label, i) => `${x.data.subarray(64 * i, 64 * i + 64).join()}:${label}`),
      );
    };
    expect((await pairs(1)).sort()).toEqual((await pairs(2)).sort());
    expect(await pairs(1)).toContain(
      '0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,0,3,15,2,0,11,8,0,0,4,12,0,0,8,8,0,' +
        '0,5,8,0,0,9,8,0,0,4,11,0,1,12,7,0,0,2,14,5,10,12,0,0,0,0,6,13,10,0,0,0:0',
    );
  });

  test('a held-out fifth, the same for one seed', async () => {
    const { train, test: held } = await loadDigits();
    expect([train.x.shape, train.y.shape, held.x.shape, held.y.shape]).toEqual([
      [1438, 8, 8],
      [1438],
      [359, 8, 8],
      [359],
    ]);
    const hash = async (seed: number): Promise<string> => {
      const digits = await loadDigits({ seed });
      return createHash('sha256').update(digits.train.x.data).update(digits.test.y.data).digest('hex');
    };
    expect(await hash(5)).toBe(await hash(5));
    expect(await hash(5)).not.toBe(await hash(6));
  });

  test('refuses bad options', async () => {
    for (const testFraction of [-0.1, 1.1, Number.NaN, '1']) {
      const work = loadDigits({ testFraction: testFraction as number });
      await expect(work).rejects.toEqual(expect.objectContaining({ code: 'INVALID_VALUE' }));
    }
    await expect(loadDigits({ seed: -1 })).rejects.toEqual(expect.objectContaining({ code: 'INVALID_VALUE' }));
    await expect(loadDigits({ sead: 1 } as object)).rejects.toThrow('did you mean seed?');
  });
});

test('loadHousePrices follows the rule that its README states', async () => {
  const { x, y, columns } = await loadHousePrices();
  expect(columns).toEqual(['area_m2', 'rooms', 'age_years', 'distance_km']);
  expect(x.shape).toEqual([60, 4]);
  expect(y.shape).toEqual([60]);
  const residuals = Array.from(y.data, (price, i) => {
    const [area = 0, rooms = 0, age = 0, distance = 0] = x.data.subarray(4 * i, 4 * i + 4);
    return price - (85 + 3.2 * area + 9 * rooms - 0.9 * age - 6.5 * distance);
  });
  const meanSquare = residuals.reduce((sum, r) => sum + r * r, 0) / 60;
  expect(Math.sqrt(meanSquare)).toBeGreaterThan(8);
  expect(Math.sqrt(meanSquare)).toBeLessThan(16);
});
