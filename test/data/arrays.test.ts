// What becomes of user data: casts, shapes, and the refusal of everything that cannot be trusted.

import { describe, expect, test } from 'vitest';
import { toArrayData } from '../../ts/src/data/arrays.js';
import { DescendError } from '../../ts/src/errors.js';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof DescendError) return error.code;
    throw error;
  }
  return 'no error';
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

describe('casts', () => {
  test.each([
    [new Float32Array([1.5, -0]), 'float32', [1.5, -0]],
    [new Float64Array([0.1]), 'float32', [Math.fround(0.1)]],
    [new Uint8Array([0, 255]), 'uint8', [0, 255]],
    [new Uint8ClampedArray([0, 255]), 'uint8', [0, 255]],
    [new Int32Array([-(2 ** 31), 2 ** 31 - 1]), 'int32', [-(2 ** 31), 2 ** 31 - 1]],
    [new Int8Array([-128, 127]), 'int32', [-128, 127]],
    [new Int16Array([-32768]), 'int32', [-32768]],
    [new Uint16Array([65535]), 'int32', [65535]],
    [new Uint32Array([2 ** 31 - 1]), 'int32', [2 ** 31 - 1]],
    [new BigInt64Array([-(2n ** 31n)]), 'int32', [-(2 ** 31)]],
    [new BigUint64Array([7n]), 'int32', [7]],
    [[1, 0.1], 'float32', [1, Math.fround(0.1)]],
    [[true, false], 'bool', [1, 0]],
  ])('case %#: %s', (source, dtype, values) => {
    const { data, shape, dtype: got } = toArrayData(source, 'x');
    expect([...data]).toEqual(values);
    expect(shape).toEqual([values.length]);
    expect(got).toBe(dtype);
  });

  test('classes match dtypes', () => {
    expect(toArrayData(new Uint8ClampedArray(2), 'x').data.constructor).toBe(Uint8Array);
    expect(toArrayData([true], 'x').data.constructor).toBe(Uint8Array);
    expect(toArrayData(new Int16Array(1), 'x').data.constructor).toBe(Int32Array);
    expect(toArrayData([[1]], 'x').data.constructor).toBe(Float32Array);
  });

  test.each([
    [new Uint32Array([1, 2 ** 31])],
    [new BigInt64Array([0n, 2n ** 31n])],
    [new BigInt64Array([0n, -(2n ** 31n) - 1n])],
    [new BigUint64Array([0n, 2n ** 64n - 1n])],
  ])('integers beyond int32 are refused with their place: %#', (source) => {
    expect(codeOf(() => toArrayData(source, 'y'))).toBe('INVALID_VALUE');
    expect(messageOf(() => toArrayData(source, 'y'))).toContain('y[1]');
  });

  test('a Float16Array, where there is one, becomes float32', () => {
    const Float16 = Reflect.get(globalThis, 'Float16Array') as Float32ArrayConstructor | undefined;
    if (Float16 === undefined) return;
    expect(toArrayData(new Float16([0.5, 65504]), 'x')).toMatchObject({ dtype: 'float32', shape: [2] });
  });
});

describe('shapes', () => {
  test.each([
    [[], 1],
    [[0], 0],
    [[0, 784], 0],
    [[2, 0, 3], 0],
    [[6], 6],
    [[2, 3], 6],
    [[1, 6, 1, 1], 6],
    [new Array(16).fill(1), 1],
  ])('%j holds %i', (shape, count) => {
    const data = new Float32Array(count as number);
    expect(toArrayData(data, 'x', shape as number[]).shape).toEqual(shape);
    expect(toArrayData({ data, shape }, 'x').shape).toEqual(shape);
  });

  const hostile: [string, unknown][] = [
    ['-1', [-1, 2]],
    ['NaN', [Number.NaN]],
    ['1.5', [1.5]],
    ['2^31', [2 ** 31]],
    ['2^53 + 1', [2 ** 53 + 1]],
    ['Infinity', [Number.POSITIVE_INFINITY]],
    ['a string', ['2']],
    ['a bigint', [2n]],
    ['a hole', new Array(1)],
    ['null', [null]],
    ['rank 17', new Array(17).fill(1)],
    ['rank 65', new Array(65).fill(1)],
    ['rank 10^9', new Array(1e9)],
    ['overflow', [2 ** 30, 2 ** 30]],
    ['overflow that wraps to 4 modulo 2^64', [4194305, 4194305, 211106198]],
    ['overflow beside a zero', [0, 2 ** 30, 2 ** 30]],
    ['overflow before a zero', [2 ** 30, 2 ** 30, 0]],
    ['no array', 6],
    ['an array-like', { length: 1, 0: 6 }],
    ['missing', undefined],
  ];
  test.each(hostile)('%s is refused', (_, shape) => {
    expect(codeOf(() => toArrayData({ data: new Float32Array(6), shape }, 'x'))).toBe('INVALID_SHAPE');
  });

  test.each([[[7]], [[2, 4]], [[]], [[0]], [[5]]])('%j does not hold 6', (shape) => {
    expect(codeOf(() => toArrayData(new Float32Array(6), 'x', shape))).toBe('SHAPE_MISMATCH');
  });

  test('the shape is a copy', () => {
    const shape = [2, 3];
    const array = toArrayData(new Float32Array(6), 'x', shape);
    shape[0] = 99;
    expect(array.shape).toEqual([2, 3]);
  });

  test('the message says what, expected and got', () => {
    expect(messageOf(() => toArrayData(new Float32Array(5), 'x', [2, 3]))).toBe(
      'x: expected 6 elements for shape [2, 3], got 5 elements',
    );
  });
});

