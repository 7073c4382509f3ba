// rollup with the plugin that copies what `new URL(…, import.meta.url)` names.
import { inChromium } from '../browsers.mjs';
import { serving } from '../serve.mjs';

export const tools = ['rollup', '@rollup/plugin-node-resolve', '@web/rollup-plugin-import-meta-assets'];

const CONFIG = `
  import resolve from '@rollup/plugin-node-resolve';
  import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
  export default {
    input: 'entry.mjs',
    output: { dir: 'dist', format: 'esm' },
    plugins: [resolve({ browser: true }), importMetaAssets()],
  };`;

export async function* run({ project, skippable }) {
  project.write('rollup.config.mjs', CONFIG);
  await project.tool('rollup', ['--config', 'rollup.config.mjs']);
  const page = { folder: project.path('dist'), script: '/entry.js' };
  yield ['rollup', await skippable(() => serving(page, inChromium)), 'wasm'];
}
