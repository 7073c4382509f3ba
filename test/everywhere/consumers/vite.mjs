// Vite, without any configuration: built, and its development server.
import { inChromium } from '../browsers.mjs';
import { serving } from '../serve.mjs';

export const tools = ['vite'];

export async function* run({ project, skippable }) {
  project.write('index.html', '<!doctype html><title>…</title><script type="module" src="/entry.mjs"></script>');
  await project.tool('vite', ['build']);
  const script = project
    .read('dist/index.html')
    .toString()
    .match(/src="([^"]+)"/)[1];
  yield ['Vite, built', await skippable(() => serving({ folder: project.path('dist'), script }, inChromium)), 'wasm'];
  const { createServer } = await project.import('vite');
  const server = await createServer({ root: project.folder, logLevel: 'error', server: { host: '127.0.0.1' } });
  await server.listen();
  try {
    yield ['Vite, dev server', await skippable(() => inChromium(server.resolvedUrls.local[0])), 'wasm'];
  } finally {
    await server.close();
  }
}
