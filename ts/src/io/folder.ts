// Folders of files that a run writes for itself: made when first needed, read, tidied. Refuses where there are no files.

import { fail, quote } from '../errors.js';
import { hasFiles, reasonOf } from './file.js';

function files(path: string) {
  if (hasFiles()) return process.getBuiltinModule('node:fs/promises');
  throw fail('FILE_IO', `opening ${quote(path)}`, 'a file system', 'a runtime without one');
}

/** Makes the folder at `path`, and those around it. Throws FILE_IO. */
export async function makeFolder(path: string): Promise<void> {
  const fs = files(path);
  try {
    await fs.mkdir(path, { recursive: true });
  } catch (cause) {
    throw fail('FILE_IO', `making folder ${quote(path)}`, 'a place to write to', reasonOf(cause), undefined, cause);
  }
}

/** The folder that a file is in. */
export function folderOf(path: string): string {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return cut < 0 ? '.' : path.slice(0, cut + 1);
}

/** The names in a folder; none where there is none. Throws FILE_IO. */
export async function namesIn(path: string): Promise<string[]> {
  const fs = files(path);
  try {
    return await fs.readdir(path);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') return [];
    throw fail('FILE_IO', `reading folder ${quote(path)}`, 'a readable one', reasonOf(cause), undefined, cause);
  }
}

/** Removes files of a folder, as far as they are there, and the folder itself if `whole` and nothing else is in it. */
export async function removeFiles(path: string, names: readonly string[], whole = false): Promise<void> {
  const fs = files(path);
  for (const name of names) await fs.rm(`${path}/${name}`, { force: true });
  if (whole) await fs.rmdir(path).catch(() => undefined);
}
