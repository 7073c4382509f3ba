// A folder of IDX files: `train…` and `t10k…` as MNIST has them, or one pair `images-idx3-ubyte`, `labels-idx1-ubyte`,
// gzipped or not.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Samples, splitSamples } from '../data/split.js';
import { fail, quote } from '../errors.js';
import { datasets, Flatten, Rescaling } from '../index.node.js';
import { reasonOf } from '../io/file.js';
import type { Choices, Problem } from './problem.js';

/** The samples of a folder. */
export interface ImageFolder {
  /** To learn from. */
  readonly train: Samples;
  /** The folder's own test samples. */
  readonly test: Samples | undefined;
}

/** Whether samples are a folder of images; else they are a file. Throws FILE_IO where there is neither. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause) => {
    const expected = 'a folder of IDX files or a CSV file';
    throw fail('FILE_IO', `reading ${quote(path)}`, expected, reasonOf(cause), undefined, cause);
  });
  return found.isDirectory();
}

/** Reads a folder. Throws FILE_IO, FILE_FORMAT. */
export async function readImages(folder: string): Promise<ImageFolder> {
  const names = (await readdir(folder)).sort();
  if (names.some((name) => /^train\w*-images[-.]idx3-ubyte/.test(name))) return await datasets.loadMnist(folder);
  const fileOf = (kind: string): string => {
    const found = names.find((name) => name.includes(kind) && /idx[13]-ubyte(\.gz)?$/.test(name));
    if (found !== undefined) return join(folder, found);
    throw fail('FILE_IO', `reading ${quote(folder)}`, `a file such as train-${kind}-ubyte or ${kind}-ubyte.gz`, 'none');
  };
  const [x, y] = await Promise.all([datasets.readIdx(fileOf('images-idx3')), datasets.readIdx(fileOf('labels-idx1'))]);
  if (x.shape.length === 3 && y.shape.length === 1 && x.shape[0] === y.shape[0])
    return { train: { x, y }, test: undefined };
  const got = `[${x.shape.join(', ')}] and [${y.shape.join(', ')}]`;
  throw fail('FILE_FORMAT', `files in ${quote(folder)}`, 'images [n, height, width] and labels [n]', got);
}

/** The problem of telling the images of a folder apart. */
export async function imageProblem(folder: string, { validationSplit, seed }: Choices): Promise<Problem> {
  const { train: all, test } = await readImages(folder);
  const [count, height, width] = all.x.shape as [number, number, number];
  const { train, test: validation } = splitSamples(all, { seed, testFraction: validationSplit });
  const brightest = most(all.x.data) || 1;
  const classes = Array.from({ length: Math.max(2, 1 + most(all.y.data)) }, (_, label) => String(label));
  const others = test ? `, ${test.x.shape[0]} to test on` : '';
  return {
    words: [
      ['Data', `${count} images of ${height}x${width} pixels up to ${brightest}${others}`],
      ['Target', `${classes.length} classes: classification`],
    ],
    train,
    validation: validation.x.shape[0] ? validation : undefined,
    test,
    first: [new Rescaling({ scale: 1 / brightest, inputShape: [height, width] }), new Flatten()],
    note: { target: 'label', classes },
  };
}

function most(data: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, data[i] as number);
  return largest;
}
