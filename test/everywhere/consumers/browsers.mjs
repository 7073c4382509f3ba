// Pages without a bundler: an import map, the installed files as they are, in three browsers. Chromium also under a
// strict content security policy.
import { inChromium, inFirefox, inWebKit } from '../browsers.mjs';
import { serving } from '../serve.mjs';

export const tools = ['puppeteer-core'];

const head = `<script type="importmap">
  { "imports": { "descend": "/node_modules/descend/dist/whole/browser.js" } }</script>`;
const POLICED = `import * as descend from './node_modules/descend/dist/index.browser.js';
  import { report, train } from './train.mjs';
  report(train(descend));`;

export async function* run({ project, skippable }) {
  const page = (open) => skippable(() => serving({ folder: project.folder, head, script: '/entry.mjs' }, open));
  yield ['Chromium', await page(inChromium), 'wasm'];
  project.write('policed.mjs', POLICED);
  const policed = { folder: project.folder, script: '/policed.mjs', csp: true };
  yield ['Chromium, strict CSP', await skippable(() => serving(policed, inChromium)), 'wasm'];
  const { default: puppeteer } = (await project.import('puppeteer-core')).all;
  yield ['Firefox', await page((url) => inFirefox(url, puppeteer)), 'wasm'];
  yield ['WebKitGTK', await page(inWebKit), 'wasm'];
}
