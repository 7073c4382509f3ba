// Tells whether something must be built again: a stamp is the hash of the contents of everything that went in.
// Contents rather than times, because a checkout touches times without changing anything.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fromRoot } from './shell.mjs';

const stampFile = (name) => fromRoot(`.cache/stamps/${name}`);

/** The hash of files and folders (relative to the top of the repository) and of further words, such as versions. */
export function fingerprint(paths, words = []) {
  const hash = createHash('sha256');
  for (const path of paths) addTo(hash, path);
  for (const word of words) hash.update(`\0${word}`);
  return hash.digest('hex');
}

function addTo(hash, path) {
  const absolute = fromRoot(path);
  if (!existsSync(absolute)) return;
  if (!statSync(absolute).isDirectory()) {
    hash.update(`\0${path}\0`).update(readFileSync(absolute));
    return;
  }
  for (const name of readdirSync(absolute).sort()) {
    if (name !== 'target') addTo(hash, `${path}/${name}`);
  }
}

/** Runs `work` unless `name` was last built from the same inputs and its outputs are still there. */
export async function unlessFresh(name, inputs, outputs, work) {
  const before = inputs();
  const file = stampFile(name);
  const known = existsSync(file) && readFileSync(file, 'utf8') === before;
  if (known && outputs.every((output) => existsSync(fromRoot(output)))) return;
  await work();
  mkdirSync(fromRoot('.cache/stamps'), { recursive: true });
  // Taken before the work: what changed meanwhile is built next time.
  writeFileSync(file, before);
}
