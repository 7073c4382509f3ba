// `npm run bench [-- name …]`: runs bench/*.bench.ts (those whose names contain one of the words) one after the other,
// each in its own process, so that none warms or disturbs another.
import { readdirSync } from 'node:fs';
import { main as build } from './build.mjs';
import { Failure, fromRoot, say } from './shell.mjs';
import { runTypeScript } from './typescript.mjs';

export async function main(words) {
  await build([]);
  const files = readdirSync(fromRoot('bench')).filter((file) => file.endsWith('.bench.ts'));
  const chosen = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (chosen.length === 0)
    throw new Failure(`no benchmark matches: expected part of ${files.join(', ')}, got ${words}`);
  for (const file of chosen.sort()) {
    say(`\n${file}`);
    await runTypeScript(`bench/${file}`, []);
  }
}
