// The SHA-256 of results, committed: every engine and number of threads is held against the same file, so what agrees
// with it agrees with each other. UPDATE=1 on the native engine writes what it finds instead (a change of bits belongs
// into the changelog).

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

/** The engine that this project of the suite runs on. */
export const ENGINE = process.env.DESCEND_ENGINE as 'native' | 'wasm';
const UPDATE = process.env.UPDATE === '1' && ENGINE === 'native';

/** Numbers of threads to try. WASM has one. */
export const THREADS: readonly number[] = ENGINE === 'native' ? [1, 2, 3] : [1];

/** The committed hashes of one test file. */
export class Committed {
  readonly #file: URL;
  readonly #hashes: Record<string, string>;

  constructor(name: string) {
    this.#file = new URL(`hashes/${name}.json`, import.meta.url);
    this.#hashes = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {};
  }

  /** Expects the result of this name to have the committed hash. */
  expect(name: string, hash: string): void {
    if (UPDATE && this.#hashes[name] !== hash) {
      this.#hashes[name] = hash;
      writeFileSync(this.#file, `${JSON.stringify(this.#hashes, null, 2)}\n`);
    }
    expect(hash, `${name} (UPDATE=1 npm test -- --project native commits a new one)`).toBe(this.#hashes[name]);
  }
}
