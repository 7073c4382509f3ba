// Variables: copies in and out, what they refuse, and that nothing they are given is kept.

import { ops, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';

/** Whether it is on an engine must not show: every test runs both ways. */
const places: [string, (w: ReturnType<typeof variable>) => Promise<unknown>][] = [
  ['in JavaScript', async () => undefined],
  ['on an engine', async (w) => valueAndGrad(() => ops.sum(ops.cast(w, 'float32')), [variable([1])]).catch(() => 0)],
];

describe.each(places)('%s', (_, settle) => {
  test('data is a copy, and so is what it was made from', async () => {
    const source = new Float32Array([1, 2, 3]);
    const w = variable(source, [3], { name: 'w' });
    await settle(w);
    source[0] = 9;
    const data = w.data;
    data[1] = 9;
    expect(w.data).toEqual(new Float32Array([1, 2, 3]));
    expect(await w.read()).toEqual(new Float32Array([1, 2, 3]));
    expect([w.name, w.shape, w.dtype, w.trainable]).toEqual(['w', [3], 'float32', true]);
  });

  test('assign takes arrays of its shape, flat ones too, and keeps none', async () => {
    const w = variable([
      [1, 2],
      [3, 4],
    ]);
    await settle(w);
    const flat = new Float32Array([5, 6, 7, 8]);
    w.assign(flat);
    flat[0] = 0;
    expect([...w.data]).toEqual([5, 6, 7, 8]);
    w.assign([
      [1, 1],
      [2, 2],
    ]);
    expect([...w.data]).toEqual([1, 1, 2, 2]);
    w.assign({ data: new Int32Array([4, 3, 2, 1]), shape: [2, 2] });
    expect([...w.data]).toEqual([4, 3, 2, 1]);
    for (const bad of [[1, 2, 3, 4], [[1, 2]], new Float32Array(5), { data: new Float32Array(4), shape: [4] }]) {
      expect(() => w.assign(bad)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    }
    expect([...w.data]).toEqual([4, 3, 2, 1]);
  });

  test('withData lends the elements and keeps what changed', async () => {
    const w = variable([1, 2, 3]);
    await settle(w);
    expect(w.withData((view) => view.reduce((a, b) => a + b))).toBe(6);
    w.withData((view) => view.fill(7, 1));
    expect([...w.data]).toEqual([1, 7, 7]);
  });

  test.each(['float32', 'int32', 'uint8', 'bool'] as const)('%s', async (dtype) => {
    const w = variable([0, 1, 2], [3, 1], { dtype });
    await settle(w);
    expect(w.dtype).toBe(dtype);
    expect([...w.data]).toEqual(dtype === 'bool' ? [0, 1, 1] : [0, 1, 2]);
    expect(w.trainable).toBe(dtype === 'float32');
  });

  test.each([0, 1, 15, 16, 17, 31, 33, 63])('size %i', async (n) => {
    const numbers = Float32Array.from({ length: n }, (_, i) => i - 7.5);
    const w = variable(numbers);
    await settle(w);
    expect(w.data).toEqual(numbers);
    expect(w.size).toBe(n);
  });

  test('dispose frees it for good', async () => {
    const w = variable([1], [1], { name: 'gone' });
    await settle(w);
    w.dispose();
    w.dispose();
    for (const use of [() => w.data, () => w.assign([1]), () => w.withData(() => 0)]) {
      expect(use).toThrow(expect.objectContaining({ code: 'DISPOSED', message: expect.stringContaining("'gone'") }));
    }
    await expect(w.read()).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});

describe('bad input is refused by name, and the next call works', () => {
  const detached = (): Float32Array => {
    const array = new Float32Array([1, 2]);
    structuredClone(array, { transfer: [array.buffer] });
    return array;
  };
  test.each<[string, () => unknown, string]>([
    ['a negative size', () => variable(new Float32Array(2), [-2]), 'INVALID_SHAPE'],
    ['NaN', () => variable(new Float32Array(2), [Number.NaN]), 'INVALID_SHAPE'],
    ['half a row', () => variable(new Float32Array(2), [1.5]), 'INVALID_SHAPE'],
    ['2^31', () => variable(new Float32Array(2), [2 ** 31]), 'INVALID_SHAPE'],
    ['2^53 + 1', () => variable(new Float32Array(2), [2 ** 53 + 1]), 'INVALID_SHAPE'],
    ['rank 65', () => variable(new Float32Array(1), Array(65).fill(1)), 'INVALID_SHAPE'],
    ['a shape of another size', () => variable(new Float32Array(2), [3]), 'SHAPE_MISMATCH'],
    ['an empty shape for two', () => variable(new Float32Array(2), []), 'SHAPE_MISMATCH'],
    ['rows of different length', () => variable([[1], [1, 2]]), 'SHAPE_MISMATCH'],
    ['text', () => variable('12' as never), 'INVALID_DTYPE'],
    ['a number', () => variable(1 as never), 'INVALID_DTYPE'],
    ['nothing', () => variable(undefined as never), 'INVALID_DTYPE'],
    ['an unknown dtype', () => variable([1], [1], { dtype: 'float64' as never }), 'INVALID_DTYPE'],
    ['trainable integers', () => variable([1], [1], { dtype: 'int32', trainable: true }), 'INVALID_DTYPE'],
    ['a name that is none', () => variable([1], [1], { name: 7 as never }), 'INVALID_VALUE'],
    ['a detached array', () => variable(detached()), 'BUFFER_DETACHED'],
    ['a detached array to assign', () => variable([1, 2]).assign(detached()), 'BUFFER_DETACHED'],
  ])('%s', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ name: 'DescendError', code }));
    expect([...variable([1, 2]).data]).toEqual([1, 2]);
  });

  test('shared memory is copied', () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    const w = variable(shared);
    shared[0] = 5;
    expect([...w.data]).toEqual([0, 0]);
  });
});
