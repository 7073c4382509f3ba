// `descend/exchange`: a model as Keras wrote it, imported, and what it predicts, in Node's two engines and in a bundle in
// Chromium. Held against each other: what is predicted is no trained model.
import { readFileSync } from 'node:fs';
import { inChromium } from '../browsers.mjs';
import { serving } from '../serve.mjs';

export const tools = ['esbuild'];
/** The first row says what the others must give. */
export const own = true;

const folder = new URL('../../golden/interop/', import.meta.url);

function source(entry) {
  const { name, input } = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')).cases.find(
    ({ files }) => files.keras === 'cnn.keras',
  );
  const file = readFileSync(new URL(`${name}.keras`, folder)).toString('base64');
  return `
    import { engineInfo, ready } from '${entry}';
    import { importKeras } from 'descend/exchange';
    import { report } from './train.mjs';
    async function predict() {
      await ready();
      const model = await importKeras(Uint8Array.from(atob('${file}'), (c) => c.charCodeAt(0)));
      const x = { data: Float32Array.from(${JSON.stringify(input.data)}), shape: ${JSON.stringify(input.shape)} };
      const { data } = await model.predict(x);
      const digest = await crypto.subtle.digest('SHA-256', data);
      const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
      return { engine: engineInfo().name, sha256, fallbackReason: engineInfo().fallbackReason };
    }
    report(predict());`;
}

export async function* run({ project, skippable }) {
  project.write('imported.mjs', source('descend'));
  yield ['exchange, Node, native', await project.node(['imported.mjs']), 'native'];
  yield ['exchange, Node, WASM', await project.node(['imported.mjs'], { DESCEND_ENGINE: 'wasm' }), 'wasm'];
  project.write('bundled.mjs', source('descend/inline'));
  const flags = ['--bundle', '--minify', '--format=esm', '--outfile=dist/main.js'];
  await project.tool('esbuild', ['bundled.mjs', ...flags]);
  const page = { folder: project.path('dist'), script: '/main.js' };
  yield ['exchange, esbuild, Chromium', await skippable(() => serving(page, inChromium)), 'wasm'];
}
