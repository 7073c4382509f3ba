// A CSV file as the commands use it: named columns, read as numbers or as text. A first row of numbers is no header; the
// columns are then called 0, 1, …

import { decode } from '../data/csv.js';
import { toNumber } from '../data/csv-columns.js';
import { headerNames, placeOf } from '../data/csv-reader.js';
import { type CsvRow, parseCsv } from '../data/csv-rows.js';
import { type DescendError, fail, quote } from '../errors.js';
import { readSource, sourceName } from '../io/file.js';

/** The rows of a file. */
export interface TextTable {
  /** How messages call the file. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly hasHeader: boolean;
  readonly rows: readonly CsvRow[];
}

/** Reads a file. Throws FILE_IO, FILE_FORMAT, DUPLICATE_NAME. */
export async function readTable(path: string): Promise<TextTable> {
  const name = sourceName(path);
  const rows = parseCsv(decode(await readSource(path), name), name);
  const [first] = rows;
  if (first === undefined) throw fail('FILE_FORMAT', `reading ${name}`, 'a table', 'an empty file');
  const [only = ''] = first.fields;
  if (first.fields.length === 1 && /[;\t]/.test(only)) {
    throw fail('FILE_FORMAT', `reading ${name}`, 'columns separated by commas', `one column, ${quote(only)}`);
  }
  const hasHeader = first.fields.some((field) => toNumber(field) === undefined);
  const columns = hasHeader ? headerNames(rows.shift(), name) : first.fields.map((_, i) => String(i));
  return { name, columns, hasHeader, rows };
}

/** The numbers of some columns, row by row. Throws FILE_FORMAT with the place of what is no number, UNKNOWN_NAME. */
export function numbersOf(table: TextTable, columns: readonly string[]): Float32Array {
  const places = columns.map((column) => placeOf(column, table.columns, table.name));
  const numbers = new Float32Array(table.rows.length * columns.length);
  let position = 0;
  for (const row of table.rows) {
    for (const place of places) {
      const value = toNumber(row.fields[place] as string);
      if (value === undefined) throw notANumber(table, row, place);
      numbers[position++] = value;
    }
  }
  return numbers;
}

/** The fields of a column, without the space around them. Throws UNKNOWN_NAME. */
export function textsOf(table: TextTable, column: string): string[] {
  const place = placeOf(column, table.columns, table.name);
  return table.rows.map(({ fields }) => (fields[place] as string).trim());
}

function notANumber(table: TextTable, { fields, line }: CsvRow, place: number): DescendError {
  const field = fields[place] as string;
  const column = table.columns[place] as string;
  const hint = /^(\?|-|nan?|n\/a|null|none)?$/i.test(field.trim())
    ? 'fill in or remove rows with missing values'
    : `leave columns of text out with --ignore ${/[^\w-]/.test(column) ? quote(column) : column}`;
  const where = `reading ${table.name}, line ${line}, column ${quote(column)}`;
  return fail('FILE_FORMAT', where, 'a decimal number', quote(field), hint);
}

/** A field of a CSV file, quoted where it must be. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
