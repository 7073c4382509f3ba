// Vercel's edge VM. esbuild bundles; an import with `?module` becomes a compiled module that the platform hands over.
export const tools = ['@edge-runtime/vm', 'esbuild'];

export async function* run({ project }) {
  project.write(
    'edge.mjs',
    `import * as descend from 'descend';
     import { train } from './train.mjs';
     globalThis.run = async () => JSON.stringify(await train(descend));`,
  );
  const { build } = await project.import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [project.path('edge.mjs')],
    bundle: true,
    format: 'iife',
    conditions: ['edge-light'],
    write: false,
    plugins: [{ name: 'module', setup: handOver }],
  });
  const { EdgeVM } = await project.import('@edge-runtime/vm');
  const modules = {};
  for (const name of ['descend.wasm', 'descend.more.wasm']) {
    modules[name] = await WebAssembly.compile(project.read(`node_modules/descend/dist/wasm/${name}`));
  }
  const vm = new EdgeVM({ extend: (context) => Object.assign(context, { modules }) });
  vm.evaluate(outputFiles[0].text);
  yield ['Vercel edge VM', await vm.evaluate('run()'), 'wasm'];
}

function handOver(build) {
  build.onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: 'module' }));
  build.onLoad({ filter: /./, namespace: 'module' }, ({ path }) => {
    const [name] = /descend[.\w]*\.wasm/.exec(path);
    return { contents: `export default globalThis.modules['${name}'];` };
  });
}
