// CSV columns: categories and missing values against encodings written out by hand, a table read alike, and rows read one
// by one against the table read whole, wherever the text is cut.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datasets } from 'descend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusal } from '../models/small.js';

const { Dataset, readCsv } = datasets;
const rowsOf = ({ data, shape }: datasets.ArrayData): number[][] =>
  Array.from({ length: shape[0] as number }, (_, row) => [
    ...data.subarray(row * (shape[1] ?? 1), (row + 1) * (shape[1] ?? 1)),
  ]);

async function all<T>(set: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of set) elements.push(element);
  return elements;
}

const sales = `city,area,rooms,sold
Paris,50,2,yes
Berlin,,3,no
"Rome, old",70.5,NA,yes
Paris,30,1,no
`;

describe('categories', () => {
  test('are one number each, in the order of their names', async () => {
    const { x, columns, y, schema } = await readCsv(sales, {
      columns: { city: 'category', area: 'ignore', rooms: 'ignore' },
      label: { name: 'sold', type: 'category' },
    });
    expect(columns).toEqual(['city=Berlin', 'city=Paris', 'city=Rome, old']);
    expect(rowsOf(x)).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ]);
    expect([...y.data]).toEqual([1, 0, 1, 0]);
    expect(schema.label).toMatchObject({ name: 'sold', vocabulary: ['no', 'yes'] });
  });

  test('have their place in a vocabulary that is given, and unknown ones go where they are sent', async () => {
    const read = async (city: object) =>
      rowsOf(
        (
          await readCsv(sales, {
            columns: { city: { type: 'category', ...city }, area: 'ignore', rooms: 'ignore', sold: 'ignore' },
          } as never)
        ).x,
      );
    const vocabulary = ['Paris', 'Berlin'];
    expect(await read({ vocabulary, unknown: 'other' })).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(await read({ vocabulary, unknown: 'drop' })).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(await read({ vocabulary, unknown: 'other', encoding: 'index' })).toEqual([[0], [1], [2], [0]]);
    expect(await refusal(() => read({ vocabulary }))).toMatch(
      /^FILE_FORMAT reading CSV text, line 4, column "city": expected a category of the vocabulary, got "Rome, old" \(say.*unknown/,
    );
  });

  test('that are missing are refused, left out, or another one', async () => {
    const table = 'a\nx\n""\ny\n?\n';
    const read = async (a: object) =>
      rowsOf(
        (
          await readCsv(table, {
            columns: { a: { type: 'category', encoding: 'index', ...a } as never },
            missingValues: ['?'],
          })
        ).x,
      ).flat();
    expect(await refusal(() => read({}))).toMatch(
      /^FILE_FORMAT .*line 3, column "a": expected a category, got "".*missing/,
    );
    expect(await read({ missing: 'drop' })).toEqual([0, 1]);
    expect(await read({ missing: { value: 'y' } })).toEqual([0, 1, 1, 1]);
    expect(await read({ missing: { value: '' } })).toEqual([1, 0, 2, 0]);
  });

  test('are not names of single rows', async () => {
    const table = `id\n${Array.from({ length: 70_000 }, (_, i) => `row ${i}`).join('\n')}\n`;
    expect(await refusal(() => readCsv(table, { columns: { id: 'category' } }))).toMatch(
      /^FILE_FORMAT .*at most 65536 categories/,
    );
  });
});

describe('missing numbers', () => {
  const options = { columns: ['area', 'rooms'], missingValues: ['NA'] };

  test('are refused, left out, or what they are said to be', async () => {
    expect(await refusal(() => readCsv(sales, options))).toMatch(/^FILE_FORMAT .*line 3, column "area".*missing/);
    expect(rowsOf((await readCsv(sales, { ...options, missing: 'drop' })).x)).toEqual([
      [50, 2],
      [30, 1],
    ]);
    expect(rowsOf((await readCsv(sales, { ...options, missing: { value: -1 } })).x)).toEqual([
      [50, 2],
      [-1, 3],
      [70.5, -1],
      [30, 1],
    ]);
    const { x, schema } = await readCsv(sales, { ...options, missing: 'mean' });
    const mean = Math.fround(150.5 / 3);
    expect(rowsOf(x)).toEqual([
      [50, 2],
      [mean, 3],
      [70.5, 2],
      [30, 1],
    ]);
    expect(schema.columns.map(({ missing }) => missing)).toEqual([{ value: mean }, { value: 2 }]);
  });

  test('may be a number that means so', async () => {
    const { x } = await readCsv('a\n1\n-999\n3\n', { missing: 'mean', missingValues: ['-999'] });
    expect([...x.data]).toEqual([1, 2, 3]);
    expect(await refusal(() => readCsv('a\n-999\n', { missing: 'mean', missingValues: ['-999'] }))).toMatch(
      /^FILE_FORMAT .*a number to take the mean of/,
    );
  });

  test('are still refused where they are labels', async () => {
    const given = { label: 'b', missing: 'mean' } as const;
    expect(await refusal(() => readCsv('a,b\n1,2\n1,\n', given))).toMatch(/^FILE_FORMAT .*line 3, column "b"/);
    const label = { name: 'b', type: 'number', missing: 'drop' } as const;
    expect((await readCsv('a,b\n1,2\n1,\n', { label })).x.shape).toEqual([1, 1]);
  });
});

