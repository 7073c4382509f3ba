// How a drawing becomes one of the set's digits: what is true of those is true of these.

import { datasets } from 'descend';
import { describe, expect, test } from 'vitest';
import { digitOf, type Point } from '../../examples/browser/src/digit.ts';
import { STROKES } from './strokes.ts';

const sum = (counts: Iterable<number>) => [...counts].reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

describe.each([...STROKES.entries()])('a drawn %i', (_, strokes) => {
  const counts = digitOf(strokes);

  test('fills the square from top to bottom, in the middle', () => {
    expect(Math.max(...counts)).toBeLessThanOrEqual(16);
    const row = (y: number) => sum(counts.subarray(8 * y, 8 * y + 8));
    expect(Math.min(row(0), row(7))).toBeGreaterThan(0);
    const center = sum(counts.map((count, i) => count * (i % 8))) / sum(counts);
    expect(Math.abs(center - 3.5)).toBeLessThan(0.7);
  });

  test('does not depend on where and how large it was drawn', () => {
    const moved = strokes.map((stroke) => stroke.map(([x, y]): Point => [64 + x / 4, 8 + y / 4]));
    expect(digitOf(moved)).toEqual(counts);
  });
});

test('as much ink as in the set', async () => {
  const { train } = await datasets.loadDigits({ testFraction: 0 });
  const there = sum(train.x.data) / 1797;
  const here = mean(STROKES.map((strokes) => sum(digitOf(strokes))));
  expect(Math.abs(here - there)).toBeLessThan(0.1 * there);
});

test('nothing, a point and a dash', () => {
  expect(sum(digitOf([]))).toBe(0);
  const point = digitOf([[[3, 3]]]);
  expect(sum(point)).toBeGreaterThan(16);
  expect(sum(point)).toBeLessThan(120);
  const dash = digitOf([
    [
      [0, 5],
      [10, 5],
    ],
  ]);
  expect(sum(dash.subarray(0, 16)) + sum(dash.subarray(48))).toBe(0);
});
