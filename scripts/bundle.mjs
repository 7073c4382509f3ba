// What becomes of the compiled modules: they lose their comments, which stand in the declarations; and one file is made
// of them for Node, Deno and Bun, where nobody shakes trees: a hundred modules take 9 MB of memory more, and longer to
// load. It lies one folder below dist, as its parts do, so that addresses relative to them stay true.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { Failure, fromRoot } from './shell.mjs';

export const GLUE = 'dist/wasm/descend.js';

/** Takes comments and spaces out of every module that was compiled: a third of what an installation has of JavaScript. */
export async function withoutComments() {
  const outdir = fromRoot('dist');
  const modules = readdirSync(outdir, { recursive: true }).filter(
    (file) => file.endsWith('.js') && !/^(native|wasm|node)\W/.test(file),
  );
  const entryPoints = modules.map((file) => join(outdir, file));
  const inPlace = { outdir, outbase: outdir, allowOverwrite: true };
  await build({
    entryPoints,
    ...inPlace,
    tsconfigRaw: {},
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
  });
}

// What `later.js` needs of what `index.js` exports by name.
const SHARED = 'generated/more-optimizers';

/**
 * Puts a file between the exports and a module that `later.js` needs: esbuild shares whole files among the parts of an
 * application, and would put all of the module into the first part, which could name some of it.
 */
export function keepApart() {
  const [module, index] = [fromRoot(`dist/${SHARED}.js`), fromRoot('dist/index.js')];
  const names = [...readFileSync(module, 'utf8').matchAll(/^export (?:class|const) (\w+)/gm)].map(([, name]) => name);
  const lines = names.map((name) => `export const ${name} = apart.${name};`);
  const text = [`import * as apart from './${basename(module)}';`, ...lines, ''].join('\n');
  writeFileSync(module.replace(/js$/, 'apart.js'), text);
  const exports = readFileSync(index, 'utf8');
  const changed = exports.replace(`${SHARED}.js`, `${SHARED}.apart.js`);
  if (changed === exports) throw new Failure(`dist/index.js: expected exports from ${SHARED}.js, got none`);
  writeFileSync(index, changed);
}

export async function bundleForNode() {
  await build({
    // The worker's script stands where the other looks for it.
    entryPoints: {
      index: fromRoot('dist/index.node.js'),
      script: fromRoot('dist/engine/worker/script.js'),
      exchange: fromRoot('dist/exchange/index.js'),
    },
    outdir: fromRoot('dist/node'),
    bundle: true,
    // What entries share is in files between them, so that their classes are the same; the exchange asks for the package.
    splitting: true,
    external: ['descend'],
    // Nobody reads it: what the modules beside it are for. Classes go by their names in messages.
    minify: true,
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
