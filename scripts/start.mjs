// `npm start [-- --data DIR]`: trains on handwritten digits with the native addon. Needs no WASM tools.
import { main as build } from './build.mjs';
import { runTypeScript } from './typescript.mjs';

export async function main(parameters) {
  await build(['native', 'ts']);
  await runTypeScript('examples/digits.ts', parameters);
}
