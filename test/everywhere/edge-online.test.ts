// The worker of examples/edge-online in workerd: it learns from requests, within the limits of a free plan, and survives by
// its snapshots. CPU time and memory are those that the system counts for the whole workerd process: bounds from above.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel } from 'descend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { words } from '../noise.ts';
import { requireIn } from './installed.ts';

interface Worker {
  readonly ready: Promise<unknown>;
  dispatchFetch(url: string, init?: object): Promise<Response>;
  dispose(): Promise<void>;
}

const require = requireIn('edge-online');
const root = fileURLToPath(new URL('../../', import.meta.url));
const CPU_MS = 10;
const MEMORY_MB = 128;

/** What a visitor does, by a rule the model has to find: evenings, the top of the page, discounts; chance has a say. */
function visit(i: number): { features: Record<string, number>; label: 0 | 1; likely: 0 | 1 } {
  const next = words(i);
  const share = () => next() / 2 ** 32;
  const features = {
    hour: Math.floor(24 * share()),
    position: 1 + Math.floor(10 * share()),
    discount: Math.round(50 * share()) / 100,
    returning: share() < 0.3 ? 1 : 0,
  };
  const evening = Math.abs(features.hour - 20) < 4 ? 3 : -1;
  const pull = 1.5 * (evening + 5.5 - features.position + 12 * (features.discount - 0.25) + 2 * features.returning);
  return { features, label: share() < 1 / (1 + Math.exp(-pull)) ? 1 : 0, likely: pull > 0 ? 1 : 0 };
}

describe.skipIf(!require)('the worker at the edge', () => {
  let folder: string;
  let worker: Worker;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'descend-edge-'));
    await bundle(folder);
    worker = await start(folder);
  });

  afterAll(async () => {
    await worker?.dispose();
    await rm(folder, { recursive: true });
  });

  const get = (path: string) => worker.dispatchFetch(`http://edge${path}`);
  const learn = (body: { features: object; label: number }) =>
    worker.dispatchFetch('http://edge/learn', { method: 'POST', body: JSON.stringify(body) });
  const predict = async (features: object) => {
    const query = new URLSearchParams(Object.entries(features).map(([name, value]) => [name, String(value)]));
    return (await (await get(`/predict?${query}`)).json()) as { probability: number; learned: number };
  };

  test('learning from a stream improves what it predicts, within the limits', { timeout: 120_000 }, async () => {
    const EVENTS = 1200;
    const held = Array.from({ length: 300 }, (_, i) => visit(1_000_000 + i));
    const accuracy = async () => {
      let right = 0;
      for (const { features, label } of held) {
        right += Number((await predict(features)).probability > 0.5 === (label === 1));
      }
      return right / held.length;
    };
    const before = await accuracy();
    const pids = workerdPids();
    const cpu = cpuMs(pids);
    for (let i = 0; i < EVENTS; i++) expect((await learn(visit(i))).status).toBe(200);
    const perStep = (cpuMs(pids) - cpu) / EVENTS;
    const memory = memoryMB(pids);
    const after = await accuracy();
    const best = held.filter(({ likely, label }) => likely === label).length / held.length;
    const [a, b, c] = [before, after, best].map((share) => `${(100 * share).toFixed(1)} %`);
    console.log(
      `edge-online: right on ${a} of visits before, on ${b} after ${EVENTS} requests to learn (who knows the rule: ${c}); ` +
        `${perStep.toFixed(2)} ms CPU per request, ${memory.toFixed(0)} MB`,
    );
    expect(after).toBeGreaterThan(before + 0.2);
    expect(after).toBeGreaterThan(best - 0.1);
    expect(perStep).toBeLessThan(CPU_MS);
    expect(memory).toBeLessThan(MEMORY_MB);
  });

  test('its weights are a model that anybody can load', async () => {
    const answer = await get('/weights');
    const model = await loadModel(await answer.arrayBuffer());
    expect(answer.headers.get('etag')).toBe(`"${await model.hash()}"`);
    const { features } = visit(7);
    const { data } = await model.predict([Object.values(features)]);
    const { probability, learned } = await predict(features);
    expect(probability).toBe(data[0]);
    expect(model.optimizer.iterations).toBe(learned);
  });

  test('requests at the same time wait for each other', async () => {
    const { learned } = await predict(visit(0).features);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? predict(visit(i).features) : learn(visit(i)))),
    );
    expect(answers).toHaveLength(20);
    expect((await predict(visit(0).features)).learned).toBe(learned + 10);
  });

  test('a new start goes on from the last snapshot', async () => {
    while ((await predict(visit(0).features)).learned % 100 !== 0) await learn(visit(1));
    const before = (await get('/weights')).headers.get('etag');
    const { learned } = await predict(visit(0).features);
    await worker.dispose();
    worker = await start(folder);
    expect((await get('/weights')).headers.get('etag')).toBe(before);
    expect((await predict(visit(0).features)).learned).toBe(learned);
  });

  test.each<[string, () => Promise<Response>, number, string]>([
    ['a feature missing', () => get('/predict?hour=3'), 400, 'features: expected a number for position, got undefined'],
    [
      'a feature too many',
      () => learn({ features: { ...visit(0).features, x: 1 }, label: 1 }),
      400,
      'features: expected hour',
    ],
    [
      'no number',
      () => learn({ features: { ...visit(0).features, hour: 'noon' }, label: 1 }),
      400,
      'for hour, got "noon"',
    ],
    ['another label', () => learn({ features: visit(0).features, label: 2 }), 400, 'label: expected 0 or 1, got 2'],
    [
      'no JSON',
      () => worker.dispatchFetch('http://edge/learn', { method: 'POST', body: '{' }),
      400,
      'body: expected JSON',
    ],
    ['another path', () => get('/'), 404, 'GET /predict'],
  ])('refuses %s', async (_, ask, status, message) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { error: string }).error).toContain(message);
  });
});

