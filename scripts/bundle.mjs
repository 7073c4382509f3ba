// What becomes of the compiled modules: they lose their comments, which stand in the declarations; and one file is made
// of them for Node, Deno and Bun, where nobody shakes trees: a hundred modules take 9 MB of memory more, and longer to
// load. It lies one folder below dist, as its parts do, so that addresses relative to them stay true.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { fromRoot } from './shell.mjs';

export const GLUE = 'dist/wasm/descend.js';

/** Takes the comments out of every module that was compiled: a fifth of what an installation has of JavaScript. */
export async function withoutComments() {
  const outdir = fromRoot('dist');
  const modules = readdirSync(outdir, { recursive: true }).filter(
    (file) => file.endsWith('.js') && !/^(native|wasm|node)\W/.test(file),
  );
  const entryPoints = modules.map((file) => join(outdir, file));
  await build({ entryPoints, outdir, outbase: outdir, allowOverwrite: true, tsconfigRaw: {}, logLevel: 'warning' });
}

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
