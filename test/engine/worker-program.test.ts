// Workers in programs of their own: what `ready` refuses, and that a program ends when it has nothing more to do.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** What a program that has the package's exports as `d` prints, as JSON. It must end by itself. */
async function program(text: string): Promise<unknown> {
  const code = `import * as d from ${JSON.stringify(`file://${dist}/index.node.js`)};
    import { Worker } from 'node:worker_threads';
    const show = (x) => console.log(JSON.stringify(x));
    const refusal = (call) => call().then(() => 'nothing refused', (error) => error.code + ' ' + error.message);
    ${text}`;
  const { DESCEND_ENGINE: _, ...env } = process.env;
  const options = { env, timeout: 30_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
  return JSON.parse(stdout);
}

describe.skipIf(process.env.DESCEND_ENGINE === 'native')('a program', () => {
  test('waits for what it awaits, and ends though its worker lives', async () => {
    const result = program(`
      show((await d.ready({ engine: 'wasm', worker: true })).worker);
      const w = d.variable(new Float32Array(1000).fill(2));
      await d.minimize(() => d.ops.sum(d.ops.square(w)),
        { variables: [w], optimizer: new d.SGD(), stopWhen: { maxSteps: 1000 } });`);
    expect(await result).toBe(true);
  });

  test('natively the option means nothing', async () => {
    expect(await program('show(await d.ready({ worker: true }));')).toMatchObject({ name: 'native', worker: false });
  });

  test('gives the worker its own module', async () => {
    const wasm = `import { readFileSync } from 'node:fs';
      const url = new URL('file://${dist}/wasm/descend.wasm');`;
    for (const source of [
      'url',
      'readFileSync(url)',
      'new WebAssembly.Module(readFileSync(url))',
      'new Response(readFileSync(url))',
      "'data:application/wasm;base64,' + readFileSync(url, 'base64')",
    ]) {
      expect(await program(`${wasm} show((await d.ready({ worker: true, wasm: ${source} })).worker);`)).toBe(true);
    }
  });

  test('is told what is wrong, and can begin anew', async () => {
    const wrong = [
      '{ wasm: new Uint8Array(8) }',
      "{ engine: 'wasm', worker: () => 1 }",
      "{ engine: 'wasm', worker: () => new Worker('throw new Error(\"no\")', { eval: true }) }",
      "{ engine: 'wasm', worker: () => new Worker('process.exit(3)', { eval: true }) }",
    ];
    const refused = wrong.map((options) => `await refusal(() => d.ready({ worker: true, ...${options} }))`).join(', ');
    expect(await program(`show([${refused}, (await d.ready({ engine: 'wasm', worker: true })).worker]);`)).toEqual([
      expect.stringMatching(/^ENGINE_FAILED WASM engine: expected a module, got CompileError/),
      expect.stringMatching(/^INVALID_VALUE ready: worker: expected a function that makes a Worker, got 1/),
      expect.stringMatching(/^ENGINE_FAILED worker: expected an answer, got Error: no/),
      expect.stringMatching(/^ENGINE_FAILED worker: expected an answer, got its end with exit code 3/),
      true,
    ]);
  });
});
