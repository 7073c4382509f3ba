// What a start costs. In Node: resident memory after a first training step, above a Node that does nothing (aim: 15 MB).
// In Chromium: from navigation to the end of the first training step, with nothing cached (aim: 150 ms), from a bundle,
// from one whose page asks for the WASM module itself, and from the package's own bundle as it is.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium, launch } from '../test/browser/chromium.ts';
import { serve } from '../test/browser/server.ts';
import { printTable } from './table.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const OUT = '.cache/start';
const ROUNDS = 15;

// A small network, and what to do when its first step is made.
const app = (done: string) => `
  import { Adam, Dense, Sequential } from 'descend';
  const model = new Sequential([
    new Dense({ units: 64, activation: 'relu', inputShape: [64] }),
    new Dense({ units: 10, activation: 'softmax' }),
  ], { seed: 42 });
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy' });
  const x = { data: new Float32Array(64 * 32), shape: [32, 64] };
  const callbacks = [{ onBatchEnd: () => { ${done} } }];
  await model.fit(x, new Uint8Array(32), { batchSize: 32, verbose: 0, callbacks });`;

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

async function resident(code: string, engine: string): Promise<number> {
  const env = { ...process.env, DESCEND_ENGINE: engine };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: ROOT,
    env,
  });
  return Number(stdout) / 1e6;
}

async function inNode(): Promise<void> {
  const print = 'process.stdout.write(String(process.memoryUsage.rss()))';
  const rows = [];
  for (const engine of ['native', 'wasm']) {
    const [empty, trained]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      empty.push(await resident(print, engine));
      trained.push(await resident(app(print), engine));
    }
    const above = median(trained) - median(empty);
    rows.push([engine, median(empty).toFixed(1), median(trained).toFixed(1), above.toFixed(1)]);
  }
  printTable(
    'resident memory after a first step, MB (median)',
    ['engine', 'empty Node', 'with descend', 'above'],
    rows,
  );
}

async function inPage(): Promise<void> {
  if (!chromium) return;
  await mkdir(`${ROOT}${OUT}/js`, { recursive: true });
  await mkdir(`${ROOT}${OUT}/wasm`, { recursive: true });
  await copyFile(`${ROOT}dist/wasm/descend.wasm`, `${ROOT}${OUT}/wasm/descend.wasm`);
  const code = app('globalThis.took = performance.now()');
  await writeFile(`${ROOT}${OUT}/app.js`, code);
  const options = { bundle: true, minify: true, format: 'esm', logLevel: 'error' } as const;
  await build({ ...options, entryPoints: [`${ROOT}${OUT}/app.js`], outfile: `${ROOT}${OUT}/js/app.js` });
  const icon = '<!doctype html><link rel="icon" href="data:,">';
  const map = '<script type="importmap">{ "imports": { "descend": "/dist/whole/browser.js" } }</script>';
  const preload = '<link rel="preload" href="wasm/descend.wasm" as="fetch" crossorigin>';
  const script = '<script type="module" src="js/app.js"></script>';
  await writeFile(`${ROOT}${OUT}/bundle.html`, `${icon}${script}`);
  await writeFile(`${ROOT}${OUT}/preload.html`, `${icon}${preload}${script}`);
  await writeFile(`${ROOT}${OUT}/files.html`, `${icon}${map}<script type="module" src="app.js"></script>`);
  const [browser, server] = await Promise.all([launch(), serve()]);
  const times = new Map<string, number[]>(['bundle', 'preload', 'files'].map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, taken] of times) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${server.url}${OUT}/${name}.html`);
      await page.waitForFunction('globalThis.took');
      taken.push(Number(await page.evaluate('globalThis.took')));
      await context.close();
    }
  }
  const rows = [...times].map(([name, taken]) => [name, Math.min(...taken).toFixed(0), median(taken).toFixed(0)]);
  await Promise.all([browser.close(), server.close()]);
  printTable('navigation to first training step in Chromium, ms', ['page', 'best', 'median'], rows);
}

await inNode();
await inPage();
