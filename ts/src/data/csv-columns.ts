// What the columns of a CSV table mean: numbers or categories, with a way to go about missing values; and rows of fields
// as numbers by that.

import { checkOptionNames, type DescendError, describeValue, fail, quote } from '../errors.js';
import type { CsvRow } from './csv-rows.js';

/** What to do where a number is missing: refuse the file, leave the row out, take the column's mean, or this value. */
export type MissingNumber = 'error' | 'drop' | 'mean' | { readonly value: number };

/** A column of numbers. */
export interface NumberColumn {
  readonly type: 'number';
  /** Default 'error', or what the table's `missing` says. The mean is of all rows that have the number. */
  readonly missing?: MissingNumber | undefined;
}

/** A column of texts, each of which is a category. */
export interface CategoryColumn {
  readonly type: 'category';
  /** The categories, in order. Default: all that the table has, in the order of their UTF-16 codes. */
  readonly vocabulary?: readonly string[] | undefined;
  /** Where a text is no category: refuse the file, leave the row out, or take one more category for all. Default 'error'. */
  readonly unknown?: 'error' | 'drop' | 'other' | undefined;
  /** A number of 0 or 1 for each category, or its index, for an embedding; labels have the index. Default 'oneHot'. */
  readonly encoding?: 'oneHot' | 'index' | undefined;
  /** What to do where it is missing: refuse the file, leave the row out, or take this category. Default 'error'. */
  readonly missing?: 'error' | 'drop' | { readonly value: string } | undefined;
}

/** What a column holds. */
export type CsvColumn = 'number' | 'category' | 'ignore' | NumberColumn | CategoryColumn;

/** A column, with everything decided that can be known only from a table. */
export type KnownColumn = (
  | (NumberColumn & { readonly missing: Exclude<MissingNumber, 'mean'> })
  | (CategoryColumn & { readonly vocabulary: readonly string[] })
) & { readonly name: string };

/** The most categories that are looked for in a column: more are names or numbers of single rows. */
const MOST_CATEGORIES = 2 ** 16;

/** A column as it is asked for, filled in. Throws INVALID_VALUE, UNKNOWN_OPTION. */
export function checkColumn(
  column: unknown,
  missing: MissingNumber,
  what: string,
): NumberColumn | CategoryColumn | 'ignore' {
  if (column === 'number') return { type: 'number', missing };
  if (column === 'category') return { type: 'category' };
  if (column === 'ignore') return column;
  const { type } = Object(column) as { type?: unknown };
  if (type === 'number') {
    const { missing: own = missing } = column as NumberColumn;
    checkOptionNames(column, ['type', 'name', 'missing'], what);
    checkMissing(own, ['error', 'drop', 'mean'], 'number', what);
    return { type, missing: own };
  }
  if (type !== 'category') {
    throw fail(
      'INVALID_VALUE',
      what,
      "'number', 'category', 'ignore' or an object of such a type",
      describeValue(column),
    );
  }
  checkOptionNames(column, ['type', 'name', 'vocabulary', 'unknown', 'encoding', 'missing'], what);
  const { vocabulary, unknown, encoding, missing: own = 'error' } = column as CategoryColumn;
  checkMissing(own, ['error', 'drop'], 'string', what);
  checkWord(unknown, ['error', 'drop', 'other'], `${what}: unknown`);
  checkWord(encoding, ['oneHot', 'index'], `${what}: encoding`);
  if (vocabulary !== undefined) checkVocabulary(vocabulary, own, what);
  return { type, vocabulary: vocabulary && [...vocabulary], unknown, encoding, missing: own };
}

/** A way to go about missing values. Throws INVALID_VALUE. */
export function checkMissing(missing: unknown, words: readonly string[], kind: string, what: string): void {
  if (words.includes(missing as string)) return;
  const { value } = Object(missing) as { value?: unknown };
  const fits = typeof value === kind && (kind === 'string' || Number.isFinite(Math.fround(value as number)));
  const expected = `${words.map((word) => `'${word}'`).join(', ')} or { value: a ${kind} }`;
  if (!fits) throw fail('INVALID_VALUE', `${what}: missing`, expected, describeValue(missing));
}

function checkWord(value: unknown, words: readonly string[], what: string): void {
  if (value === undefined || words.includes(value as string)) return;
  throw fail('INVALID_VALUE', what, words.map((word) => `'${word}'`).join(' or '), describeValue(value));
}

function checkVocabulary(vocabulary: unknown, missing: CategoryColumn['missing'], what: string): void {
  const texts = Array.isArray(vocabulary) && vocabulary.every((text) => typeof text === 'string');
  if (!texts || vocabulary.length === 0 || new Set(vocabulary).size !== vocabulary.length) {
    throw fail('INVALID_VALUE', `${what}: vocabulary`, 'a list of different texts', describeValue(vocabulary));
  }
  if (typeof missing !== 'object' || vocabulary.includes(missing.value)) return;
  throw fail('INVALID_VALUE', `${what}: missing`, 'a category of the vocabulary', quote(missing.value));
}

/** What is to be known of a whole table before its first row can be read as numbers. */
export interface Survey {
  add(field: string): void;
  /** Throws FILE_FORMAT. */
  known(): KnownColumn;
}

