// Finds and loads the native addon: beside this package, or in the optional package for this machine. Node, Deno and
// Bun only. Throws with the reasons when there is none. What it requires is computed, so that bundlers leave it alone.

import { DescendError } from '../errors.js';
import type { Binding } from './binding.js';
import { VERSION } from './version.js';

/** The addon of this machine. Throws ENGINE_FAILED. */
export function loadNative(): Binding {
  const { createRequire } = process.getBuiltinModule('node:module');
  const require = createRequire(import.meta.url);
  const reasons: string[] = [];
  for (const triple of triples()) {
    for (const path of [`../native/descend.${triple}.node`, `descend-${triple}`]) {
      try {
        const addon = require(path) as Omit<Binding, 'name'>;
        const version = addon.version();
        if (version === VERSION) return { ...addon, name: 'native' };
        reasons.push(`${path} is of version ${version}, not ${VERSION}`);
      } catch (cause) {
        reasons.push(firstLine(cause));
      }
    }
  }
  throw new DescendError(
    'ENGINE_FAILED',
    `native engine: expected an addon for this machine, got none: ${reasons.join('; ')}`,
  );
}

/** The names that addons of this machine have, likeliest first. */
function triples(): string[] {
  const machine = `${process.platform}-${process.arch}`;
  if (process.platform === 'linux') return [`${machine}-gnu`, `${machine}-musl`];
  return process.platform === 'win32' ? [`${machine}-msvc`] : [machine];
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n')[0] as string;
}