describe('nested arrays', () => {
  test.each([
    [[], [0]],
    [
      [[], []],
      [2, 0],
    ],
    [[[]], [1, 0]],
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
    ],
    [
      [
        [[1], [2]],
        [[3], [4]],
        [[5], [6]],
      ],
      [3, 2, 1],
    ],
  ])('%j has shape %j', (rows, shape) => {
    const array = toArrayData(rows, 'x');
    expect(array.shape).toEqual(shape);
    expect([...array.data]).toEqual((rows as unknown[]).flat(9));
  });

  test('rows may be typed arrays', () => {
    expect(toArrayData([new Uint8Array([1, 2]), new Uint8Array([3, 4])], 'x')).toEqual({
      data: new Uint8Array([1, 2, 3, 4]),
      shape: [2, 2],
      dtype: 'uint8',
    });
    expect(toArrayData([[new Float64Array([1])], [new Float64Array([2])]], 'x').shape).toEqual([2, 1, 1]);
  });

  test('a shape given apart must hold as many', () => {
    expect(toArrayData({ data: [1, 2, 3, 4], shape: [2, 2] }, 'x').shape).toEqual([2, 2]);
    expect(codeOf(() => toArrayData({ data: [1, 2, 3], shape: [2, 2] }, 'x'))).toBe('SHAPE_MISMATCH');
    expect(toArrayData({ data: [[1, 2, 3]] }, 'x').shape).toEqual([1, 3]);
  });

  test.each([
    [[[1, 2], [3]], 'SHAPE_MISMATCH', 'x[1]'],
    [[[1], [2, 3]], 'SHAPE_MISMATCH', 'x[1]'],
    [[[1, 2], 3], 'SHAPE_MISMATCH', 'x[1]'],
    [[1, [2]], 'SHAPE_MISMATCH', 'x[1]'],
    [
      [
        [[1], [2]],
        [[3], []],
      ],
      'SHAPE_MISMATCH',
      'x[1][1]',
    ],
    [
      [
        [1, 2],
        [3, '4'],
      ],
      'INVALID_DTYPE',
      'x[1][1]',
    ],
    [[1, undefined], 'INVALID_DTYPE', 'x[1]'],
    [[1, null], 'INVALID_DTYPE', 'x[1]'],
    [[1, true], 'INVALID_DTYPE', 'x[1]'],
    [[true, 1], 'INVALID_DTYPE', 'x[1]'],
    [[1n], 'INVALID_DTYPE', 'x[0]'],
    [[{ data: [1], shape: [1] }], 'INVALID_DTYPE', 'x[0]'],
    [[new Float32Array(2), new Float32Array(3)], 'SHAPE_MISMATCH', 'x[1]'],
    [[new Float32Array(2), new Uint8Array(2)], 'INVALID_DTYPE', 'x[1]'],
    [[new Float32Array(2), [1, '2']], 'INVALID_DTYPE', 'x[1][1]'],
  ])('case %# is refused at its place', (rows, code, place) => {
    expect(codeOf(() => toArrayData(rows, 'x'))).toBe(code);
    expect(messageOf(() => toArrayData(rows, 'x'))).toContain(`${place}:`);
  });

  test('holes are refused', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is the case.
    expect(codeOf(() => toArrayData([1, , 3], 'x'))).toBe('INVALID_DTYPE');
  });

  test('an array inside itself is refused', () => {
    const rows: unknown[] = [];
    rows.push(rows);
    expect(codeOf(() => toArrayData(rows, 'x'))).toBe('INVALID_SHAPE');
  });
});

