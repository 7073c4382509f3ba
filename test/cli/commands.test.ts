// The commands that look, and how all of them refuse: 1 what failed, 2 what is not understood.

import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Adam, Dense, Layer, Sequential, type Tensor } from 'descend';
import { describe, expect, test } from 'vitest';
import { smallModel, x, y } from '../models/small.js';
import { descend, folder, output } from './descend.js';

const here = await folder();
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const prices = fileURLToPath(new URL('../../datasets/house-prices/house-prices.csv', import.meta.url));

test('doctor: which engine, how fast, the same bits', async () => {
  const { code, stdout } = await descend(['doctor', '--json'], { DESCEND_ENGINE: '' });
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    node: process.version,
    engine: 'native',
    why: 'the fastest that loads here',
    agree: true,
  });
  expect(report.engines.map(({ engine }: { engine: string }) => engine)).toEqual(['native', 'wasm']);
  for (const { gflops, adamNs, trained } of report.engines) {
    expect(gflops).toBeGreaterThan(0.1);
    expect(adamNs).toBeGreaterThan(0.01);
    expect(trained).toBe(report.engines[0].trained);
  }
  const forced = await descend(['doctor'], { DESCEND_ENGINE: 'wasm' });
  expect(forced.stdout).toContain('Engine      wasm: DESCEND_ENGINE=wasm asks for it');
  expect(forced.stdout).toContain('equal: both engines train to the same weights');
});

test('doctor without an engine, or without any: why, and whether that is a failure', async () => {
  const copy = join(here, 'dist');
  await cp(dist, copy, {
    recursive: true,
    filter: (path) => !/[\\/](native|node)([\\/]|$)/.test(path.slice(dist.length)),
  });
  await writeFile(join(here, 'package.json'), '{ "type": "module" }');
  const program = join(copy, 'cli', 'main.js');
  const one = await descend(['doctor'], { DESCEND_ENGINE: '' }, program);
  expect(one.code).toBe(0);
  expect(one.stdout).toContain('Engine      wasm: the native one failed, see below');
  expect(one.stdout).toMatch(/Failed {6}native: .*Cannot find module/);
  await rm(join(copy, 'wasm', 'descend.wasm'));
  const none = await descend(['doctor'], { DESCEND_ENGINE: '' }, program);
  expect(none.code).toBe(1);
  expect(none.stdout).toMatch(/Failed {6}wasm: /);
});