/** What a column needs to be asked of all rows; or the column, where it needs nothing. */
export function surveyOf(name: string, column: NumberColumn | CategoryColumn, where: string): Survey | KnownColumn {
  if (column.type === 'number') {
    const { missing = 'error' } = column;
    return missing === 'mean' ? meanSurvey(name, where) : { name, type: 'number', missing };
  }
  const { vocabulary } = column;
  return vocabulary ? { ...column, name, vocabulary } : vocabularySurvey(name, column, where);
}

// What is no number is found when the row is read.
function meanSurvey(name: string, where: string): Survey {
  let [sum, count] = [0, 0];
  const add = (field: string): void => {
    const value = toNumber(field);
    if (value === undefined) return;
    sum += value;
    count++;
  };
  const known = (): KnownColumn => {
    if (count > 0) return { name, type: 'number', missing: { value: Math.fround(sum / count) } };
    throw fail('FILE_FORMAT', `${where}, column ${quote(name)}`, 'a number to take the mean of', 'none');
  };
  return { add, known };
}

function vocabularySurvey(name: string, column: CategoryColumn, where: string): Survey {
  const found = new Set<string>();
  const { missing } = column;
  if (typeof missing === 'object') found.add(missing.value);
  const add = (field: string): void => {
    if (found.has(field)) return;
    // A copy of its own: a part of a text keeps all of it in memory.
    found.add(` ${field}`.slice(1));
    if (found.size <= MOST_CATEGORIES) return;
    const hint = 'ignore the column, or give its vocabulary';
    throw fail('FILE_FORMAT', `${where}, column ${quote(name)}`, `at most ${MOST_CATEGORIES} categories`, 'more', hint);
  };
  return { add, known: () => ({ ...column, name, vocabulary: [...found].sort() }) };
}

/** Where a field stands, for messages. */
export type Where = (row: CsvRow, name: string) => string;

/** A column of a row as numbers. */
export interface Encoder {
  /** Numbers it takes, and what they are called. */
  readonly names: readonly string[];
  /** Writes them, or says that the row is to be left out. Throws FILE_FORMAT. */
  encode(row: CsvRow, into: Float32Array, at: number): boolean;
}

/** How a column is read; `isMissing` knows a missing field. */
export function encoderOf(
  column: KnownColumn,
  place: number,
  isMissing: (field: string) => boolean,
  where: Where,
): Encoder {
  return column.type === 'number'
    ? numberEncoder(column, place, isMissing, where)
    : categoryEncoder(column, place, isMissing, where);
}

function numberEncoder(
  { name, missing }: KnownColumn & { type: 'number' },
  place: number,
  isMissing: (field: string) => boolean,
  where: Where,
): Encoder {
  const encode = (row: CsvRow, into: Float32Array, at: number): boolean => {
    const field = row.fields[place] as string;
    const value = toNumber(field);
    if (value !== undefined && !isMissing(field)) {
      into[at] = value;
      return true;
    }
    if (missing === 'error' || !isMissing(field)) throw notANumber(field, where(row, name), isMissing(field));
    if (missing === 'drop') return false;
    into[at] = missing.value;
    return true;
  };
  return { names: [name], encode };
}

function categoryEncoder(
  { name, vocabulary, unknown = 'error', encoding = 'oneHot', missing = 'error' }: KnownColumn & { type: 'category' },
  place: number,
  isMissing: (field: string) => boolean,
  where: Where,
): Encoder {
  const places = new Map(vocabulary.map((text, index) => [text, index]));
  const oneHot = encoding === 'oneHot';
  const all = vocabulary.map((text) => `${name}=${text}`);
  if (unknown === 'other') all.push(`${name} (other)`);
  const encode = (row: CsvRow, into: Float32Array, at: number): boolean => {
    let text = (row.fields[place] as string).trim();
    if (isMissing(text) && !places.has(text)) {
      if (missing === 'error') throw notACategory('a category', text, where(row, name), 'say what to do by `missing`');
      if (missing === 'drop') return false;
      text = missing.value;
    }
    const index = places.get(text) ?? vocabulary.length;
    if (index === vocabulary.length && unknown !== 'other') {
      if (unknown === 'drop') return false;
      throw notACategory('a category of the vocabulary', text, where(row, name), 'say what to do by `unknown`');
    }
    if (oneHot) into.fill(0, at, at + all.length);
    into[oneHot ? at + index : at] = oneHot ? 1 : index;
    return true;
  };
  return { names: oneHot ? all : [name], encode };
}

/** A field as float32, undefined where it is no decimal number: Number() would also take '', '0x10' and 'Infinity'. */
export function toNumber(field: string): number | undefined {
  const text = field.trim();
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Math.fround(Number(text));
  return Number.isFinite(value) ? value : undefined;
}

function notANumber(field: string, what: string, missing: boolean): DescendError {
  const hint = missing ? 'fill in or remove rows with missing values, or say what to do by `missing`' : undefined;
  return fail('FILE_FORMAT', what, 'a decimal number within float32', quote(field), hint);
}

function notACategory(expected: string, text: string, what: string, hint: string): DescendError {
  return fail('FILE_FORMAT', what, expected, quote(text), hint);
}
