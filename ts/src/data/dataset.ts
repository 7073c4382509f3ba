// Data that is read as it is needed: elements from arrays, files or anything iterable, brought into form by stages, and
// iterated any number of times. Nothing is read before an iteration asks for it; elements come one after the other.

import { checkOptionNames, describeValue, fail } from '../errors.js';
import type { Source } from '../io/file.js';
import { boolean, wholeNumber } from '../numbers.js';
import { checkSeed, defaultSeed } from '../seed.js';
import { type ArrayData, toArrayData } from './arrays.js';
import { type CsvOptions, type CsvSchema, type NumberRow, openTable } from './csv-table.js';
import { dropping, type Flow, iterate } from './flow.js';
import { shuffleAll, shuffleBuffered } from './shuffle.js';
import { type Elements, elementsOf, numbers, rowOf, rowsOf } from './sources.js';
import { stack } from './stack.js';
import * as stages from './stages.js';

/** What `batch` makes of elements: each part of them, along a new first axis. */
export type Batched<T> = T extends number | boolean | ArrayBufferView | { readonly data: unknown }
  ? ArrayData
  : T extends object
    ? { -readonly [K in keyof T]: ArrayData }
    : ArrayData;

/** Options of `shuffle`. */
export interface ShuffleOptions {
  /** With the epoch it sets the order, the same everywhere. Default: `setSeed`'s, or by chance. */
  seed?: number;
  /** Each element is drawn from the next so many ones. Default: all, which have to fit into memory. */
  buffer?: number;
}

/** Options of `batch`. */
export interface BatchOptions {
  /** Whether a last batch of fewer elements is left out. Default false. */
  dropRemainder?: boolean;
}

/** The rows of a CSV table. */
export interface CsvDataset<T> extends Dataset<T> {
  /** What the numbers of `x` are called: a column's name, or `city=Paris` for a category. */
  readonly columns: readonly string[];
  /** Categories and means, for reading other tables alike: `fromCsv(other, { like: schema })`. */
  readonly schema: CsvSchema;
}

/** A row of a CSV table. */
export type CsvElement<O extends CsvOptions> = O extends { label: object | string }
  ? [x: ArrayData, y: ArrayData]
  : ArrayData;

/** What elements are taken from: a typed array, nested arrays, or data with a shape. */
export type ArraySource =
  | ArrayBufferView
  | readonly unknown[]
  | { readonly data: ArrayBufferView | readonly unknown[]; readonly shape?: readonly number[] };

/** Elements in a cheaper form, such as numbers of rows, on which works what only chooses among them. */
interface Rows<T, Row = never> {
  readonly flow: Flow<Row>;
  readonly element: (row: Row) => T;
  /** The batch of some. */
  readonly gather: (rows: Row[]) => unknown;
}

/**
 * A sequence of elements, such as samples `[x, y]`, `[x, y, sampleWeight]`, `{ x, y }` or x alone, each part a number, a
 * typed array, nested arrays or `{ data, shape }`. Every method gives a new data set and leaves this one as it is:
 *
 * ```ts
 * import { datasets } from 'descend';
 *
 * const { train } = await datasets.loadDigits();
 * const brighter = datasets.Dataset.fromArrays(train.x, train.y)
 *   .shuffle({ seed: 1 })
 *   .map(([{ data, shape }, y]) => [{ data: data.map((value) => 2 * value), shape }, y] as const)
 *   .batch(32);
 * for await (const [x, y] of brighter) console.log(x.shape, y.shape);
 * ```
 *
 * `fit` iterates it once per epoch, and shuffling draws another order each time. A list is always taken for the parts of
 * an element, so a sample that is a list of numbers goes in as a typed array or as a part.
 */
export class Dataset<T> implements AsyncIterable<T> {
  readonly #flow: Flow<T>;
  readonly #rows: Rows<T> | undefined;

  /** @internal */
  constructor(flow: Flow<T>, rows?: Rows<T>) {
    this.#flow = flow;
    this.#rows = rows;
  }