describe('inspect', () => {
  test('a model of ours: architecture, optimizer, hashes', async () => {
    const model = smallModel();
    await model.fit(x, y, { epochs: 2, batchSize: 50, verbose: 0 });
    const path = join(here, 'small.safetensors');
    await model.save(path);
    const found = JSON.parse(await output('inspect', path, '--json'));
    expect(found.sha256).toBe(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
    expect(found.model).toMatchObject({ parameters: 51, weightsSha256: await model.hash(), epochs: 2, steps: 4 });
    expect(found.model.optimizer).toMatchObject({ className: 'Adam', iterations: 4, config: { learningRate: 0.05 } });
    expect(found.tensors).toContainEqual({ name: 'dense/kernel', dtype: 'F32', shape: [2, 8], bytes: 64 });
    const text = await output('inspect', path);
    for (const part of [
      found.sha256,
      await model.hash(),
      'dense_1 (Dense)',
      'Adam, 4 updates',
      'optimizer:momentum:dense/bias',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('a model with a layer of one’s own: the tensors, and why no more', async () => {
    class Doubling extends Layer {
      override call(input: Tensor): Tensor {
        return input;
      }
    }
    const model = new Sequential([new Dense({ units: 2, inputShape: [3] }), new Doubling({})]);
    model.compile({ optimizer: new Adam(), loss: 'mse' });
    const path = join(here, 'own.safetensors');
    await model.save(path);
    const text = await output('inspect', path);
    expect(text).toMatch(/not to be rebuilt here: .*Doubling/);
    expect(text).toContain('dense/kernel');
  });

  test('a file of anybody’s, whose words do not reach the terminal as they are', async () => {
    const header = JSON.stringify({
      __metadata__: { from: 'else\u001b[31mwhere' },
      'a\u001b[2J': { dtype: 'BF16', shape: [2, 3], data_offsets: [0, 12] },
    });
    const bytes = Buffer.alloc(8 + header.length + 12);
    bytes.writeBigUInt64LE(BigInt(header.length));
    bytes.write(header, 8);
    const path = join(here, 'foreign.safetensors');
    await writeFile(path, bytes);
    const text = await output('inspect', path);
    expect(text).toMatch(/a\ufffd\[2J\s+BF16\s+\[2, 3\]\s+12 bytes/);
    expect(text).toContain('else\ufffd[31mwhere');
    expect(text).not.toContain('\u001b');
  });
});

describe('what is refused', () => {
  const model = join(here, 'small.safetensors');
  const text = join(here, 'text.csv');
  const semicolons = join(here, 'semicolons.csv');

  test.each<[string, string[], number, RegExp]>([
    ['nothing', [], 2, /a command is missing\n\nUsage: descend COMMAND/],
    ['an unknown command', ['trian'], 2, /no command "trian"; did you mean train\?/],
    ['a name of Object.prototype', ['constructor'], 2, /no command "constructor"/],
    [
      'an unknown option',
      ['train', prices, '--epoch', '3'],
      2,
      /no option --epoch; did you mean --epochs\?\n\nUsage: descend train/,
    ],
    ['no data', ['train'], 2, /DIR or FILE.csv is missing/],
    ['too much', ['inspect', 'a', 'b'], 2, /"b" is one too many/],
    [
      'epochs in words',
      ['train', prices, '--epochs', 'many'],
      2,
      /--epochs wants a whole number of at least 1, not "many"/,
    ],
    ['a rate of 0', ['train', prices, '--learning-rate', '0'], 2, /--learning-rate wants a number above 0/],
    ['odd sizes', ['train', prices, '--hidden', '8,x'], 2, /--hidden wants whole numbers/],
    ['another engine', ['train', prices, '--engine', 'gpu'], 2, /--engine is native or wasm, not "gpu"/],
    ['an option without its value', ['train', prices, '--epochs'], 2, /argument missing/],
    ['no such file', ['train', '/nowhere'], 1, /expected a folder of IDX files or a CSV file.*\[FILE_IO\]/],
    ['an unknown optimizer', ['train', prices, '--optimizer', 'adamm'], 1, /did you mean Adam\?.*\[UNKNOWN_NAME\]/],
    ['an unknown column', ['train', prices, '--target', 'prise'], 1, /\[UNKNOWN_NAME\]/],
    [
      'columns of text',
      ['train', text],
      1,
      /line 2, column "city": .*"Paris" \(leave columns of text out with --ignore city\)/,
    ],
    ['semicolons', ['train', semicolons], 1, /expected columns separated by commas/],
    ['a folder without images', ['train', here], 1, /a file such as train-images-idx3-ubyte.*\[FILE_IO\]/],
    ['a file that is no model', ['inspect', prices], 1, /\[FILE_FORMAT\]/],
    ['other columns', ['predict', model, prices], 1, /expected 2 columns, got 5 \[SHAPE_MISMATCH\]/],
  ])('%s', async (_, words, code, message) => {
    await writeFile(text, 'city,size,price\nParis,1,2\nRome,2,3\n');
    await writeFile(semicolons, 'a;b\n1;2\n');
    await smallModel().save(model);
    const outcome = await descend(words);
    expect(outcome.code, outcome.stderr).toBe(code);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/ {4}at /);
    expect(outcome.stdout).toBe('');
  });

  test('help is no failure', async () => {
    for (const command of ['train', 'predict', 'inspect', 'doctor']) {
      expect(await output(command, '--help')).toMatch(new RegExp(`^Usage: descend ${command} `));
    }
    expect(await output('--version')).toBe('0.1.0\n');
  });
});

test('what a page loads has nothing of it', async () => {
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path) || !path.endsWith('.js')) return;
    seen.add(path);
    const source = await readFile(path, 'utf8');
    const imports = [...source.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)];
    for (const [, specifier] of imports) await visit(resolve(dirname(path), specifier!));
  };
  await visit(join(dist, 'index.browser.js'));
  expect(seen.size).toBeGreaterThan(50);
  expect([...seen].filter((path) => path.includes('/cli/'))).toEqual([]);
});
