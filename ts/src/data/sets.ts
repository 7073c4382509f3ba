// The data sets that come with the package, and MNIST from a folder of the user's.
// Nothing is downloaded from anywhere: shipped files are read from beside the code.

import { checkOptionNames, fail, quote } from '../errors.js';
import { hasFiles } from '../io/file.js';
import type { ArrayData } from './arrays.js';
import { readCsv, type Table } from './csv.js';
import { readIdx } from './idx.js';
import { formatShape } from './shape.js';
import { type Samples, type SplitOptions, splitSamples, type TrainTest } from './split.js';

/**
 * The 1,797 handwritten digits of the UCI set that scikit-learn carries (8x8, values 0 to 16 as bytes, CC BY 4.0),
 * shuffled by `seed` and divided: x of shape [n, 8, 8], y of shape [n] with the labels 0 to 9.
 */
export async function loadDigits(options: SplitOptions = {}): Promise<TrainTest> {
  checkOptionNames(options, ['seed', 'testFraction'], 'loadDigits');
  const [x, y] = await Promise.all([
    readIdx(shipped(new URL('../../datasets/digits/images-idx3-ubyte.gz', import.meta.url))),
    readIdx(shipped(new URL('../../datasets/digits/labels-idx1-ubyte.gz', import.meta.url))),
  ]);
  return splitSamples({ x, y }, options);
}

/**
 * A small synthetic table of house sales: x of shape [60, 4] with area_m2, rooms, age_years and distance_km, y of
 * shape [60] with the price in thousands of euros; datasets/house-prices/README.md states the rule behind it.
 */
export async function loadHousePrices(): Promise<Table> {
  const file = shipped(new URL('../../datasets/house-prices/house-prices.csv', import.meta.url));
  return await readCsv(file, { label: 'price_kEUR' });
}

/**
 * MNIST, or a set with files of the same names, from a folder (or, in a browser, an address) of IDX files, gzipped or
 * not: `train*-images-idx3-ubyte`, `train*-labels-idx1-ubyte` and the same with `t10k`. Bytes stay bytes: x has shape
 * [n, 28, 28], y [n]. Throws FILE_IO when a file is missing, FILE_FORMAT when images and labels do not belong together.
 */
export async function loadMnist(folder: string | URL): Promise<TrainTest> {
  const text = String(folder);
  const base = text.endsWith('/') ? text : `${text}/`;
  const names = await namesIn(base);
  const [train, test] = await Promise.all([readSamples(base, 'train', names), readSamples(base, 't10k', names)]);
  return { train, test };
}

// The built files lie one folder higher than their sources: dist/data, not ts/src/data.
function shipped(url: URL): URL {
  const { pathname } = new URL(import.meta.url);
  return pathname.endsWith('.ts') ? new URL(url.href.replace('/ts/datasets/', '/datasets/')) : url;
}

// A page cannot list a folder, so there the official names are assumed.
async function namesIn(base: string): Promise<string[]> {
  if (!hasFiles() || /^https?:/i.test(base)) {
    return ['train', 't10k'].flatMap((part) => [`${part}-images-idx3-ubyte.gz`, `${part}-labels-idx1-ubyte.gz`]);
  }
  try {
    const { readdir } = process.getBuiltinModule('node:fs/promises');
    return await readdir(base.startsWith('file:') ? new URL(base) : base);
  } catch (cause) {
    throw fail('FILE_IO', `reading ${quote(base)}`, 'a folder of IDX files', 'no such folder', undefined, cause);
  }
}

async function readSamples(base: string, part: string, names: readonly string[]): Promise<Samples> {
  const [x, y] = await Promise.all([
    readIdx(base + fileOf(names, part, 'images', 'idx3', base)),
    readIdx(base + fileOf(names, part, 'labels', 'idx1', base)),
  ]);
  assertPaired(x, y, `${part} files in ${quote(base)}`);
  return { x, y };
}

// Of several that fit, the shortest name: the official set before an excerpt, a plain file before its gzip.
function fileOf(names: readonly string[], part: string, kind: string, rank: string, base: string): string {
  const pattern = new RegExp(`^${part}\\w*-${kind}[-.]${rank}-ubyte(\\.gz)?$`);
  const [name] = names
    .filter((candidate) => pattern.test(candidate))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  if (name !== undefined) return name;
  throw fail('FILE_IO', `reading ${quote(base)}`, `${part}-${kind}-${rank}-ubyte or its .gz`, 'no such file');
}

function assertPaired(x: ArrayData, y: ArrayData, what: string): void {
  if (x.shape.length === 3 && y.shape.length === 1 && x.shape[0] === y.shape[0]) return;
  const got = `${formatShape(x.shape)} and ${formatShape(y.shape)}`;
  throw fail('FILE_FORMAT', what, 'images [n, height, width] and labels [n]', got);
}
