// This project beside TensorFlow.js (wasm, webgl, cpu) and jax-js (wasm) in one Chromium: training an MLP 784-128-10 at
// batch 128, and a step of Adam over 10⁶ parameters. All begin with the same weights and samples and are held against
// each other, and Adam against its formula, before anything is timed; then they take turns. Pages are cross-origin
// isolated, so that peers may use threads; webgl is whatever Chromium has here, mostly a software renderer.
// The peers are installed into a cache outside the repository; without them this project runs alone.

import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { chromium, launch } from '../test/browser/chromium.ts';
import { serve } from '../test/browser/server.ts';
import { toolFolder } from '../test/everywhere/tool-folder.mjs';
import type { enter, Proof, round } from './chromium/page.ts';
import { adamResult, adamValues } from './chromium/task.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds } from './timing.ts';

const HERE = fileURLToPath(new URL('./chromium/', import.meta.url));
const OUT = '.cache/peers';
const FOLDER = fileURLToPath(new URL(`../${OUT}`, import.meta.url));
const PEERS = ['@jax-js/jax', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];
// WebGL without a graphics card.
const FLAGS = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];
const SOURCES = { descend: 'descend.ts', tfjs: 'tfjs.mjs', jax: 'jax.mjs' };

const OURS = {
  'descend, page': ['descend', 'page'],
  'descend, Worker': ['descend', 'worker'],
} as const;
const THEIRS = {
  'jax-js, wasm': ['jax', 'wasm'],
  'tfjs, wasm': ['tfjs', 'wasm'],
  'tfjs, webgl': ['tfjs', 'webgl'],
  'tfjs, cpu': ['tfjs', 'cpu'],
} as const;
const TASKS = ['mlp', 'adam'] as const;

/** The folder of the peers' packages, if they can be had. */
async function peers(): Promise<string | undefined> {
  try {
    return await toolFolder(PEERS);
  } catch (error) {
    console.log(`without peers: ${(error as Error).message}`);
    return undefined;
  }
}

async function bundle(folder: string | undefined): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const sources = folder ? Object.values(SOURCES) : [SOURCES.descend];
  await build({
    entryPoints: ['page.ts', ...sources].map((file) => `${HERE}${file}`),
    outdir: FOLDER,
    bundle: true,
    format: 'esm',
    logLevel: 'error',
    // The page imports it as it is.
    external: ['descend', 'fs', 'path', 'os', 'util', 'crypto', 'worker_threads', 'perf_hooks', 'string_decoder'],
    nodePaths: folder ? [`${folder}/node_modules`] : [],
    define: { 'process.env.BENCH_ROUNDS': 'undefined' },
  });
  if (!folder) return;
  const modules = `${folder}/node_modules/@tensorflow/tfjs-backend-wasm/dist`;
  for (const file of (await readdir(modules)).filter((name) => name.endsWith('.wasm'))) {
    await copyFile(`${modules}/${file}`, `${FOLDER}/${file}`);
  }
}

const call = <T>(page: Page, name: 'enter' | 'round', ...values: string[]) =>
  page.evaluate<T>(`import('/${OUT}/page.js').then(({ ${name} }) => ${name}(...${JSON.stringify(values)}))`);

/** Throws unless losses fall and are those of the first contestant, and Adam made what its formula says. */
function check(name: string, { losses, values }: Proof, wanted: readonly number[]): void {
  const [first, last] = [losses[0]!, losses.at(-1)!];
  assert.ok(last < first / 2, `${name}: expected the loss to fall by half, got ${first} and then ${last}`);
  losses.forEach((loss, i) => {
    // Sums in another order; webgl's exp and log are of lower precision.
    const message = `${name}, epoch ${i}: expected the loss ${wanted[i]}, got ${loss}`;
    assert.ok(Math.abs(loss - wanted[i]!) <= 5e-4 * wanted[i]!, message);
  });
  const before = adamValues();
  const half = values.length / 2;
  values.forEach((value, i) => {
    const expected = adamResult(before.at(i < half ? i : i - 2 * half)!, 3);
    // Three steps of 10⁻³ from numbers below 2, in f32.
    assert.ok(Math.abs(value - expected) <= 2e-6, `${name}, parameter ${i}: expected ${expected}, got ${value}`);
  });
}

async function contest(names: readonly string[], pages: ReadonlyMap<string, Page>): Promise<Rounds> {
  const rounds = new Rounds();
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const task of TASKS) {
      for (const name of names) {
        const page = pages.get(name)!;
        await page.bringToFront();
        rounds.add(`${task} ${name}`, await call<Awaited<ReturnType<typeof round>>>(page, 'round', task));
      }
    }
  }
  return rounds;
}

function report(names: readonly string[], rounds: Rounds): void {
  const ours = Object.keys(OURS)[0]!;
  const cells = (name: string, task: string, of: (x: number) => number) => {
    const [mine, its] = [rounds.get(`${task} ${ours}`)!, rounds.get(`${task} ${name}`)!];
    return [figures(its, of), `${short(its.best / mine.best)} / ${short(its.median / mine.median)}`];
  };
  const rows = names.map((name) => [
    name,
    ...cells(name, 'mlp', (seconds) => 1 / seconds),
    ...cells(name, 'adam', (seconds) => 1e9 * seconds),
  ]);
  const times = `time / ${ours}`;
  printTable(
    'In one Chromium, best / median ± spread',
    ['', 'MLP, batch 128: samples/s', times, 'Adam, 1e6: ns per parameter', times],
    rows,
  );
}

async function main(): Promise<void> {
  const folder = await peers();
  await bundle(folder);
  const entrants = Object.entries<readonly [keyof typeof SOURCES, string]>({ ...OURS, ...(folder ? THEIRS : {}) });
  const [browser, server] = await Promise.all([launch(...FLAGS), serve({ isolated: true })]);
  console.log(`Chromium ${browser.version()}, load ${loadavg()[0]!.toFixed(1)} before the start`);
  const pages = new Map<string, Page>();
  let wanted: readonly number[] | undefined;
  for (const [name, [source, backend]] of entrants) {
    const page = await browser.newPage();
    await page.goto(server.url);
    const script = `/${OUT}/${SOURCES[source].replace(/\.\w+$/, '.js')}`;
    const proof = await call<Awaited<ReturnType<typeof enter>>>(page, 'enter', script, backend);
    wanted ??= proof.losses;
    check(name, proof, wanted);
    console.log(`${name}: ${proof.info}; losses ${proof.losses.map((loss) => loss.toFixed(4)).join(' ')}`);
    pages.set(name, page);
  }
  const names = [...pages.keys()];
  report(names, await contest(names, pages));
  await Promise.all([browser.close(), server.close()]);
}

if (chromium) await main();
