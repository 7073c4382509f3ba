// The README's examples run as they stand there.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';

const root = new URL('../', import.meta.url);

async function run(code: string, name: string): Promise<string> {
  const folder = new URL('.cache/readme/', root);
  await mkdir(folder, { recursive: true });
  const file = new URL(`${name}-${process.pid}.ts`, folder);
  await writeFile(file, code);
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await import(/* @vite-ignore */ file.pathname);
    return log.mock.calls.map((line) => line.join(' ')).join('\n');
  } finally {
    log.mockRestore();
  }
}

const examples = [...(await readFile(new URL('README.md', root), 'utf8')).matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code]) => code!,
);

test('the model of the README learns the digits', async () => {
  const [, accuracy, hash] = (await run(examples[0]!, 'model')).match(
    /^([\d.]+) % of the held-out digits, weights (\w+)$/,
  )!;
  expect(Number(accuracy)).toBeGreaterThanOrEqual(95);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(examples[0]!.trim().split('\n').length).toBeLessThanOrEqual(20);
});

test('the function of the README is minimised', async () => {
  const [, steps, a, b] = (await run(examples[1]!, 'minimize')).match(/^lossBelow (\d+) ([\d.]+),([\d.]+)$/)!;
  expect(Number(steps)).toBeLessThan(10_000);
  expect(Math.abs(Number(a) - 3)).toBeLessThan(2e-4);
  expect(Math.abs(Number(b) - 0.5)).toBeLessThan(2e-4);
});
