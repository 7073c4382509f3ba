// Every example runs and reaches what it promises: each exits with an error where it does not.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { sharedPath } from './shared.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = readdirSync(new URL('../examples', import.meta.url)).filter((name) => name.endsWith('.ts'));
/** Of those that would take long. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  'captcha.ts': ['--steps', '80'],
  'face-embedding.ts': ['--steps', '60'],
  'mnist-cnn.ts': ['--small'],
  'mnist-softmax.ts': ['--small'],
  'optimizer-race.ts': ['--steps', '20', '--epochs', '1', 'Momentum', 'Adam', 'SOAP'],
};
const start = `import('./scripts/typescript.mjs').then(({ runTypeScript }) =>
  runTypeScript(process.argv[1], process.argv.slice(2))).catch(() => process.exit(1))`;

async function run(example: string, ...parameters: string[]): Promise<string> {
  const file = `examples/${example}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', start, '--', file, ...parameters], {
    cwd: root,
  });
  return stdout;
}

describe('examples', () => {
  test.each(examples)('%s', async (example) => {
    expect(await run(example, ...(QUICK[example] ?? []))).not.toBe('');
  });

  test('optimizer-race.ts draws what it says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'descend-race-'));
    const svg = join(folder, 'race.svg');
    const report = await run('optimizer-race.ts', '--steps', '30', '--epochs', '2', '--svg', svg, 'Adam:0.1', 'DoG');
    for (const word of ['Rosenbrock', 'Narrow valley', 'Digits', 'Adam', 'DoG', '@0.1', svg]) {
      expect(report).toContain(word);
    }
    const picture = await readFile(svg, 'utf8');
    await rm(folder, { recursive: true });
    // Two ways on each of six surfaces and two curves, all of finite numbers.
    expect(picture.match(/<polyline points="\d/g)).toHaveLength(14);
    expect(picture).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(picture).not.toMatch(/NaN|Infinity|undefined/);
  });

  const mnist = sharedPath('data/mnist');
  test.skipIf(mnist === undefined)('digits.ts on MNIST', async () => {
    const report = await run('digits.ts', '--data', mnist as string);
    expect(report).toMatch(/9[5-9]\.\d\d %/);
  });
});
