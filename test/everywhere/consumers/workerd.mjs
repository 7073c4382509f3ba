// workerd, the runtime of Cloudflare Workers, by miniflare. esbuild bundles as wrangler does: its conditions, and the
// module left beside the script. Once with a date from before MessageChannel and FinalizationRegistry came.
export const tools = ['miniflare', 'esbuild'];

const WORKER = `
  import * as descend from 'descend';
  import { train } from './train.mjs';
  export default { async fetch() { return Response.json(await train(descend)); } };`;

export async function* run({ project }) {
  project.write('worker.mjs', WORKER);
  const how = ['--bundle', '--format=esm', '--conditions=workerd,worker,browser', '--loader:.wasm=copy'];
  await project.tool('esbuild', ['worker.mjs', ...how, '--asset-names=[name]', '--outdir=out']);
  const { Miniflare } = await project.import('miniflare');
  for (const compatibilityDate of ['2026-01-01', '2024-09-01']) {
    const modules = [
      { type: 'ESModule', path: 'worker.js', contents: project.read('out/worker.js') },
      ...['descend.wasm', 'descend.more.wasm'].map((path) => {
        return { type: 'CompiledWasm', path, contents: project.read(`out/${path}`) };
      }),
    ];
    const miniflare = new Miniflare({ modules, compatibilityDate });
    try {
      const response = await miniflare.dispatchFetch('http://localhost/');
      yield [`workerd of ${compatibilityDate}`, await response.text(), 'wasm'];
    } finally {
      await miniflare.dispose();
    }
  }
}
