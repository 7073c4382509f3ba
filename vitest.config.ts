// One suite run on both engines, and a few tests that drive a real browser. All of them import the built package, module
// by module: some look inside. Its bundle for Node is what `npm run test:everywhere`, the benchmarks and examples run.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const entry = fileURLToPath(new URL('dist/index.node.js', import.meta.url));
const exchange = fileURLToPath(new URL('dist/exchange/index.js', import.meta.url));

const perEngine = (engine: 'native' | 'wasm') => ({
  test: {
    name: engine,
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/everywhere/**'],
    env: { DESCEND_ENGINE: engine },
  },
});

export default defineConfig({
  // Vite does not resolve a package's own name; and the built files are run as they are.
  resolve: { alias: { 'descend/exchange': exchange, descend: entry } },
  test: {
    testTimeout: 60_000,
    // A browser that starts for the first time, on a busy machine, takes longer than the usual ten seconds.
    hookTimeout: 60_000,
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      { extends: true as const, ...perEngine('native') },
      { extends: true as const, ...perEngine('wasm') },
      { extends: true as const, test: { name: 'browser', include: ['test/{browser,everywhere}/**/*.test.ts'] } },
    ],
  },
});
