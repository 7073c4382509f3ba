// Deno, with every permission and with files alone, which is too little for an addon.
export const tools = ['deno'];
const env = { DENO_NO_UPDATE_CHECK: '1' };

export async function* run({ project }) {
  yield ['Deno, native', await project.tool('deno', ['run', '-A', 'entry.mjs'], env), 'native'];
  yield ['Deno, WASM (--allow-read)', await project.tool('deno', ['run', '--allow-read', 'entry.mjs'], env), 'wasm'];
}
