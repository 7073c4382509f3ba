// esbuild, which copies no assets by itself: with the module in the script (`descend/inline`), and with the file named
// by the application (`descend/wasm`).
import { inChromium } from '../browsers.mjs';
import { serving } from '../serve.mjs';

export const tools = ['esbuild'];

const OWN_FILE = `
  import { ready, Adam, Dense, Dropout, engineInfo, Rescaling, Sequential } from 'descend/wasm';
  import first from 'descend/descend.wasm';
  import second from 'descend/descend.more.wasm';
  import { report, train } from './train.mjs';
  const classes = { Adam, Dense, Dropout, engineInfo, Rescaling, Sequential };
  report(ready({ wasm: [new URL(first, import.meta.url), new URL(second, import.meta.url)] }).then(() => train(classes)));`;

export async function* run({ project, skippable }) {
  const page = { folder: project.path('dist'), script: '/main.js' };
  const build = (entry, ...more) =>
    project.tool('esbuild', [entry, '--bundle', '--minify', '--format=esm', '--outfile=dist/main.js', ...more]);
  project.write('inline.mjs', project.read('entry.mjs').toString().replace("'descend'", "'descend/inline'"));
  await build('inline.mjs');
  yield ['esbuild, descend/inline', await skippable(() => serving(page, inChromium)), 'wasm'];
  project.write('own-file.mjs', OWN_FILE);
  await build('own-file.mjs', '--loader:.wasm=file');
  yield ['esbuild, descend/wasm', await skippable(() => serving(page, inChromium)), 'wasm'];
}
