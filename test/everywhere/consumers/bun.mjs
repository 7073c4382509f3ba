// Bun. Its package's install script, which is not run here, would put the program of this machine in place.
import { readdirSync } from 'node:fs';

export const tools = ['bun'];

export async function* run({ project }) {
  const bun = await program(project);
  yield ['Bun, native', await project.run(bun, ['entry.mjs']), 'native'];
  yield ['Bun, WASM', await project.run(bun, ['entry.mjs'], { DESCEND_ENGINE: 'wasm' }), 'wasm'];
}

// npm installs those of this machine's kind: for newer and for older processors.
async function program(project) {
  const folder = `${project.toolFolder}/node_modules/@oven`;
  const programs = readdirSync(folder).map((name) => `${folder}/${name}/bin/bun`);
  const tried = await Promise.allSettled(programs.map((path) => project.run(path, ['--version'])));
  const found = programs.find((_, i) => tried[i].status === 'fulfilled');
  if (found) return found;
  throw new Error(`no Bun starts: ${tried.map(({ reason }) => reason.message).join('; ')}`);
}
