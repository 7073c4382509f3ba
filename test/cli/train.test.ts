// Training and predicting from the command line: what is learned is held against the rule that made the data, and the saved
// model against raw columns.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel } from 'descend';
import { describe, expect, test } from 'vitest';
import { smallModel } from '../models/small.js';
import { words } from '../noise.js';
import { descend, folder, output, program } from './descend.js';

const here = await folder();
const digits = fileURLToPath(new URL('../../datasets/digits', import.meta.url));

async function file(name: string, lines: readonly (readonly (string | number)[])[]): Promise<string> {
  const path = join(here, name);
  await writeFile(path, lines.map((line) => line.join(',')).join('\n'));
  return path;
}

/** A number from 0 to 1 that depends on `i` alone. */
const noise = (i: number): number => words(i)() / 2 ** 32;
const hashIn = (text: string): string => /SHA-256\s+([0-9a-f]{64})/.exec(text)?.[1] ?? 'none';
const rowsOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

describe('a table of amounts', () => {
  const WIDTH = 300;
  // Columns of very different sizes, one of which says nothing.
  const sample = (i: number) => [1900 + Math.round(100 * noise(3 * i)), noise(3 * i + 1) / 1000, 7];
  const rule = ([year, tiny]: number[]) => 50_000 + 20 * (year! - 1950) - 3e6 * tiny!;

  test('a model that is right on raw columns, in their order or another', async () => {
    const rows = Array.from({ length: WIDTH }, (_, i) => [...sample(i), rule(sample(i))]);
    const csv = await file('amounts.csv', [['year', 'tiny', 'same', 'price'], ...rows]);
    const model = join(here, 'amounts.safetensors');
    const linear = ['--hidden', 'none', '--epochs', '200', '--learning-rate', '0.02'];
    const report = await output('train', csv, ...linear, '--out', model);
    expect(report).toMatch(/"price", \d+ different numbers: regression/);
    expect(report).toContain('270 to learn from, 30 to measure by');

    const fresh = Array.from({ length: 50 }, (_, i) => sample(10_000 + i));
    const expected = fresh.map(rule);
    const loaded = await loadModel(model);
    const { data } = await loaded.predict(fresh);
    expect(hashIn(report)).toBe(await loaded.hash());
    const other = await file('other.csv', [
      ['note', 'same', 'tiny', 'year'],
      ...fresh.map(([y, t, s]) => ['x', s!, t!, y!]),
    ]);
    const [header, ...lines] = rowsOf(await output('predict', model, other));
    expect(header).toEqual(['price']);
    expect(lines).toHaveLength(50);
    // The prices lie within some ± 2,000 of their mean.
    for (const [i, price] of expected.entries()) {
      expect(Math.abs(data[i]! - price)).toBeLessThan(20);
      expect(Math.fround(Number(lines[i]![0]))).toBe(data[i]);
    }
  });

  test('says how far it was off where the truth is there', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => [...sample(i), rule(sample(i)) + 100]);
    const csv = await file('known.csv', [['year', 'tiny', 'same', 'price'], ...rows]);
    const { stderr } = await descend(['predict', join(here, 'amounts.safetensors'), csv]);
    const [, error] = /Error\s+([\d.]+) on average over 20 rows/.exec(stderr)!;
    expect(Math.abs(Number(error) - 100)).toBeLessThan(20);
  });
});

