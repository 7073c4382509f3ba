// One file for Node, Deno and Bun, where nobody shakes trees: a hundred modules take 9 MB of memory more, and longer to
// load. It lies one folder below dist, as its parts do, so that addresses relative to them stay true.
import { existsSync } from 'node:fs';
import { build } from 'esbuild';
import { fromRoot } from './shell.mjs';

export const GLUE = 'dist/wasm/descend.js';

export async function bundleForNode() {
  await build({
    // The worker's script stands where the other looks for it.
    entryPoints: { index: fromRoot('dist/index.node.js'), script: fromRoot('dist/engine/worker/script.js') },
    outdir: fromRoot('dist/node'),
    bundle: true,
    // Classes go by their names in messages.
    keepNames: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
    plugins: existsSync(fromRoot(GLUE)) ? [] : [{ name: 'without wasm', setup: leaveOut }],
  });
}

// `npm start` builds no WASM: there is an addon then.
function leaveOut(build) {
  build.onResolve({ filter: /wasm\/descend\.js$/ }, ({ path }) => ({ path, namespace: 'absent' }));
  build.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
}
