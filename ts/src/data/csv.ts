// Reads tables of numbers and categories from CSV (RFC 4180: quoted fields, LF or CRLF, an optional byte order mark).
// Refuses rows of differing length, stray quotes, and, unless it is told otherwise, fields that are empty or of another
// kind; says where they stand.

import { fail } from '../errors.js';
import { readSource, type Source } from '../io/file.js';
import type { ArrayData } from './arrays.js';
import { type CsvOptions, type CsvSchema, openTable } from './csv-table.js';
import { END } from './flow.js';

/** A table as numbers: one row per sample. */
export interface Table {
  /** float32 of shape [rows, columns]. */
  x: ArrayData;
  /** The label column, float32 of shape [rows]; of shape [0] without a `label`. */
  y: ArrayData;
  /** What the columns of `x` are called: as in the table, or `city=Paris` for a category. */
  columns: string[];
  /** Categories and means, for reading other tables alike: `readCsv(other, { like: schema })`. */
  schema: CsvSchema;
}

/**
 * Reads a CSV table as a whole; `Dataset.fromCsv` reads one row by row. A string with a line break in it is the table
 * itself, any other string a path or address. Throws FILE_IO, FILE_FORMAT (with the line), UNKNOWN_NAME for a column that
 * is not there, DUPLICATE_NAME, UNKNOWN_OPTION, INVALID_VALUE.
 */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<Table> {
  const isResponse = typeof source === 'object' && 'body' in source && 'ok' in source;
  const table = await openTable(isResponse ? await readSource(source) : source, options, 'readCsv');
  const [x, y] = [new Growing(), new Growing()];
  const rows = table.open();
  try {
    for (;;) {
      const pulled = rows.next();
      const row = pulled instanceof Promise ? await pulled : pulled;
      if (row === END) break;
      x.push(row.x);
      y.push([row.y]);
    }
  } finally {
    await rows.close();
  }
  const labels = table.schema.label ? y.data : new Float32Array(0);
  return {
    x: { data: x.data, shape: [y.data.length, table.columns.length], dtype: 'float32' },
    y: { data: labels, shape: [labels.length], dtype: 'float32' },
    columns: [...table.columns],
    schema: table.schema,
  };
}

/** Numbers of which it is not known how many will come. */
class Growing {
  #room = new Float32Array(1024);
  #length = 0;

  push(numbers: ArrayLike<number>): void {
    const length = this.#length + numbers.length;
    if (length > this.#room.length) {
      const larger = new Float32Array(Math.max(length, 2 * this.#room.length));
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room.set(numbers, this.#length);
    this.#length = length;
  }

  get data(): Float32Array {
    return this.#room.slice(0, this.#length);
  }
}

/** Text in UTF-8. Throws FILE_FORMAT. */
export function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fail('FILE_FORMAT', `reading ${name}`, 'text in UTF-8', 'other bytes');
  }
}