describe('a table of classes', () => {
  const KINDS = ['a "big" one', 'small', 'two, three'];
  const place = (i: number) => [1e4 * (noise(2 * i) + (i % 3)), 1e-3 * (noise(2 * i + 1) - (i % 3))];
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  // In the order of their classes, as such files often are.
  const rows = [0, 1, 2].flatMap((kind) =>
    Array.from({ length: 60 }, (_, i) => [quoted(KINDS[kind]!), i, ...place(3 * i + kind)]),
  );

  test('names of classes go in and come out', async () => {
    const csv = await file('classes.csv', [['kind', 'id', 'a', 'b'], ...rows]);
    const model = join(here, 'classes.safetensors');
    const options = [
      '--target',
      'kind',
      '--ignore',
      'id',
      '--hidden',
      '16,8',
      '--epochs',
      '60',
      '--learning-rate',
      '0.01',
    ];
    const report = await output('train', csv, ...options, '--out', model);
    expect(report).toContain(`3 different texts (${KINDS.join(', ')}): classification`);
    expect(report).toMatch(/2 → 16 → 8 → 3, 211 parameters, Adam, learning rate 0.01/);
    const { stdout, stderr } = await descend(['predict', model, csv, '--probabilities']);
    expect(stdout.split('\n')[0]).toBe('kind,probability,"a ""big"" one",small,"two, three"');
    expect(stdout.split('\n')[70]).toMatch(/^small,0\.\d+,/);
    expect(stderr).toMatch(/^Accuracy\s+(9[89]|100)\.\d % on 180 samples/);
  });

  test('few whole numbers are classes, unless asked for otherwise', async () => {
    const numbered = rows.map(([, , a, b], i) => [a!, b!, Math.floor(i / 60) + 5]);
    const csv = await file('numbered.csv', numbered);
    const report = await output('train', csv, '--epochs', '1');
    expect(report).toContain('180 rows of 2 columns: 0, 1');
    expect(report).toContain('"2", 3 different whole numbers (5, 6, 7): classification');
    expect(await output('train', csv, '--epochs', '1', '--task', 'regression')).toContain('regression, as asked');
  });
});

describe('images', () => {
  test('the digits: one seed, one model, on both engines', async () => {
    const [native, wasm] = await Promise.all(
      ['native', 'wasm'].map((engine) => {
        const out = join(here, `${engine}.safetensors`);
        return output('train', digits, '--epochs', '15', '--seed', '3', '--engine', engine, '--out', out);
      }),
    );
    expect(native).toContain('Engine      native');
    expect(wasm).toContain('Engine      wasm');
    expect(native).toContain('1797 images of 8x8 pixels up to 16');
    const [, accuracy] = /Validation.*accuracy ([\d.]+) %/.exec(native!)!;
    expect(Number(accuracy)).toBeGreaterThanOrEqual(95);
    expect(hashIn(wasm!)).toBe(hashIn(native!));
    const files = await Promise.all(['native', 'wasm'].map((name) => readFile(join(here, `${name}.safetensors`))));
    expect(files[0]!.equals(files[1]!)).toBe(true);

    const { stdout, stderr } = await descend(['predict', join(here, 'native.safetensors'), digits]);
    expect(rowsOf(stdout)).toHaveLength(1798);
    expect(stderr).toMatch(/^Accuracy\s+9[5-9]\.\d % on 1797 samples/);
  });

  test.skipIf(process.platform === 'win32')('Ctrl-C ends training, and the model is saved as it stands', async () => {
    const out = join(here, 'stopped.safetensors');
    const child = spawn(process.execPath, [program, 'train', digits, '--epochs', '1000000', '--out', out]);
    let report = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!report.includes('Epoch 3/') && (report + text).includes('Epoch 3/')) child.kill('SIGINT');
      report += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(report).toMatch(/Stopped\s+by Ctrl-C/);
    expect(await (await loadModel(out)).hash()).toBe(hashIn(report));
  });
});

test('a model that a program saved predicts columns as they come', async () => {
  const model = smallModel();
  const path = join(here, 'small.safetensors');
  await model.save(path);
  const csv = await file('plain.csv', [
    [0.5, -1],
    [2, 0.25],
  ]);
  const [header, ...lines] = rowsOf(await output('predict', path, csv));
  expect(header).toEqual(['prediction_0', 'prediction_1', 'prediction_2']);
  const { data } = await model.predict([
    [0.5, -1],
    [2, 0.25],
  ]);
  expect(lines.flat().map((text) => Math.fround(Number(text)))).toEqual([...data]);
});
