// Every example runs and reaches what it promises: each exits with an error where it does not.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { sharedPath } from './shared.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = readdirSync(new URL('../examples', import.meta.url)).filter((name) => name.endsWith('.ts'));
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
    expect(await run(example)).not.toBe('');
  });

  const mnist = sharedPath('data/mnist');
  test.skipIf(mnist === undefined)('digits.ts on MNIST', async () => {
    const report = await run('digits.ts', '--data', mnist as string);
    expect(report).toMatch(/9[5-9]\.\d\d %/);
  });
});