/** Bundles the worker as wrangler does: esbuild, workerd's conditions, the module beside the script. */
async function bundle(outdir: string): Promise<void> {
  const { build } = require!('esbuild');
  await build({
    entryPoints: [join(root, 'examples/edge-online/worker.ts')],
    outdir,
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    logLevel: 'error',
  });
}

async function start(folder: string): Promise<Worker> {
  const { Miniflare } = require!('miniflare');
  const worker: Worker = new Miniflare({
    modulesRoot: folder,
    modules: readdirSync(folder)
      .filter((name) => /\.(js|wasm)$/.test(name))
      .sort((a) => (a === 'worker.js' ? -1 : 1))
      .map((name) => ({ type: name.endsWith('.js') ? 'ESModule' : 'CompiledWasm', path: join(folder, name) })),
    compatibilityDate: '2026-04-01',
    kvNamespaces: ['STORE'],
    kvPersist: join(folder, 'kv'),
  });
  await worker.ready;
  return worker;
}

/** The processes of workerd that this one started. */
function workerdPids(): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' }).trim().split('\n');
  const all = rows.map((row) => row.trim().split(/\s+/));
  return all
    .filter(([, parent, name]) => Number(parent) === process.pid && name === 'workerd')
    .map(([pid]) => Number(pid));
}

/** Milliseconds of all threads, user and system; from /proc where there is one, to the hundredth of a second. */
function cpuMs(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    // The name in parentheses may hold anything; what follows it is fields 3 and on.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  expect(ticks.length).toBeGreaterThan(0);
  return 10 * ticks.reduce((sum, count) => sum + count, 0);
}

/** Heaps and memory of modules; the program itself, mapped from its file, is nobody's limit. */
function memoryMB(pids: readonly number[]): number {
  const kB = pids.map((pid) => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]));
  return kB.reduce((sum, size) => sum + size, 0) / 1000;
}