  /**
   * The rows of arrays, along their first axes: x alone, [x, y] or [x, y, sampleWeight]. Typed arrays are not copied.
   * Throws as `fit` does, and SHAPE_MISMATCH unless there are equally many rows.
   */
  static fromArrays(x: ArraySource): Dataset<ArrayData>;
  static fromArrays(x: ArraySource, y: ArraySource): Dataset<[x: ArrayData, y: ArrayData]>;
  static fromArrays(
    x: ArraySource,
    y: ArraySource,
    w: ArraySource,
  ): Dataset<[x: ArrayData, y: ArrayData, sampleWeight: ArrayData]>;
  static fromArrays(...given: readonly unknown[]): Dataset<unknown> {
    const arrays = given.map((array, i) => toArrayData(array, ['x', 'y', 'sampleWeight'][i] ?? `array ${i}`));
    const [count] = arrays.map(({ shape }) => shape[0]);
    if (count === undefined || arrays.some(({ shape }) => shape[0] !== count)) {
      const got = arrays.map(({ shape }) => String(shape[0])).join(' and ');
      throw fail('SHAPE_MISMATCH', 'fromArrays', 'arrays of equally many rows', got || 'none');
    }
    const form = (parts: ArrayData[]): unknown => (parts.length === 1 ? parts[0] : parts);
    return ofRows({
      flow: numbers(count),
      element: (row: number) => form(arrays.map((array) => rowOf(array, row))),
      gather: (rows: number[]) => form(arrays.map((array) => rowsOf(array, rows))),
    });
  }

  /**
   * The elements of anything iterable, synchronously or not. A generator runs once: give a function that makes one, which
   * is called with the number of the epoch for each iteration. Throws INVALID_VALUE.
   */
  static from<T>(elements: Elements<T>): Dataset<T> {
    return new Dataset(elementsOf(elements));
  }

  /**
   * The rows of a CSV table, [x, y] with a `label`, else x: read from the file for each iteration, so it may be larger than
   * memory. Where means or categories are to be found in it, it is read once more, now. A string with a line break in it
   * is the table itself, any other a path or address. Throws as `readCsv` does; what is wrong with a row, when it is read.
   */
  static async fromCsv<O extends CsvOptions>(source: Source, options?: O): Promise<CsvDataset<CsvElement<O>>> {
    const { open, columns, schema } = await openTable(source, options ?? {}, 'fromCsv');
    const width = columns.length;
    const flow: Flow<NumberRow> = { size: undefined, open: (_, skip) => dropping(open(), skip) };
    const form = (x: Float32Array, y: Float32Array, rows: number[]): unknown => {
      const sample: ArrayData = { data: x, shape: [...rows, width], dtype: 'float32' };
      return schema.label ? [sample, { data: y, shape: rows, dtype: 'float32' }] : sample;
    };
    const set = ofRows({
      flow,
      element: ({ x, y }) => form(x, Float32Array.of(y), []) as CsvElement<O>,
      gather: (rows: NumberRow[]) => {
        const x = new Float32Array(rows.length * width);
        rows.forEach((row, i) => {
          x.set(row.x, i * width);
        });
        const y = Float32Array.from(rows, (row) => row.y);
        return form(x, y, [rows.length]);
      },
    });
    return Object.assign(set, { columns, schema });
  }

  /** Lists of one element from each data set, as long as all of them have one. */
  static zip<T extends readonly unknown[]>(...sets: { [K in keyof T]: Dataset<T[K]> }): Dataset<[...T]> {
    if (sets.length === 0) throw fail('INVALID_VALUE', 'zip', 'at least one data set', 'none');
    return new Dataset(stages.zip(sets.map(flowOf)) as Flow<[...T]>);
  }

  /** The number of elements, where it is known without iterating; Infinity for those that are repeated without end. */
  get size(): number | undefined {
    return this.#flow.size;
  }

