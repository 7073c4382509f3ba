// A CSV file as a problem: which column is to be predicted, whether it holds classes or amounts, and how the others are
// brought to mean 0 and standard deviation 1, by a Rescaling inside the model.

import type { ArrayData } from '../data/arrays.js';
import { toNumber } from '../data/csv-columns.js';
import { placeOf } from '../data/csv-reader.js';
import { type Samples, splitSamples } from '../data/split.js';
import { fail, quote } from '../errors.js';
import { Rescaling } from '../index.node.js';
import type { Choices, Problem, Scale } from './problem.js';
import { numbersOf, readTable, type TextTable, textsOf } from './table.js';

/** Whole numbers count as classes up to so many different ones, each seen twice on average. */
const MOST_CLASSES = 20;

/** The problem of predicting a column from the others. Throws FILE_IO, FILE_FORMAT, UNKNOWN_NAME, INVALID_VALUE. */
export async function tableProblem(path: string, choices: Choices): Promise<Problem> {
  const table = await readTable(path);
  const target = choices.target ?? (table.columns.at(-1) as string);
  const left = (choices.ignore ?? []).map((column) => table.columns[placeOf(column, table.columns, table.name)]);
  const columns = table.columns.filter((column) => column !== target && !left.includes(column));
  const texts = labelsIn(table, target);
  if (table.rows.length < 2 || columns.length === 0) {
    const got = `${table.rows.length} rows, ${columns.length} columns besides ${quote(target)}`;
    throw fail('INVALID_VALUE', `reading ${table.name}`, 'two rows or more and a column to predict from', got);
  }
  const x: ArrayData = {
    data: numbersOf(table, columns),
    shape: [table.rows.length, columns.length],
    dtype: 'float32',
  };
  const { classes, why } = classesIn(texts, choices.task);
  const y = classes ? indicesIn(classes, texts) : targetsIn(table, target);
  const { train, test } = splitSamples({ x, y }, { seed: choices.seed, testFraction: choices.validationSplit });
  if (train.x.shape[0] === 0) throw fail('INVALID_VALUE', '--validation-split', 'rows left to learn from', 'none');
  const scale = classes ? undefined : scaleOf(train.y, 0);
  const used = columns.length > 8 ? `${columns.slice(0, 8).join(', ')}, …` : columns.join(', ');
  return {
    words: [
      ['Data', `${table.rows.length} rows of ${columns.length} columns: ${used}`],
      ['Target', `${quote(target)}, ${why}`],
    ],
    train: scaled(train, scale),
    validation: test.x.shape[0] ? scaled(test, scale) : undefined,
    first: [standardisation(train.x)],
    scale,
    note: { columns, target, ...(classes && { classes }) },
  };
}

/** The fields of the target; numbers in one spelling, so that 1 and 1.0 are one class. Throws FILE_FORMAT for a blank. */
function labelsIn(table: TextTable, target: string): string[] {
  const texts = textsOf(table, target);
  const blank = texts.indexOf('');
  if (blank >= 0) {
    const where = `reading ${table.name}, line ${table.rows[blank]?.line}, column ${quote(target)}`;
    throw fail('FILE_FORMAT', where, 'a target', 'an empty field', 'fill in or remove rows with missing values');
  }
  const numbers = texts.map(toNumber);
  return numbers.includes(undefined) ? texts : numbers.map(String);
}

/** The classes among the fields of a target, or none where they are amounts; and why. */
function classesIn(texts: readonly string[], task: Choices['task']): { classes?: string[]; why: string } {
  const numbers = texts.map(toNumber);
  const distinct = [...new Set(texts)];
  const numeric = numbers.every((value) => value !== undefined);
  const few = distinct.length <= MOST_CLASSES && 2 * distinct.length <= texts.length;
  const asked = task === undefined ? '' : ', as asked';
  if (task === 'regression' || (task === undefined && numeric && !(few && numbers.every(Number.isInteger)))) {
    return { why: `${distinct.length} different ${numeric ? 'numbers' : 'values'}: regression${asked}` };
  }
  const classes = numeric ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
  if (classes.length < 2) throw fail('INVALID_VALUE', 'target', 'at least two classes', String(classes.length));
  if (2 * classes.length > texts.length) {
    const got = `${classes.length} in ${texts.length} rows`;
    throw fail('INVALID_VALUE', 'target', 'classes seen twice on average', got, 'name another with --target');
  }
  const names = classes.length > 8 ? `${classes.slice(0, 8).join(', ')}, …` : classes.join(', ');
  const what = numeric ? 'different whole numbers' : 'different texts';
  return { classes, why: `${classes.length} ${what} (${names}): classification${asked}` };
}

function indicesIn(classes: readonly string[], texts: readonly string[]): ArrayData {
  const places = new Map(classes.map((name, index) => [name, index]));
  const data = Int32Array.from(texts, (text) => places.get(text) as number);
  return { data, shape: [texts.length], dtype: 'int32' };
}

function targetsIn(table: TextTable, target: string): ArrayData {
  const data = numbersOf(table, [target]);
  return { data, shape: [data.length], dtype: 'float32' };
}

// x · scale + offset cancels where a mean is many deviations; but then float32 has rounded x itself by as much.
function standardisation(x: ArrayData): Rescaling {
  const width = x.shape[1] as number;
  const scales = Array.from({ length: width }, (_, column) => scaleOf(x, column));
  return new Rescaling({
    scale: scales.map(({ deviation }) => 1 / deviation),
    offset: scales.map(({ mean, deviation }) => -mean / deviation),
    inputShape: [width],
  });
}

/** Mean and deviation of a column; 1 in place of a deviation of 0. */
function scaleOf({ data, shape }: ArrayData, column: number): Scale {
  const [rows = 0, width = 1] = shape;
  const mean = meanOf(rows, (row) => data[row * width + column] as number);
  const variance = meanOf(rows, (row) => ((data[row * width + column] as number) - mean) ** 2);
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

function meanOf(rows: number, value: (row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += value(row);
  return sum / rows;
}

function scaled({ x, y }: Samples, scale: Scale | undefined): Samples {
  if (scale === undefined) return { x, y };
  const data = Float32Array.from(y.data, (value) => (value - scale.mean) / scale.deviation);
  return { x, y: { ...y, data } };
}
