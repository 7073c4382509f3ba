// What becomes of the compiled modules: they lose their comments, which stand in the declarations; and a few files are made
// of them for Node, Deno, Bun and pages without a bundler, where nobody shakes trees: hundreds of modules take 9 MB of memory
// more there, and several times as long to load. They lie one folder below dist, as most modules do, so that addresses
// relative to them stay true.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { Failure, fromRoot } from './shell.mjs';

/** Makes every module that was compiled half as long. Only what stands within functions loses its name. */
export async function shorten() {
  const outdir = fromRoot('dist');
  const modules = readdirSync(outdir, { recursive: true }).filter(
    (file) => file.endsWith('.js') && !/^(native|wasm|whole)\W/.test(file),
  );
  const entryPoints = modules.map((file) => join(outdir, file));
  const inPlace = { outdir, outbase: outdir, allowOverwrite: true };
  await build({
    entryPoints,
    ...inPlace,
    tsconfigRaw: {},
    minify: true,
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

const inDist = (path) => fromRoot(`dist/${path}`);
// What is in whole files, for nobody reads them: but classes and functions go by their names in messages and stacks. (That
// esbuild could keep names while it shortens them is no help: it writes to every function, which takes 3 MB.)
const WHOLE = {
  outdir: inDist('whole'),
  bundle: true,
  splitting: true,
  chunkNames: '[hash]',
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  target: 'es2022',
  format: 'esm',
  logLevel: 'warning',
};

/**
 * A file for each entry, and few between them: Node looks at every letter of every path that is imported, and once that
 * loop is hot it is optimised, which takes 3 MB. So what `exchange` shares with the rest comes through one file more,
 * `inner`, as namespaces, and not through a part for each set of entries that share something.
 */
export async function bundleWhole() {
  const shared = await sharedWithExchange();
  const inner = inDist('inner.js');
  const names = ['index.js', 'later.js', ...shared.keys()];
  writeFileSync(inner, names.map((path, i) => `export * as $${i} from './${path}';\n`).join(''));
  // The worker's script stands where the others look for it.
  const entryPoints = {
    index: inDist('index.node.js'),
    browser: inDist('index.browser.js'),
    script: inDist('engine/worker/script.js'),
    inner,
  };
  await build({ ...WHOLE, entryPoints });
  rmSync(inner);
  const setup = (build) => {
    build.onResolve({ filter: /^\./ }, ({ path, importer, namespace }) => {
      if (namespace === 'inner') return { path, external: true };
      const found = relative(inDist(''), join(dirname(importer), path)).replaceAll('\\', '/');
      return shared.has(found) ? { path: found, namespace: 'inner' } : undefined;
    });
    build.onLoad({ filter: /./, namespace: 'inner' }, ({ path }) => {
      const name = `$${names.indexOf(path)}`;
      return { contents: `import { ${name} } from './inner.js'; export const { ${shared.get(path)} } = ${name};` };
    });
  };
  const exchange = { ...WHOLE, entryPoints: { exchange: inDist('exchange/index.js') }, external: ['descend'] };
  await build({ ...exchange, plugins: [{ name: 'inner', setup }] });
  for (const file of readdirSync(inDist('whole'))) withOwnNames(inDist(`whole/${file}`));
}

/** Classes that speak of themselves go by their names again: esbuild writes `Adam = class _Adam`. */
function withOwnNames(file) {
  const text = readFileSync(file, 'utf8');
  const names = [...text.matchAll(/\b(\w+)=class _\1\b/g)].map(([, name]) => name);
  if (names.length === 0) return;
  writeFileSync(file, text.replace(new RegExp(`(?<![\\w$.])_(${names.join('|')})(?![\\w$])`, 'g'), '$1'));
}

/** The modules outside of `exchange` that its own import, with what they export. */
async function sharedWithExchange() {
  const look = { ...WHOLE, write: false, metafile: true, absWorkingDir: inDist(''), external: ['descend'] };
  const { metafile } = await build({ ...look, entryPoints: [inDist('exchange/index.js')] });
  const own = Object.entries(metafile.inputs).filter(([path]) => path.startsWith('exchange/'));
  const paths = own.flatMap(([, { imports }]) => imports.filter(({ external }) => !external).map(({ path }) => path));
  const outside = [...new Set(paths)].filter((path) => !path.startsWith('exchange/')).sort();
  const { metafile: each } = await build({ ...look, outbase: inDist(''), entryPoints: outside.map(inDist) });
  const entries = Object.values(each.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  return new Map(entries.map(({ entryPoint, exports }) => [entryPoint, exports.join(', ')]));
}
