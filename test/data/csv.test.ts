// CSV tables: what RFC 4180 allows, and errors that say where.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datasets } from 'descend';
import { describe, expect, test } from 'vitest';

const { readCsv } = datasets;

async function messageOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no error',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );
}

const table = 'area,rooms,price\n50,2,100.5\n75.5,3,-1e2\n';

describe('readCsv', () => {
  test('takes all columns, or all but the label', async () => {
    expect(await readCsv(table)).toMatchObject({
      x: { data: new Float32Array([50, 2, 100.5, 75.5, 3, -100]), shape: [2, 3], dtype: 'float32' },
      y: { data: new Float32Array(0), shape: [0], dtype: 'float32' },
      columns: ['area', 'rooms', 'price'],
    });
    expect(await readCsv(table, { label: 'price' })).toMatchObject({
      x: { data: new Float32Array([50, 2, 75.5, 3]), shape: [2, 2], dtype: 'float32' },
      y: { data: new Float32Array([100.5, -100]), shape: [2], dtype: 'float32' },
      columns: ['area', 'rooms'],
    });
  });

  test('takes the columns asked for, in that order, whatever the others hold', async () => {
    const named = 'name,a,b\n"Smith, John",1,2\n"two\nlines and ""quotes""",3,4\n';
    const { x, columns } = await readCsv(named, { columns: ['b', 'a'] });
    expect([...x.data]).toEqual([2, 1, 4, 3]);
    expect(columns).toEqual(['b', 'a']);
  });

  test.each([
    ['CRLF', 'a,b\r\n1,2\r\n3,4\r\n'],
    ['no last line break', 'a,b\n1,2\n3,4'],
    ['a byte order mark', '\ufeffa,b\n1,2\n3,4\n'],
    ['spaces and quotes', ' a ,"b"\n 1,"2"\n3 , +4.\n'],
    ['exponents', 'a,b\n.1e1,20E-1\n3e+0,004\n'],
  ])('%s', async (_, text) => {
    const { x, columns } = await readCsv(text);
    expect(columns).toEqual(['a', 'b']);
    expect(x.shape).toEqual([2, 2]);
    expect([...x.data]).toEqual([1, 2, 3, 4]);
  });

  test('without a header columns are numbered', async () => {
    const { x, y, columns } = await readCsv('1,2,3\n4,5,6\n', { header: false, label: '0' });
    expect([[...x.data], [...y.data], columns]).toEqual([
      [2, 3, 5, 6],
      [1, 4],
      ['1', '2'],
    ]);
  });

  test('a header alone is an empty table', async () => {
    expect((await readCsv('a,b\n')).x.shape).toEqual([0, 2]);
  });

  test('reads files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'descend-csv-'));
    try {
      await writeFile(join(folder, 'table.csv'), table);
      expect((await readCsv(join(folder, 'table.csv'))).x.shape).toEqual([2, 3]);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(await messageOf(readCsv('none.csv'))).toMatch(/^FILE_IO reading "none.csv": expected .* got ENOENT/);
    const latin = new Uint8Array([0x61, 0x0a, 0xe9, 0x0a]);
    expect(await messageOf(readCsv(latin))).toMatch(/^FILE_FORMAT .*UTF-8/);
  });

  test.each([
    ['a,b\n1,2\n3\n', 'line 3: expected 2 fields'],
    ['a,b\n1,2\n3,4,5\n', 'line 3: expected 2 fields'],
    ['a,b\n1,2\n\n3,4\n', 'line 3: expected a row, got a blank line'],
    ['a,b\n1,\n', 'line 2, column "b": expected a decimal number within float32, got "" (fill in'],
    ['a,b\n1,n/a\n', 'line 2, column "b": expected a decimal number within float32, got "n/a"'],
    ['a,b\n1,0x10\n', 'got "0x10"'],
    ['a,b\n1,Infinity\n', 'got "Infinity"'],
    ['a,b\n1,NaN\n', 'got "NaN"'],
    ['a,b\n1,1e39\n', 'got "1e39"'],
    ['a,b\n1,1 2\n', 'got "1 2"'],
    ['a,b\n1,"2\n', 'line 2: expected a closing quote'],
    ['a,b\n1,2"\n', 'line 2: expected quotes around a whole field'],
    ['a,b\n1,"2"3\n', 'line 2: expected a comma or a line break'],
    ['a,b\n"1\n","\n2"\n\n', 'line 5: expected a row'],
    ['a,b\n1,2\r3,4\n', 'line 2: expected a comma or a line break'],
  ])('%j is refused with its place', async (text, message) => {
    expect(await messageOf(readCsv(text))).toContain(message);
    expect(await messageOf(readCsv(text))).toMatch(/^FILE_FORMAT reading CSV text, line \d+/);
  });

  test('refuses doubled and unknown columns and options', async () => {
    expect(await messageOf(readCsv('a,a\n1,2\n'))).toMatch(/^DUPLICATE_NAME/);
    expect(await messageOf(readCsv(table, { label: 'prize' }))).toMatch(/^UNKNOWN_NAME.*did you mean "price"/);
    expect(await messageOf(readCsv(table, { columns: ['x'] }))).toMatch(/^UNKNOWN_NAME/);
    expect(await messageOf(readCsv(table, { lable: 'price' } as object))).toMatch(
      /^UNKNOWN_OPTION.*did you mean label/,
    );
    expect(await messageOf(readCsv(table, { header: 1 } as object))).toMatch(/^INVALID_VALUE/);
    expect(await messageOf(readCsv(table, { columns: 'area' } as object))).toMatch(/^INVALID_VALUE/);
    expect(await messageOf(readCsv(new Uint8Array(0)))).toMatch(/^FILE_FORMAT.*header row/);
  });

  test('long fields take linear time', async () => {
    const start = performance.now();
    await messageOf(readCsv(`a\n${'1'.repeat(1e6)}x\n`));
    await messageOf(readCsv(`a\n${'""'.repeat(1e5)}\n`));
    await messageOf(readCsv(`a\n"${'""'.repeat(1e5)}"\n`));
    expect(performance.now() - start).toBeLessThan(4000);
  });
});
