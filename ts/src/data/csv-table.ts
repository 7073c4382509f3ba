// A CSV table as rows of numbers, read from its source as often as is asked for and never held as a whole: first, where
// means or categories are to be found in it, to survey it.

import { checkOptionNames, describeValue, fail, quote } from '../errors.js';
import { chunksOf } from '../io/chunks.js';
import { readSource, type Source, sourceName } from '../io/file.js';
import {
  type CategoryColumn,
  type CsvColumn,
  checkColumn,
  checkMissing,
  type Encoder,
  encoderOf,
  type KnownColumn,
  type MissingNumber,
  type NumberColumn,
  type Survey,
  surveyOf,
} from './csv-columns.js';
import { namesIn, placeOf, RowReader, textOf } from './csv-reader.js';
import { type CsvRow, CsvSplitter } from './csv-rows.js';
import { type Cursor, END, type Pulled } from './flow.js';

/** Options of `readCsv` and `Dataset.fromCsv`. */
export interface CsvOptions {
  /** Whether the first row holds the columns' names; without one they are `'0'`, `'1'`, … Default true. */
  header?: boolean | undefined;
  /**
   * The columns that make up `x`: names of columns of numbers, in this order; or by name what columns hold, where the
   * others are numbers, in the order of the file. Default: all but `label`, numbers.
   */
  columns?: readonly string[] | Readonly<Record<string, CsvColumn>> | undefined;
  /** The column that becomes `y`: its name, if it holds numbers, or more about it. Categories are indices. Default: none. */
  label?: string | ((NumberColumn | CategoryColumn) & { readonly name: string }) | undefined;
  /** What to do where a number is missing, for columns of `x` that do not say it themselves. Default 'error'. */
  missing?: MissingNumber | undefined;
  /** Fields that say that a value is missing, besides empty ones: such as `['NA', '?']`. */
  missingValues?: readonly string[] | undefined;
  /** The character between fields. Default a comma. */
  delimiter?: string | undefined;
  /**
   * The `schema` of another table: the same columns of `x` with its categories and means, whatever this table has. Takes
   * the place of `columns` and `missing`, and says what the categories of `label` are.
   */
  like?: CsvSchema | undefined;
}

/** What was learned about the columns of a table: plain data, which may be kept beside a model. */
export interface CsvSchema {
  /** The columns of `x`, in their order. */
  readonly columns: readonly KnownColumn[];
  /** The column of `y`; the index of a category is its place in `vocabulary`. */
  readonly label?: KnownColumn;
}

/** A row: the numbers of `x`, and the label, NaN without one. */
export interface NumberRow {
  readonly x: Float32Array;
  readonly y: number;
}

const OPTIONS = ['header', 'columns', 'label', 'missing', 'missingValues', 'delimiter', 'like'];

/** A table whose columns are known. */
export interface CsvTable {
  readonly schema: CsvSchema;
  /** What the numbers of `x` are called: a column's name, or `city=Paris` for one of its categories. */
  readonly columns: readonly string[];
  /** The rows, anew. */
  open(): Cursor<NumberRow>;
}

/** Opens a table, and surveys it where that is needed. `what` is the function that was called. */
export async function openTable(given: Source, options: CsvOptions, what: string): Promise<CsvTable> {
  const { header, delimiter, missingValues } = checkOptions(options, what);
  const inline = typeof given === 'string' && /[\r\n]/.test(given);
  const name = inline ? 'CSV text' : sourceName(given);
  const source = isBytes(given) ? await readSource(given) : given;
  const rows = (): RowReader => {
    const pieces = inline ? [given].values() : textOf(chunksOf(source), name);
    return new RowReader(pieces, new CsvSplitter(name, delimiter), header);
  };
  const names = await namesIn(rows(), header, name);
  const missing = new Set(['', ...missingValues]);
  const isMissing = (field: string): boolean => missing.has(field.trim());
  const { features, label } = wantedColumns(options, names, name, what);
  const wanted = label ? [...features, label] : features;
  const places = wanted.map((column) => placeOf(column.name, names, name));
  const known = await survey(wanted, places, rows, isMissing, `reading ${name}`);
  const where = ({ line }: CsvRow, column: string): string => `reading ${name}, line ${line}, column ${quote(column)}`;
  const encoders = known.map((column, i) => encoderOf(column, places[i] as number, isMissing, where));
  const columns = known.slice(0, features.length);
  const labelColumn = known[features.length];
  const encode = rowEncoder(encoders.slice(0, features.length), encoders[features.length]);
  return {
    schema: labelColumn ? { columns, label: labelColumn } : { columns },
    columns: encoders.slice(0, features.length).flatMap((encoder) => encoder.names),
    open: () => tableCursor(rows(), encode),
  };
}

function isBytes(source: Source): boolean {
  return typeof source === 'object' && !(source instanceof URL) && !('arrayBuffer' in Object(source));
}

