// IDX files of every type, gzipped and not, whole and damaged; MNIST from a folder.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { datasets } from 'descend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedPath } from '../shared.js';

const { readIdx, loadMnist } = datasets;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descend idx '));
});
afterAll(() => rm(folder, { recursive: true }));

function idx(type: number, shape: number[], data: number[] | Uint8Array): Uint8Array<ArrayBuffer> {
  const dataStart = 4 + 4 * shape.length;
  const file = new Uint8Array(dataStart + data.length);
  file.set([0, 0, type, shape.length]);
  shape.forEach((size, axis) => {
    new DataView(file.buffer).setUint32(4 + 4 * axis, size);
  });
  file.set(data, dataStart);
  return file;
}

const formatError = expect.objectContaining({ code: 'FILE_FORMAT', name: 'DescendError' });

describe('readIdx', () => {
  test.each([
    ['unsigned bytes', 0x08, [0, 128, 255], 'uint8', [0, 128, 255]],
    ['signed bytes', 0x09, [0, 128, 255], 'int32', [0, -128, -1]],
    ['16 bits', 0x0b, [0x80, 0, 0x01, 0x02], 'int32', [-32768, 258]],
    ['32 bits', 0x0c, [0x80, 0, 0, 0, 1, 2, 3, 4], 'int32', [-(2 ** 31), 0x01020304]],
    ['floats', 0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], 'float32', [1, -2.5]],
    ['doubles', 0x0e, [0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], 'float32', [Math.fround(0.1)]],
  ])('%s, big-endian', async (_, type, bytes, dtype, values) => {
    for (const file of [idx(type, [values.length], bytes), gzipSync(idx(type, [values.length], bytes))]) {
      const array = await readIdx(file);
      expect(array.shape).toEqual([values.length]);
      expect(array.dtype).toBe(dtype);
      expect([...array.data]).toEqual(values);
    }
  });

  test('takes bytes, buffers, blobs, responses, paths and URLs', async () => {
    const file = idx(0x08, [2, 1], [3, 4]);
    const path = join(folder, 'two.idx');
    await writeFile(path, file);
    const address = `data:application/octet-stream;base64,${Buffer.from(file).toString('base64')}`;
    const sources = [file, file.buffer, new Blob([file]), new Response(file), path, pathToFileURL(path), address];
    for (const source of sources) {
      const { data, shape } = await readIdx(source);
      expect([...data, ...shape]).toEqual([3, 4, 2, 1]);
    }
  });

  test('takes bytes as they were when called', async () => {
    const file = idx(0x08, [2], [3, 4]);
    const reading = readIdx(file);
    file.fill(0);
    expect([...(await reading).data]).toEqual([3, 4]);
  });

  test.each([[[0]], [[0, 28, 28]], [[2, 0]]])('an empty array of shape %j', async (shape) => {
    expect((await readIdx(idx(0x08, shape, []))).shape).toEqual(shape);
    expect((await readIdx(gzipSync(idx(0x08, shape, [])))).shape).toEqual(shape);
  });

  test.each([0, 1, 15, 16, 17, 31, 33, 63, 70_000, 200_001])('%i bytes, gzipped', async (count) => {
    const data = Uint8Array.from({ length: count }, (_, i) => (i * i) % 251);
    const array = await readIdx(gzipSync(idx(0x08, [count], data)));
    expect(array.shape).toEqual([count]);
    expect(Buffer.compare(array.data as Uint8Array, data)).toBe(0);
  });

  const good = idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]);
  test.each([
    ['no bytes', new Uint8Array(0)],
    ['every type unknown', idx(0x0a, [1], [1])],
    ['rank 0', idx(0x08, [], [1])],
    ['rank 17', idx(0x08, new Array(17).fill(1), [1])],
    ['another magic', Uint8Array.from([1, ...good.slice(1)])],
    ['text', new TextEncoder().encode('P5 28 28 255')],
    ['a byte too few', good.slice(0, -1)],
    ['a byte too many', Uint8Array.from([...good, 0])],
    ['sizes that overflow', idx(0x0e, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1])],
    ['sizes that wrap to 4 modulo 2^64', idx(0x08, [4194305, 4194305, 211106198], [1, 2, 3, 4])],
  ])('refuses %s, gzipped or not', async (_, file) => {
    await expect(readIdx(file)).rejects.toEqual(formatError);
    await expect(readIdx(gzipSync(file))).rejects.toEqual(formatError);
  });

  test('refuses every truncation, of the file and of its gzip', async () => {
    const packed = gzipSync(good);
    for (let length = 0; length < good.length; length++) {
      await expect(readIdx(good.slice(0, length))).rejects.toEqual(formatError);
    }
    for (let length = 0; length < packed.length; length++) {
      await expect(readIdx(packed.subarray(0, length)), `${length}`).rejects.toEqual(formatError);
    }
  });

  test('stops inflating where the announced size ends', async () => {
    const bomb = gzipSync(idx(0x08, [10], new Uint8Array(64 << 20)));
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readIdx(bomb)).rejects.toEqual(formatError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });

  test('does not reserve what a header merely claims', async () => {
    const claim = gzipSync(idx(0x08, [2 ** 31 - 1], [1, 2, 3]));
    const before = process.memoryUsage().arrayBuffers;
    await expect(readIdx(claim)).rejects.toEqual(formatError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });

  test('says which file is missing, refused or of the wrong kind', async () => {
    await expect(readIdx(join(folder, 'none'))).rejects.toThrow(/^reading ".*none": expected .*, got ENOENT/);
    await expect(readIdx(folder)).rejects.toEqual(expect.objectContaining({ code: 'FILE_IO' }));
    await expect(readIdx(new Response('', { status: 404 }))).rejects.toThrow('HTTP status 404');
    await expect(readIdx('http://127.0.0.1:1/x')).rejects.toEqual(expect.objectContaining({ code: 'FILE_IO' }));
    await expect(readIdx(3 as never)).rejects.toEqual(expect.objectContaining({ code: 'INVALID_VALUE' }));
    const used = new Response(good);
    await used.arrayBuffer();
    await expect(readIdx(used)).rejects.toEqual(expect.objectContaining({ code: 'FILE_IO' }));
  });
});

