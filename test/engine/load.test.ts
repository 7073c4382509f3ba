// Which engine is taken, and what `ready` refuses. Each case of the environment runs in a process of its own.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { engineInfo, ready } from 'descend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { VERSION } from '../../ts/src/engine/version.js';

const engine = process.env.DESCEND_ENGINE as 'native' | 'wasm';
const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** What a script that has the package's exports as `d` prints, as JSON. */
async function inProcess(script: string, env: Record<string, string> = {}, folder = dist): Promise<unknown> {
  const code = `import * as d from ${JSON.stringify(`file://${folder}/whole/index.js`)};
    const show = (x) => console.log(JSON.stringify(x)); ${script}`;
  const { DESCEND_ENGINE: _, ...rest } = process.env;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { env: { ...rest, ...env } });
  return JSON.parse((await run).stdout);
}

test('the version is that of the package', () => {
  expect(VERSION).toBe(manifest.version);
});

describe('ready', () => {
  test('gives the engine asked for, and it stays', async () => {
    const info = await ready({ engine });
    expect(info).toMatchObject({ name: engine, worker: false, precision: 'reproducible' });
    expect(info.threads).toBeGreaterThanOrEqual(1);
    expect(engineInfo()).toEqual(info);
    expect(info.simd).toMatch(engine === 'wasm' ? /^simd128$/ : /./);
  });

  test.skipIf(engine === 'wasm')('sets threads', async () => {
    expect((await ready({ threads: 1 })).threads).toBe(1);
    expect((await ready({ threads: 2 })).threads).toBe(2);
  });

  test.each<[string, unknown, string, RegExp]>([
    [
      'an unknown engine',
      { engine: 'webgpu' },
      'INVALID_VALUE',
      /ready: engine: expected 'native' or 'wasm', got "webgpu"/,
    ],
    ['an unknown option', { thread: 2 }, 'UNKNOWN_OPTION', /did you mean threads\?/],
    [
      'WASM for the native engine',
      { engine: 'native', wasm: new Uint8Array(8) },
      'INVALID_VALUE',
      /ready: wasm: expected nothing where engine is 'native'/,
    ],
    [
      'a worker that is a name',
      { worker: 'descend' },
      'INVALID_VALUE',
      /ready: worker: expected true, false or a func/,
    ],
    ['another precision', { precision: 'double' }, 'INVALID_VALUE', /expected 'reproducible' or 'fast', got "double"/],
    [
      'a negative memory limit',
      { memoryLimit: -1 },
      'INVALID_VALUE',
      /memoryLimit: expected a number of bytes, or Inf/,
    ],
    ['a memory limit that is no number', { memoryLimit: Number.NaN }, 'INVALID_VALUE', /got NaN/],
    ['half a thread', { threads: 0.5 }, 'INVALID_VALUE', /a whole number from 0 to 256, got 0.5/],
    ['−1 threads', { threads: -1 }, 'INVALID_VALUE', /got -1/],
    ['a name alone', 'native', 'INVALID_VALUE', /an object of options, got "native"/],
  ])('refuses %s', async (_, options, code, message) => {
    const before = engineInfo();
    await expect(ready(options as never)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(engineInfo()).toEqual(before);
  });
});

describe('in a process of its own', () => {
  const info = 'show(d.engineInfo());';
  let bare: string;

  beforeAll(async () => {
    bare = await mkdtemp(join(tmpdir(), 'descend-'));
    const keep = (path: string) => !path.startsWith(join(dist, 'native'));
    await cp(dist, join(bare, 'dist'), { recursive: true, filter: keep });
    await cp(fileURLToPath(new URL('../../package.json', import.meta.url)), join(bare, 'package.json'));
  });

  afterAll(() => rm(bare, { recursive: true }));

  test('the native engine is taken first', async () => {
    expect(await inProcess(info)).toMatchObject({ name: 'native' });
  });

  test('DESCEND_ENGINE decides', async () => {
    expect(await inProcess(info, { DESCEND_ENGINE: 'wasm' })).toMatchObject({ name: 'wasm' });
    expect(await inProcess(info, { DESCEND_ENGINE: 'native' })).toMatchObject({ name: 'native' });
    const refused = 'try { d.engineInfo(); } catch (e) { show([e.code, e.message]); }';
    expect(await inProcess(refused, { DESCEND_ENGINE: 'cuda' })).toEqual([
      'INVALID_VALUE',
      "DESCEND_ENGINE: expected 'native' or 'wasm', got \"cuda\"",
    ]);
  });

  test('what is asked for goes before the environment', async () => {
    const both = "show([(await d.ready({ engine: 'wasm' })).name, (await d.ready({ engine: 'native' })).name]);";
    expect(await inProcess(both, { DESCEND_ENGINE: 'native' })).toEqual(['wasm', 'native']);
  });

  test('without an addon WASM runs, and says why', async () => {
    const sync = `const w = d.variable([1, 2]); new d.SGD({ learningRate: 1 }).applyGradients([[[1, 1], w]]);
      show([[...w.data], d.engineInfo()]);`;
    expect(await inProcess(sync, {}, join(bare, 'dist'))).toEqual([
      [0, 1],
      expect.objectContaining({ name: 'wasm', fallbackReason: expect.stringMatching(/Cannot find module/) }),
    ]);
    const forced = 'try { d.engineInfo(); } catch (e) { show(e.code); }';
    expect(await inProcess(forced, { DESCEND_ENGINE: 'native' }, join(bare, 'dist'))).toBe('ENGINE_FAILED');
  });

  test('WASM comes from bytes, a module or a file', async () => {
    const source = `import { readFileSync } from 'node:fs';
      const url = new URL('file://${dist}/wasm/descend.wasm');`;
    for (const wasm of [
      'url',
      'readFileSync(url)',
      'new WebAssembly.Module(readFileSync(url))',
      'Promise.resolve(readFileSync(url))',
    ]) {
      expect(await inProcess(`${source} show((await d.ready({ wasm: ${wasm} })).name);`)).toBe('wasm');
    }
    const wrong =
      'try { await d.ready({ wasm: new Uint8Array(8) }); } catch (e) { show([e.code, d.engineInfo().name]); }';
    expect(await inProcess(wrong)).toEqual(['ENGINE_FAILED', 'native']);
  });

  test('both engines compute the same bits', async () => {
    const train = `const bits = async (engine, threads) => {
        await d.ready({ engine, ...(threads && { threads }) });
        const w = d.variable(Float32Array.from({ length: 1003 }, (_, i) => Math.fround(i / 300 - 2)), [17, 59]);
        const f = () => d.ops.mean(d.ops.square(d.ops.sub(d.ops.dropout(d.ops.softmax(w), 0.3), d.ops.sigmoid(w))));
        const optimizer = new d.Adam({ globalClipnorm: 0.1, learningRate: 0.05 });
        await d.minimize(f, { variables: [w], optimizer, stopWhen: { maxSteps: 200 }, seed: 7 });
        return [...new Uint32Array(w.data.buffer)].join();
      };
      show(new Set([await bits('native', 1), await bits('native', 2), await bits('wasm')]).size);`;
    expect(await inProcess(train)).toBe(1);
  });

  test('a model of one engine is used by calls that begin on another', async () => {
    const move = `await d.ready({ engine: 'wasm' });
      const w = d.variable([1, 2, 3]); const f = () => d.ops.sum(d.ops.square(w));
      const first = await d.valueAndGrad(f, [w]);
      await d.ready({ engine: 'native' });
      const u = d.variable([1, 1, 1]);
      await d.valueAndGrad(() => d.ops.sum(u), [u]);
      const both = await d.valueAndGrad(() => d.ops.sum(d.ops.mul(u, w)), [u, w]);
      show([first.value, both.value, [...w.data], (await d.valueAndGrad(f, [w])).value]);`;
    expect(await inProcess(move)).toEqual([14, 6, [1, 2, 3], 14]);
  });
});