describe('what is no data', () => {
  test.each([
    [undefined],
    [null],
    [3],
    ['12'],
    [true],
    [{}],
    [{ data: 3, shape: [] }],
    [{ data: { data: [1], shape: [1] }, shape: [1] }],
    [new ArrayBuffer(8)],
    [new DataView(new ArrayBuffer(8))],
    [new Map()],
    [() => 1],
    [new Proxy(new Float32Array(2), {})],
    [Object.create(Float32Array.prototype)],
    [Object.setPrototypeOf({ length: 4 }, Float32Array.prototype)],
  ])('case %#', (x) => expect(codeOf(() => toArrayData(x, 'x'))).toBe('INVALID_DTYPE'));
});

describe('memory', () => {
  test('a detached array is refused, also one of length 0', () => {
    for (const length of [4, 0]) {
      const view = new Float32Array(length);
      structuredClone(view.buffer, { transfer: [view.buffer] });
      expect(codeOf(() => toArrayData(view, 'x'))).toBe('BUFFER_DETACHED');
      expect(codeOf(() => toArrayData({ data: view, shape: [0] }, 'x'))).toBe('BUFFER_DETACHED');
      expect(codeOf(() => toArrayData([view], 'x'))).toBe('BUFFER_DETACHED');
    }
  });

  test('a view of WebAssembly memory that has grown is refused', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const view = new Uint8Array(memory.buffer);
    memory.grow(1);
    expect(codeOf(() => toArrayData(view, 'x'))).toBe('BUFFER_DETACHED');
  });

  interface Resizable extends ArrayBuffer {
    resize(length: number): void;
  }
  type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => Resizable;
  const ResizableBuffer = ArrayBuffer as unknown as ResizableConstructor;

  test('a view that its resized buffer no longer holds is refused', () => {
    const buffer = new ResizableBuffer(64, { maxByteLength: 128 });
    const fixed = new Float32Array(buffer, 0, 16);
    const offset = new Float32Array(buffer, 32);
    buffer.resize(16);
    expect(codeOf(() => toArrayData(fixed, 'x'))).toBe('BUFFER_DETACHED');
    expect(codeOf(() => toArrayData(offset, 'x'))).toBe('BUFFER_DETACHED');
    buffer.resize(64);
    expect(toArrayData(fixed, 'x').shape).toEqual([16]);
  });

  test('a view that follows its buffer has the length of this moment', () => {
    const buffer = new ResizableBuffer(64, { maxByteLength: 128 });
    const tracking = new Float32Array(buffer);
    buffer.resize(16);
    expect(toArrayData(tracking, 'x').shape).toEqual([4]);
    expect(codeOf(() => toArrayData(tracking, 'x', [16]))).toBe('SHAPE_MISMATCH');
  });

  test('shared memory is copied', () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    shared.set([1, 2, 3, 4]);
    const { data } = toArrayData(shared, 'x', [2, 2]);
    shared.fill(9);
    expect([...data]).toEqual([1, 2, 3, 4]);
    expect(data.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('a view keeps its offset', () => {
    const all = new Float32Array([0, 1, 2, 3, 4]);
    expect([...toArrayData(all.subarray(1, 4), 'x').data]).toEqual([1, 2, 3]);
    expect([...toArrayData(Buffer.from([7, 8]), 'x').data]).toEqual([7, 8]);
  });

  test('a subclass or own property cannot lie about its length, class or buffer', () => {
    class Liar extends Float32Array {
      override get length(): number {
        return 1e9;
      }
      override get byteOffset(): number {
        return 64;
      }
      override get buffer(): ArrayBuffer {
        return new ArrayBuffer(8);
      }
      override get [Symbol.toStringTag](): 'Float32Array' {
        return 'Uint8Array' as 'Float32Array';
      }
      static get [Symbol.species](): never {
        throw new Error('asked');
      }
    }
    const own = new Float32Array([1, 2]);
    Object.defineProperty(own, 'length', { value: 100 });
    Object.setPrototypeOf(own, null);
    for (const liar of [new Liar([1, 2]), own]) {
      const { data, shape, dtype } = toArrayData(liar, 'x');
      expect(Object.getPrototypeOf(data)).toBe(Float32Array.prototype);
      expect([...data]).toEqual([1, 2]);
      expect(shape).toEqual([2]);
      expect(dtype).toBe('float32');
    }
  });

  test('getters of { data, shape } are read once', () => {
    let reads = 0;
    const x = {
      data: new Float32Array(2),
      get shape() {
        return reads++ === 0 ? [2] : [1e9];
      },
    };
    expect(toArrayData(x, 'x').shape).toEqual([2]);
    expect(reads).toBe(1);
  });
});