describe('loadMnist', () => {
  const images = idx(0x08, [2, 1, 2], [1, 2, 3, 4]);
  const labels = idx(0x08, [2], [7, 9]);

  async function folderOf(files: Record<string, Uint8Array>): Promise<string> {
    const path = await mkdtemp(join(folder, 'set '));
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(path, name), bytes);
    return path;
  }

  test('finds plain and gzipped files, with a dash or a dot', async () => {
    const path = await folderOf({
      'train-images-idx3-ubyte': images,
      'train-labels-idx1-ubyte.gz': gzipSync(labels),
      't10k-images.idx3-ubyte': images,
      't10k-labels.idx1-ubyte': labels,
      'README.md': labels,
    });
    const expected = {
      x: { data: new Uint8Array([1, 2, 3, 4]), shape: [2, 1, 2], dtype: 'uint8' },
      y: { data: new Uint8Array([7, 9]), shape: [2], dtype: 'uint8' },
    };
    for (const source of [path, `${path}/`, pathToFileURL(path), pathToFileURL(`${path}/`)]) {
      expect(await loadMnist(source)).toEqual({ train: expected, test: expected });
    }
  });

  test('refuses labels of other images, missing files and missing folders', async () => {
    const path = await folderOf({
      'train-images-idx3-ubyte': images,
      'train-labels-idx1-ubyte': idx(0x08, [3], [1, 2, 3]),
      't10k-images-idx3-ubyte': images,
      't10k-labels-idx1-ubyte': labels,
    });
    await expect(loadMnist(path)).rejects.toEqual(formatError);
    await rm(join(path, 't10k-labels-idx1-ubyte'));
    await expect(loadMnist(path)).rejects.toThrow('t10k-labels-idx1-ubyte');
    await expect(loadMnist(join(folder, 'nowhere'))).rejects.toEqual(expect.objectContaining({ code: 'FILE_IO' }));
  });

  const mnist = sharedPath('data/mnist');
  test.skipIf(!mnist)('real MNIST', async () => {
    const { train, test: held } = await loadMnist(mnist as string);
    expect(train.x.shape).toEqual([10_000, 28, 28]);
    expect(train.x.data).toBeInstanceOf(Uint8Array);
    expect(held.y.shape).toEqual([10_000]);
    // The official test set begins with a 7, and has 980 zeros and 1,135 ones.
    expect([...held.y.data.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect(held.y.data.filter((label) => label === 0).length).toBe(980);
    expect(held.y.data.filter((label) => label === 1).length).toBe(1135);
    expect(train.y.data.filter((label) => label === 0).length).toBe(1001);
  });
});