function checkOptions(options: CsvOptions, what: string) {
  checkOptionNames(options, OPTIONS, what);
  const { header = true, columns, delimiter = ',', missing = 'error', missingValues = [], like } = options;
  if (typeof header !== 'boolean') throw fail('INVALID_VALUE', `${what} header`, 'a boolean', describeValue(header));
  if (columns !== undefined && (typeof columns !== 'object' || columns === null)) {
    throw fail('INVALID_VALUE', `${what} columns`, 'an array of names, or columns by name', describeValue(columns));
  }
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw fail(
      'INVALID_VALUE',
      `${what} delimiter`,
      'one character, no quote and no line break',
      describeValue(delimiter),
    );
  }
  checkMissing(missing, ['error', 'drop', 'mean'], 'number', what);
  if (!Array.isArray(missingValues) || !missingValues.every((text) => typeof text === 'string')) {
    throw fail('INVALID_VALUE', `${what} missingValues`, 'a list of texts', describeValue(missingValues));
  }
  if (like !== undefined && (columns !== undefined || options.missing !== undefined)) {
    throw fail('INVALID_VALUE', `${what} like`, 'neither `columns` nor `missing` beside it', 'one of them');
  }
  return { header, delimiter, missingValues };
}

type Named<T> = T & { readonly name: string };
type Wanted = Named<NumberColumn | CategoryColumn>;

/** The columns that are asked for. Throws UNKNOWN_NAME, INVALID_VALUE. */
function wantedColumns(options: CsvOptions, names: readonly string[], table: string, what: string) {
  const { columns, label: given, missing = 'error', like } = options;
  const checked = (name: string, column: unknown): Wanted[] => {
    placeOf(name, names, table);
    const own = checkColumn(column, missing, `${what}: column ${quote(name)}`);
    return own === 'ignore' ? [] : [{ ...own, name }];
  };
  const label = given === undefined ? undefined : labelOf(given, like, names, table, what);
  if (like !== undefined) return { features: like.columns.flatMap((column) => checked(column.name, column)), label };
  if (Array.isArray(columns)) return { features: columns.flatMap((name) => checked(name, 'number')), label };
  const byName = new Map(Object.entries((columns ?? {}) as Record<string, CsvColumn>));
  for (const name of byName.keys()) placeOf(name, names, table);
  if (label && byName.has(label.name)) {
    const hint = "say it there: label: { name, type: 'category' }";
    throw fail('INVALID_VALUE', `${what} columns`, 'columns besides the label', quote(label.name), hint);
  }
  const others = names.filter((name) => name !== label?.name);
  return { features: others.flatMap((name) => checked(name, byName.get(name) ?? 'number')), label };
}

function labelOf(
  label: NonNullable<CsvOptions['label']>,
  like: CsvSchema | undefined,
  names: readonly string[],
  table: string,
  what: string,
): Wanted {
  const given = typeof label === 'object' ? label : { name: label, type: 'number' as const };
  const { name } = given;
  placeOf(name, names, table);
  const known = typeof label === 'string' && like?.label?.name === name ? like.label : given;
  const column = checkColumn(known, 'error', `${what} label`);
  if (column === 'ignore' || column.missing === 'mean') {
    throw fail('INVALID_VALUE', `${what} label`, 'labels that are there', describeValue(column));
  }
  return column.type === 'number' ? { ...column, name } : { ...column, encoding: 'index', name };
}

/** Asks all rows for what is to be known of the whole table, if anything is. */
async function survey(
  wanted: readonly Wanted[],
  places: readonly number[],
  rows: () => RowReader,
  isMissing: (field: string) => boolean,
  where: string,
): Promise<KnownColumn[]> {
  const surveys = wanted.map((column) => surveyOf(column.name, column, where));
  const open = surveys.flatMap((one, i) => ('add' in one ? [{ one, place: places[i] as number }] : []));
  if (open.length > 0) {
    await each(rows(), ({ fields }) => {
      for (const { one, place } of open) {
        const field = (fields[place] as string).trim();
        if (!isMissing(field)) one.add(field);
      }
    });
  }
  return surveys.map((one) => ('add' in one ? (one as Survey).known() : one));
}

async function each<T>(cursor: Cursor<T>, visit: (element: T) => void): Promise<void> {
  try {
    for (;;) {
      const pulled = cursor.next();
      const element = pulled instanceof Promise ? await pulled : pulled;
      if (element === END) return;
      visit(element);
    }
  } finally {
    await cursor.close();
  }
}

type EncodeRow = (row: CsvRow) => NumberRow | undefined;

// A row that a column wants to be left out is none.
function rowEncoder(features: readonly Encoder[], label: Encoder | undefined): EncodeRow {
  const width = features.reduce((sum, { names }) => sum + names.length, 0);
  const target = Float32Array.of(Number.NaN);
  return (row) => {
    const x = new Float32Array(width);
    let at = 0;
    for (const { names, encode } of features) {
      if (!encode(row, x, at)) return undefined;
      at += names.length;
    }
    if (label && !label.encode(row, target, 0)) return undefined;
    return { x, y: target[0] as number };
  };
}

function tableCursor(rows: RowReader, encode: EncodeRow): Cursor<NumberRow> {
  const read = (row: Pulled<CsvRow>): Pulled<NumberRow> | Promise<Pulled<NumberRow>> =>
    row === END ? END : (encode(row) ?? next());
  const next = (): Pulled<NumberRow> | Promise<Pulled<NumberRow>> => {
    for (;;) {
      const row = rows.next();
      if (row instanceof Promise) return row.then(read);
      if (row === END) return END;
      const numbers = encode(row);
      if (numbers) return numbers;
    }
  };
  return { next, close: () => rows.close() };
}
