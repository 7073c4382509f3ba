// Files that are either the old ones or the new ones, whole, whatever moment the power goes.
// Needs a file system: `writeFile` sees to that.

import { DescendError, fail, quote } from '../errors.js';
import { reasonOf } from './file.js';

interface OpenFile {
  writeFile(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls of node:fs/promises that an atomic write makes. */
export interface FileCalls {
  open(path: string, flags: string, mode?: number): Promise<OpenFile>;
  realpath(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  stat(path: string): Promise<{ mode: number }>;
  unlink(path: string): Promise<void>;
}

let written = 0;

/**
 * Replaces the file at `path` by `bytes` in one moment: a temporary file beside it is written, synced and renamed over
 * it, then the folder is synced. A link is followed, permissions are kept. When anything fails the temporary file is
 * removed, the old file stays as it was, and FILE_IO says why. `files` stands in for node:fs/promises in tests.
 */
export async function writeFileAtomic(path: string | URL, bytes: Uint8Array, files?: FileCalls): Promise<void> {
  const name = quote(String(path));
  try {
    const fs = files ?? process.getBuiltinModule('node:fs/promises');
    const target = await resolved(fs, filePath(path));
    await replace(fs, target, bytes);
  } catch (cause) {
    if (cause instanceof DescendError) throw cause;
    throw fail('FILE_IO', `writing ${name}`, 'a writable file', reasonOf(cause), 'the old file is unchanged', cause);
  }
}

function filePath(path: string | URL): string {
  if (typeof path === 'string' && !path.startsWith('file:')) return path;
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  return fileURLToPath(path);
}

// Renaming over a link would replace the link, not the file it leads to.
async function resolved(fs: FileCalls, path: string): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (error) {
    if (isMissing(error)) return path;
    throw error;
  }
}

async function modeOf(fs: FileCalls, path: string): Promise<number> {
  try {
    return (await fs.stat(path)).mode & 0o777;
  } catch (error) {
    if (isMissing(error)) return 0o666;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ENOENT';
}

async function replace(fs: FileCalls, target: string, bytes: Uint8Array): Promise<void> {
  const mode = await modeOf(fs, target);
  // Unique among threads and processes: `wx` refuses a name that exists.
  const temporary = `${target}.${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}${written++}.tmp`;
  const file = await fs.open(temporary, 'wx', mode);
  try {
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, target);
  } catch (error) {
    await fs.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(fs, target);
}

// Makes the rename itself durable. The new file is in place by now, so a folder that cannot be synced (Windows, some
// network drives) is no failure of the write.
async function syncFolder(fs: FileCalls, target: string): Promise<void> {
  const cut = Math.max(target.lastIndexOf('/'), target.lastIndexOf('\\'));
  const folder = cut < 0 ? '.' : target.slice(0, cut + 1);
  try {
    const handle = await fs.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Nothing to undo.
  }
}