  /**
   * `make` of each element, or what it promises; `index` counts from 0 in each iteration. What it throws ends the
   * iteration. It runs as often as its elements are read, so results repeat only if it draws nothing by chance.
   */
  map<U>(make: (element: T, index: number) => U | PromiseLike<U>): Dataset<U> {
    assertFunction(make, 'map');
    return new Dataset(stages.map(this.#flow, make));
  }

  /** The elements for which `keep` gives, or promises, true. */
  filter(keep: (element: T, index: number) => boolean | PromiseLike<boolean>): Dataset<T> {
    assertFunction(keep, 'filter');
    const rows = this.#rows;
    if (!rows) return new Dataset(stages.filter(this.#flow, keep));
    return ofRows({ ...rows, flow: stages.filter(rows.flow, (row, index) => keep(rows.element(row), index)) });
  }

  /**
   * All elements in another order for each epoch. Without `buffer`, and with the model's seed as `seed`, it is the order
   * in which `fit` visits arrays. With it, an element comes less than `buffer` places early.
   */
  shuffle(options: ShuffleOptions = {}): Dataset<T> {
    checkOptionNames(options, ['seed', 'buffer'], 'shuffle');
    const seed = options.seed === undefined ? defaultSeed() : checkSeed(options.seed, 'shuffle seed');
    if (options.buffer === undefined) return this.#chosen((flow) => shuffleAll(flow, seed));
    const room = wholeNumber(options.buffer, 'shuffle buffer', 1);
    return this.#chosen((flow) => shuffleBuffered(flow, seed, room));
  }

  /** Batches of `size` elements. Throws SHAPE_MISMATCH, when iterated, for elements of different shapes. */
  batch(size: number, options: BatchOptions = {}): Dataset<Batched<T>> {
    checkOptionNames(options, ['dropRemainder'], 'batch');
    const most = wholeNumber(size, 'batch size', 1);
    const dropRemainder = boolean(options.dropRemainder ?? false, 'dropRemainder');
    const rows = this.#rows;
    const batches = rows
      ? stages.group(rows.flow, most, dropRemainder, rows.gather)
      : stages.group(this.#flow, most, dropRemainder, stack);
    return new Dataset(batches as Flow<Batched<T>>);
  }

  /** All elements `count` times over, without end by default; each time in the order of another epoch. */
  repeat(count: number = Number.POSITIVE_INFINITY): Dataset<T> {
    const times = count === Number.POSITIVE_INFINITY ? count : wholeNumber(count, 'repeat count', 0);
    return this.#chosen((flow) => stages.repeat(flow, times));
  }

  /** The first `count` elements. */
  take(count: number): Dataset<T> {
    const most = wholeNumber(count, 'take count', 0);
    return this.#chosen((flow) => stages.take(flow, most));
  }

  /** The elements behind the first `count`. */
  skip(count: number): Dataset<T> {
    const first = wholeNumber(count, 'skip count', 0);
    return this.#chosen((flow) => stages.skip(flow, first));
  }

  /** These elements, then those of `others`. */
  concatenate(...others: readonly Dataset<T>[]): Dataset<T> {
    return new Dataset(stages.concatenate([this.#flow, ...others.map(flowOf)]));
  }

  /**
   * The same elements, of which up to `count` are asked for before they are wanted: for a source or a `map` that waits, as
   * for files or a network. `fit` reads ahead by itself.
   */
  prefetch(count: number): Dataset<T> {
    const most = wholeNumber(count, 'prefetch count', 1);
    return new Dataset(stages.prefetch(this.#flow, most));
  }

  /**
   * The elements in the order of an epoch, from 0, behind the first `skip`: where training was broken off, it goes on
   * there. Sources that can leave rows out do; others are read and passed over.
   */
  epoch(number: number, skip = 0): AsyncIterable<T> {
    const epoch = wholeNumber(number, 'epoch', 0);
    const first = wholeNumber(skip, 'epoch skip', 0);
    return { [Symbol.asyncIterator]: () => iterate(this.#flow.open(epoch, first)) };
  }

  /** The elements in the order of epoch 0. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return iterate(this.#flow.open(0, 0));
  }

  /** @internal */
  static flowOf<T>(set: Dataset<T>): Flow<T> {
    if (set instanceof Dataset) return set.#flow;
    throw fail('INVALID_VALUE', 'Dataset', 'a Dataset', describeValue(set), 'Dataset.from(…) makes one');
  }

  /** After a stage that looks at no element. */
  #chosen(stage: <E>(flow: Flow<E>) => Flow<E>): Dataset<T> {
    const rows = this.#rows;
    return rows ? ofRows({ ...rows, flow: stage(rows.flow) }) : new Dataset(stage(this.#flow));
  }
}

function flowOf<T>(set: Dataset<T>): Flow<T> {
  return Dataset.flowOf(set);
}

function ofRows<T, Row>(rows: Rows<T, Row>): Dataset<T> {
  // Only its own functions ever see a row.
  return new Dataset(stages.map(rows.flow, rows.element), rows as unknown as Rows<T>);
}

function assertFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw fail('INVALID_VALUE', what, 'a function', describeValue(value));
}
