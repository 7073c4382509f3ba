// A file that is larger than the memory a process may have, learned from: it is streamed, and what is held does not grow
// with it. In a process of its own, so that its peak is its own.

import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROWS_OF_A_PART = 20_000;
const PARTS = 8;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'descend-large-'));
  file = join(folder, 'large.csv');
  const out = createWriteStream(file);
  const write = (text: string): Promise<unknown> =>
    new Promise((resolve, reject) => out.write(text, (error) => (error ? reject(error) : resolve(undefined))));
  await write('kind,a,b,note,y\n');
  const note = `"${'a note, so that the file is large soon; it is left out'.padEnd(1000)}"`;
  const rows = Array.from({ length: ROWS_OF_A_PART }, (_, i) => {
    const [a, b] = [(i % 97) / 97, (i % 89) / 89];
    return `${['red', 'green', 'blue'][i % 3]},${a.toFixed(6)},${i % 10 ? b.toFixed(6) : ''},${note},${(2 * a - 1).toFixed(6)}\n`;
  });
  for (let part = 0; part < PARTS; part++) await write(rows.join(''));
  await new Promise((resolve) => out.end(resolve));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('a file larger than memory is learned from', async () => {
  const { size } = await stat(file);
  const entry = fileURLToPath(new URL('../../dist/index.node.js', import.meta.url));
  const script = `
    import { Adam, Dense, datasets, ready, Sequential } from 'file://${entry}';
    await ready({ engine: '${process.env.DESCEND_ENGINE ?? 'native'}' });
    const rows = await datasets.Dataset.fromCsv(process.argv[1], {
      columns: { kind: 'category', note: 'ignore' }, missing: 'mean', label: 'y' });
    const model = new Sequential([new Dense({ units: 8, activation: 'relu' }), new Dense({ units: 1 })], { seed: 1 });
    model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: 'mse' });
    const { history, steps } = await model.fit(rows.shuffle({ seed: 1, buffer: 1000 }).batch(64), { verbose: 0 });
    console.log(JSON.stringify({ steps, loss: history.loss[0], peak: process.resourceUsage().maxRSS * 1024 }));`;
  const flags = ['--max-old-space-size=48', '--max-semi-space-size=4', '--input-type=module', '-e', script, file];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const { steps, loss, peak } = JSON.parse(stdout) as Record<'steps' | 'loss' | 'peak', number>;
  expect(steps).toBe((ROWS_OF_A_PART * PARTS) / 64);
  expect(loss).toBeLessThan(0.01);
  expect(size).toBeGreaterThan(150e6);
  expect(peak).toBeLessThan(size);
});
