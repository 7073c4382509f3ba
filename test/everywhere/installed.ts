// The packages of an example, which has an installation of its own.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Requires packages as the files of an example do, or undefined (one line on the console says so) without installation. */
export function requireIn(example: string): NodeJS.Require | undefined {
  const folder = fileURLToPath(new URL(`../../examples/${example}`, import.meta.url));
  if (existsSync(`${folder}/node_modules/.package-lock.json`)) return createRequire(`${folder}/package.json`);
  console.log(`skipped: examples/${example} is not installed (npm ci --prefix examples/${example})`);
  return undefined;
}
