// `descend predict`: what a saved model says about the rows of a table or the images of a folder, as CSV on stdout. Where the
// truth is there as well, how often (or how far) it was missed goes to stderr.

import { writeFile } from 'node:fs/promises';
import type { ArrayData } from '../data/arrays.js';
import { toNumber } from '../data/csv-columns.js';
import { fail, quote } from '../errors.js';
import { loadModel, type Network, ready } from '../index.node.js';
import { readSource } from '../io/file.js';
import { readSafetensors } from '../io/safetensors.js';
import { choiceOf, readArguments, textOf } from './arguments.js';
import { isFolder, readImages } from './images.js';
import { type Note, noteOf } from './note.js';
import { percent, print, short } from './print.js';
import { csvField, numbersOf, readTable, type TextTable, textsOf } from './table.js';

export const usage = `Usage: descend predict MODEL.safetensors DIR|FILE.csv [options]

FILE.csv needs the columns that the model was trained on, by name and in any order; others are passed over.
DIR holds IDX files; where there are test files (t10k…), those are used. The answers are CSV, a line per sample.

  --probabilities   a column for each class as well
  --out FILE.csv    write there instead of to stdout
  --engine NAME     native or wasm`;

/** What to predict from, and what is known of the truth. */
interface Samples {
  readonly x: ArrayData;
  /** The names of classes, or amounts, as texts. */
  readonly truth: readonly string[] | undefined;
}

/** Runs the command. */
export async function run(words: readonly string[]): Promise<number> {
  const options = { probabilities: { type: 'boolean' }, out: { type: 'string' }, engine: { type: 'string' } } as const;
  const given = readArguments(words, options, ['MODEL.safetensors', 'DIR or FILE.csv']);
  const engine = choiceOf(given, 'engine', ['native', 'wasm']);
  const [file, path] = given.names as [string, string];
  await ready(engine ? { engine } : {});
  const saved = await readSource(file);
  const note = noteOf(readSafetensors(saved, quote(file)).metadata);
  const model = await loadModel(saved, { compile: false });
  const { x, truth } = await samplesFor(model, note, path);
  const { data, shape } = await model.predict(x, { batchSize: 1024 });
  const answers = answersIn(data, shape, note, given.values.probabilities === true);
  const csv = [answers.header, ...answers.rows].map((row) => `${row.map(csvField).join(',')}\n`).join('');
  const out = textOf(given, 'out');
  if (out === undefined) process.stdout.write(csv);
  else await writeFile(out, csv);
  if (truth)
    compare(
      answers.rows.map(([answer]) => answer as string),
      truth,
      note,
    );
  return 0;
}

async function samplesFor(model: Network, note: Note, path: string): Promise<Samples> {
  if (await isFolder(path)) {
    const { train, test } = await readImages(path);
    const { x, y } = test ?? train;
    return { x, truth: note.classes && Array.from(y.data, (label) => note.classes?.[label] ?? String(label)) };
  }
  const table = await readTable(path);
  const width = model.inputShape.reduce((product, size) => product * size, 1);
  const columns = columnsFor(table, note, width);
  const truth =
    note.target !== undefined && table.columns.includes(note.target) ? textsOf(table, note.target) : undefined;
  const shape = [table.rows.length, ...model.inputShape];
  return { x: { data: numbersOf(table, columns), shape, dtype: 'float32' }, truth };
}

// By name where both files have names, else by position.
function columnsFor(table: TextTable, note: Note, width: number): readonly string[] {
  const named = table.hasHeader || note.columns?.every((column) => table.columns.includes(column));
  if (note.columns && named) return note.columns;
  if (table.columns.length === width) return table.columns;
  const names = note.columns ? `: ${note.columns.join(', ')}` : '';
  throw fail('SHAPE_MISMATCH', `reading ${table.name}`, `${width} columns${names}`, String(table.columns.length));
}

interface Answers {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function answersIn(data: Float32Array, [count = 0, ...rest]: readonly number[], note: Note, all: boolean): Answers {
  const width = rest.reduce((product, size) => product * size, 1);
  const rows = Array.from({ length: count }, (_, row) => data.subarray(row * width, (row + 1) * width));
  const { classes } = note;
  if (classes?.length !== width) {
    const name = note.target ?? 'prediction';
    const header = width === 1 ? [name] : Array.from({ length: width }, (_, i) => `${name}_${i}`);
    return { header, rows: rows.map((row) => Array.from(row, decimal)) };
  }
  const header = [note.target ?? 'prediction', 'probability', ...(all ? classes : [])];
  return {
    header,
    rows: rows.map((row) => {
      const best = row.reduce((most, value, i) => (value > (row[most] as number) ? i : most), 0);
      return [classes[best] as string, decimal(row[best] as number), ...(all ? Array.from(row, decimal) : [])];
    }),
  };
}

/** The digits that tell a float32 from its neighbours, and no more. */
function decimal(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}

function compare(answers: readonly string[], truth: readonly string[], { classes, target }: Note): void {
  const known = target === undefined ? 'the truth' : quote(target);
  if (classes) {
    const same = (a: string, b: string): boolean =>
      a === b || (toNumber(a) !== undefined && toNumber(a) === toNumber(b));
    const right = answers.filter((answer, i) => same(answer, truth[i] as string)).length;
    print(
      'Accuracy',
      `${percent(right / answers.length)} on ${answers.length} samples, of which ${known} is known`,
      process.stderr,
    );
    return;
  }
  const errors = truth.map((text, i) => Math.abs((toNumber(text) ?? Number.NaN) - Number(answers[i])));
  const told = errors.filter((error) => !Number.isNaN(error));
  if (told.length === 0) return;
  const mean = told.reduce((sum, error) => sum + error, 0) / told.length;
  print('Error', `${short(mean)} on average over ${told.length} rows, of which ${known} is known`, process.stderr);
}