describe('another table', () => {
  test('is read alike, with the first one’s categories and means, in its order of columns', async () => {
    const train = await readCsv(sales, {
      columns: { city: { type: 'category', unknown: 'other' }, rooms: 'ignore' },
      missing: 'mean',
      label: { name: 'sold', type: 'category' },
    });
    expect(train.columns).toEqual(['city=Berlin', 'city=Paris', 'city=Rome, old', 'city (other)', 'area']);
    const schema = JSON.parse(JSON.stringify(train.schema)) as datasets.CsvSchema;
    const other = 'sold,area,city\nyes,,Oslo\n';
    const test = await readCsv(other, { like: schema, label: 'sold' });
    expect([...test.x.data]).toEqual([0, 0, 0, 1, Math.fround(150.5 / 3)]);
    expect([...test.y.data]).toEqual([1]);
    expect(test.columns).toEqual(train.columns);
    expect(test.schema).toEqual(train.schema);
    const unlabelled = await readCsv('area,city\n7,Paris\n', { like: schema });
    expect([...unlabelled.x.data]).toEqual([0, 1, 0, 0, 7]);
    expect(unlabelled.y.shape).toEqual([0]);
    expect(await refusal(() => readCsv('city\nParis\n', { like: schema }))).toMatch(/^UNKNOWN_NAME .*"area"/);
  });

  test('may have other delimiters', async () => {
    const { x } = await readCsv('a;"b;c"\r\n1;"2"\r\n3;4', { delimiter: ';' });
    expect(rowsOf(x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect((await readCsv('a\tb\n1\t2\n', { delimiter: '\t' })).columns).toEqual(['a', 'b']);
    expect(await refusal(() => readCsv('a;b\n1;"2"3\n', { delimiter: ';' }))).toMatch(
      /line 2: expected ";" or a line break/,
    );
  });
});

test('options are checked', async () => {
  const bad: [object, RegExp][] = [
    [{ columns: { city: 'text' } }, /^INVALID_VALUE readCsv: column "city": expected 'number', 'category'/],
    [{ columns: { city: { type: 'category', vocabulry: [] } } }, /^UNKNOWN_OPTION .*did you mean vocabulary/],
    [{ columns: { city: { type: 'category', vocabulary: [] } } }, /^INVALID_VALUE .*vocabulary/],
    [{ columns: { city: { type: 'category', vocabulary: ['a', 'a'] } } }, /^INVALID_VALUE .*vocabulary/],
    [
      { columns: { city: { type: 'category', vocabulary: ['a'], missing: { value: 'b' } } } },
      /^INVALID_VALUE .*missing/,
    ],
    [{ columns: { city: { type: 'category', missing: 'mean' } } }, /^INVALID_VALUE .*missing/],
    [{ columns: { city: { type: 'category', unknown: 'new' } } }, /^INVALID_VALUE .*unknown/],
    [{ columns: { city: { type: 'category', encoding: 'onehot' } } }, /^INVALID_VALUE .*encoding/],
    [{ columns: { area: { type: 'number', missing: { value: 1e39 } } } }, /^INVALID_VALUE .*missing/],
    [{ columns: { are: 'number' } }, /^UNKNOWN_NAME .*did you mean "area"/],
    [{ columns: { sold: 'category' }, label: 'sold' }, /^INVALID_VALUE .*besides the label.*label: { name/],
    [{ label: { name: 'sold', type: 'ignore' } }, /^INVALID_VALUE readCsv label/],
    [{ label: { name: 'area', type: 'number', missing: 'mean' } }, /^INVALID_VALUE readCsv label/],
    [{ missing: 'zero' }, /^INVALID_VALUE readCsv: missing/],
    [{ missingValues: 'NA' }, /^INVALID_VALUE readCsv missingValues/],
    [{ delimiter: '::' }, /^INVALID_VALUE readCsv delimiter/],
    [{ delimiter: '"' }, /^INVALID_VALUE readCsv delimiter/],
    [{ like: { columns: [] }, missing: 'mean' }, /^INVALID_VALUE readCsv like/],
    [{ label: '__proto__' }, /^UNKNOWN_NAME/],
  ];
  for (const [options, message] of bad) expect(await refusal(() => readCsv(sales, options))).toMatch(message);
  // Names that objects have by themselves are names like others.
  const { columns } = await readCsv('__proto__,constructor\n1,2\n', { columns: { constructor: 'category' } as never });
  expect(columns).toEqual(['__proto__', 'constructor=2']);
});

describe('fromCsv', () => {
  const options = {
    columns: { city: 'category' },
    missing: 'mean',
    missingValues: ['NA'],
    label: { name: 'sold', type: 'category' },
  } as const;

  test('gives the rows of readCsv, as often as it is asked', async () => {
    const table = await readCsv(sales, options);
    const set = await Dataset.fromCsv(sales, options);
    expect(set.columns).toEqual(table.columns);
    expect(set.schema).toEqual(table.schema);
    for (let i = 0; i < 2; i++) {
      for await (const [x, y] of set.batch(9)) {
        expect(x).toEqual(table.x);
        expect(y).toEqual(table.y);
      }
    }
    const rest: number[] = [];
    for await (const [, y] of set.epoch(0, 2)) rest.push(y.data[0] as number);
    expect(rest).toEqual([1, 0]);
    const [first] = await all(await Dataset.fromCsv('a,b\n1,2\n', { columns: ['b'] }));
    expect(first).toEqual({ data: Float32Array.of(2), shape: [1], dtype: 'float32' });
  });

  test('reads files, bytes, blobs and addresses', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'descend-csv-'));
    try {
      const path = join(folder, 'table.csv');
      await writeFile(path, `\ufeff${sales}`);
      const whole = await readCsv(sales, options);
      const bytes = new TextEncoder().encode(sales);
      const address = `data:text/csv,${encodeURIComponent(sales)}`;
      for (const source of [path, new URL(`file://${path}`), bytes, bytes.buffer, new Blob([sales]), address]) {
        const set = await Dataset.fromCsv(source, options);
        for (let i = 0; i < 2; i++) for await (const [x] of set.batch(9)) expect(x).toEqual(whole.x);
        expect((await readCsv(source, options)).x).toEqual(whole.x);
      }
      expect((await readCsv(new Response(sales), options)).x).toEqual(whole.x);
      expect(await refusal(() => Dataset.fromCsv(new Response(sales), options))).toMatch(/^INVALID_VALUE source.*blob/);
      expect(await refusal(() => Dataset.fromCsv(join(folder, 'none.csv')))).toMatch(/^FILE_IO .*none\.csv.*ENOENT/);
      expect(await refusal(() => Dataset.fromCsv(new Uint8Array([0x61, 0x0a, 0xe9, 0x0a])))).toMatch(
        /^FILE_FORMAT .*UTF-8/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('says what is wrong with a row when it comes to it', async () => {
    const set = await Dataset.fromCsv('a,b\n1,2\n3\n');
    const seen: number[] = [];
    const reading = refusal(async () => {
      for await (const { data } of set) seen.push(data[0] as number);
    });
    expect(await reading).toMatch(/^FILE_FORMAT reading CSV text, line 3: expected 2 fields/);
    expect(seen).toEqual([1]);
  });
});

describe('text in pieces', () => {
  // Cut anywhere, also inside of a character, and read through a Blob of these parts, which keeps them apart.
  async function read(text: string, cuts: readonly number[]): Promise<string> {
    const bytes = new TextEncoder().encode(text);
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    const parts = places.slice(1).map((to, i) => bytes.slice(places[i], to));
    const { CsvSplitter } = await import('../../ts/src/data/csv-rows.js');
    const split = new CsvSplitter('t');
    const decoder = new TextDecoder();
    const rows: unknown[] = [];
    try {
      for (const part of [...parts, undefined]) {
        split.push(part ? decoder.decode(part, { stream: true }) : decoder.decode());
        if (!part) split.finish();
        for (let row = split.next(); row; row = split.next()) rows.push([row.line, row.fields]);
      }
    } catch (error) {
      rows.push((error as Error).message);
    }
    return JSON.stringify(rows);
  }

  const field = fc.oneof(
    fc.stringMatching(/^[a-z0-9 é🎉]{0,4}$/u),
    fc.stringMatching(/^[a-z",\r\n]{0,6}$/).map((text) => `"${text.replaceAll('"', '""')}"`),
  );
  const lineBreak = fc.constantFrom('\n', '\r\n');
  const good = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.tuple(fc.array(field, { minLength: width, maxLength: width }), lineBreak)))
    .map((rows) => rows.map(([fields, end]) => fields.join(',') + end).join(''));
  const any = fc.stringMatching(/^[ab,"\r\n]{0,20}$/);

  test('is what it is as a whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(good, any), fc.array(fc.nat(), { maxLength: 8 }), async (text, cuts) => {
        expect(await read(text, cuts)).toBe(await read(text, []));
      }),
      { numRuns: 1000 },
    );
  });

  test('gives back the fields that were written', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'ß'), maxLength: 5 });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(table, fc.array(fc.nat(), { maxLength: 8 }), async (rows, cuts) => {
        const text = rows
          .map((cells) => cells.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))
          .join('\r\n');
        expect(JSON.parse(await read(text, cuts)).map(([, fields]: [number, string[]]) => fields)).toEqual(rows);
      }),
    );
  });
});
