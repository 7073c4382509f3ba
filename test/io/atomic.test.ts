// Atomic writes with every single file operation failing in turn: the old file or the new one, never anything else.

import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileCalls, writeFileAtomic } from '../../ts/src/io/atomic.js';

const OLD = new TextEncoder().encode('old contents');
const NEW = new Uint8Array(100_000).fill(7);

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'descend-atomic-'));
  path = join(folder, 'model.safetensors');
});
afterEach(() => fs.rm(folder, { recursive: true }));

const read = async (): Promise<Uint8Array> => new Uint8Array(await fs.readFile(path));

test('writes a new file and replaces an old one, leaving nothing else behind', async () => {
  await writeFileAtomic(path, OLD);
  expect(await read()).toEqual(OLD);
  await writeFileAtomic(pathToFileURL(path), NEW);
  expect(await read()).toEqual(NEW);
  await writeFileAtomic(path, new Uint8Array(0));
  expect(await read()).toEqual(new Uint8Array(0));
  expect(await fs.readdir(folder)).toEqual(['model.safetensors']);
});

test('keeps permissions and follows links', async () => {
  await fs.writeFile(path, OLD, { mode: 0o600 });
  const link = join(folder, 'link');
  await fs.symlink(path, link);
  await writeFileAtomic(link, NEW);
  expect(await read()).toEqual(NEW);
  expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
  expect((await fs.lstat(link)).isSymbolicLink()).toBe(true);
});

test('writers at the same time leave one whole file', async () => {
  const contents = Array.from({ length: 8 }, (_, i) => new Uint8Array(50_000).fill(i));
  await Promise.all(contents.map((bytes) => writeFileAtomic(path, bytes)));
  expect(contents).toContainEqual(await read());
  expect(await fs.readdir(folder)).toHaveLength(1);
});

test.each([
  ['a folder that does not exist', 'none/model'],
  ['a folder in place of the file', 'sub'],
  ['a name that is too long', 'x'.repeat(300)],
])('%s is FILE_IO', async (_, name) => {
  await fs.mkdir(join(folder, 'sub'));
  const target = join(folder, name);
  await expect(writeFileAtomic(target, NEW)).rejects.toEqual(expect.objectContaining({ code: 'FILE_IO' }));
  expect(await fs.readdir(folder)).toEqual(['sub']);
});

/** Real files whose n-th operation fails; `persistent`: all later ones too, as after a crash or a lost disk. */
function failing(n: number, persistent: boolean): { calls: FileCalls; count: () => number } {
  let count = 0;
  const step = <T>(work: () => Promise<T>): Promise<T> => {
    count++;
    if (count !== n && !(persistent && count > n)) return work();
    return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
  };
  const calls: FileCalls = {
    realpath: (name) => step(() => fs.realpath(name)),
    stat: (name) => step(() => fs.stat(name)),
    rename: (from, to) => step(() => fs.rename(from, to)),
    unlink: (name) => step(() => fs.unlink(name)),
    open: (name, flags, mode) =>
      step(async () => {
        const file = await fs.open(name, flags, mode);
        return {
          writeFile: (bytes) =>
            step(() => file.writeFile(bytes)).catch(async (error: unknown) => {
              await file.write(bytes.subarray(0, bytes.length / 2));
              throw error;
            }),
          sync: () => step(() => file.sync()),
          close: async () => {
            await file.close();
            await step(async () => undefined);
          },
        };
      }),
  };
  return { calls, count: () => count };
}

describe.each([false, true])('every operation fails in turn, persistently: %s', (persistent) => {
  test('the file is the old one with an error, or the new one', { timeout: 60_000 }, async () => {
    for (let n = 1; ; n++) {
      await fs.writeFile(path, OLD);
      const { calls, count } = failing(n, persistent);
      const error = await writeFileAtomic(path, NEW, calls).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(await read(), `operation ${n}`).toEqual(error ? OLD : NEW);
      if (error) expect(error).toMatchObject({ code: 'FILE_IO', message: expect.stringContaining('ENOSPC') });
      // Where removing fails as well, the leftover has a name of its own.
      if (!persistent) expect(await fs.readdir(folder), `operation ${n}`).toEqual(['model.safetensors']);
      if (count() < n) {
        expect(n).toBeGreaterThan(9);
        return;
      }
    }
  });
});
