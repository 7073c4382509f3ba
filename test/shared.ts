// Where the reference data lies that is kept outside the repository; tests skip, saying so, where it is absent.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { DESCEND_SHARED } = process.env;
const root = DESCEND_SHARED ?? fileURLToPath(new URL('../../shared', import.meta.url));

/** The absolute path of shared data, or undefined where there is none (one line on the console says so). */
export function sharedPath(path: string): string | undefined {
  const full = `${root}/${path}`;
  if (existsSync(full)) return full;
  console.log(`skipped: no ${full} (set DESCEND_SHARED to the folder of shared data)`);
  return undefined;
}
