// Reads tables of numbers from CSV (RFC 4180: quoted fields, LF or CRLF, an optional byte order mark).
// Refuses rows of differing length, empty or non-numeric fields and stray quotes, and says where they stand.

import { checkOptionNames, type DescendError, describeValue, fail, nearest, quote } from '../errors.js';
import { readSource, type Source, sourceName } from '../io/file.js';
import type { ArrayData } from './arrays.js';
import { type CsvRow, parseCsv } from './csv-rows.js';

/** Options of `readCsv`. */
export interface CsvOptions {
  /** Whether the first row holds the columns' names; without one they are `'0'`, `'1'`, … Default true. */
  header?: boolean;
  /** The columns that make up `x`, in this order. Default: all but `label`, as in the file. */
  columns?: readonly string[];
  /** The column that becomes `y`. Default: none. */
  label?: string;
}

/** A table of numbers: one row per sample. */
export interface Table {
  /** float32 of shape [rows, columns]. */
  x: ArrayData;
  /** The label column, float32 of shape [rows]; of shape [0] without a `label`. */
  y: ArrayData;
  /** The names of the columns of `x`. */
  columns: string[];
}

/**
 * Reads a CSV table of numbers. A string with a line break in it is the table itself, any other string a path or
 * address. Throws FILE_IO, FILE_FORMAT (with the line), UNKNOWN_NAME for a column that is not there, UNKNOWN_OPTION.
 */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<Table> {
  const { header, columns, label } = checkOptions(options);
  const inline = typeof source === 'string' && /[\r\n]/.test(source);
  const name = inline ? 'CSV text' : sourceName(source);
  const text = inline ? source : decode(await readSource(source), name);
  const rows = parseCsv(text, name);
  const width = rows[0]?.fields.length ?? 0;
  const names = header ? headerNames(rows.shift(), name) : Array.from({ length: width }, (_, i) => String(i));
  const used = columns ?? names.filter((column) => column !== label);
  const places = used.map((column) => placeOf(column, names, name));
  const x = numbers(rows, places, names, name);
  const y = label === undefined ? new Float32Array(0) : numbers(rows, [placeOf(label, names, name)], names, name);
  return {
    x: { data: x, shape: [rows.length, used.length], dtype: 'float32' },
    y: { data: y, shape: [y.length], dtype: 'float32' },
    columns: [...used],
  };
}

function checkOptions(options: CsvOptions): CsvOptions & { header: boolean } {
  checkOptionNames(options, ['header', 'columns', 'label'], 'readCsv');
  const { header = true, columns, label } = options;
  if (typeof header !== 'boolean') throw fail('INVALID_VALUE', 'readCsv header', 'a boolean', describeValue(header));
  if (columns !== undefined && !Array.isArray(columns)) {
    throw fail('INVALID_VALUE', 'readCsv columns', 'an array of names', describeValue(columns));
  }
  return { header, ...(columns && { columns }), ...(label !== undefined && { label }) };
}

/** Text in UTF-8. Throws FILE_FORMAT. */
export function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fail('FILE_FORMAT', `reading ${name}`, 'text in UTF-8', 'other bytes');
  }
}

/** The names in a header row. Throws FILE_FORMAT, DUPLICATE_NAME. */
export function headerNames(row: CsvRow | undefined, name: string): string[] {
  if (row === undefined) throw fail('FILE_FORMAT', `reading ${name}`, 'a header row', 'an empty file');
  const names = row.fields.map((field) => field.trim());
  const twice = names.find((column, i) => names.indexOf(column) !== i);
  if (twice !== undefined) {
    throw fail(
      'DUPLICATE_NAME',
      `reading ${name}, line ${row.line}`,
      'columns of different names',
      `${quote(twice)} twice`,
    );
  }
  return names;
}

/** Where a column stands. Throws UNKNOWN_NAME. */
export function placeOf(column: string, names: readonly string[], name: string): number {
  const place = names.indexOf(column);
  if (place >= 0) return place;
  const meant = nearest(String(column), names);
  const hint = meant === undefined ? undefined : `did you mean ${quote(meant)}?`;
  throw fail('UNKNOWN_NAME', `reading ${name}`, 'a column of the table', describeValue(column), hint);
}

function numbers(
  rows: readonly CsvRow[],
  places: readonly number[],
  names: readonly string[],
  name: string,
): Float32Array {
  const data = new Float32Array(rows.length * places.length);
  let position = 0;
  for (const { fields, line } of rows) {
    for (const place of places) {
      const field = fields[place] as string;
      const value = toNumber(field);
      if (value === undefined)
        throw notANumber(field, `reading ${name}, line ${line}, column ${quote(names[place] as string)}`);
      data[position++] = value;
    }
  }
  return data;
}

/** A field as float32, undefined where it is no decimal number: Number() would also take '', '0x10' and 'Infinity'. */
export function toNumber(field: string): number | undefined {
  const text = field.trim();
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Math.fround(Number(text));
  return Number.isFinite(value) ? value : undefined;
}

function notANumber(field: string, what: string): DescendError {
  const hint = field.trim() === '' ? 'fill in or remove rows with missing values' : undefined;
  return fail('FILE_FORMAT', what, 'a decimal number within float32', quote(field), hint);
}
