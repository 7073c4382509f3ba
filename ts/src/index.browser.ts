// The entry for browsers, and for runtimes that no other entry is for: the WASM module, fetched from beside this package,
// in this thread or in a Worker.

import { useLoaders } from './engine/load.js';
import { besidePackage, loadWasm } from './engine/wasm.browser.js';

useLoaders({
  rest: async () => (await import('./later.js')).knowAll(),
  wasm: loadWasm,
  // Loaded when it is asked for: most pages do without.
  worker: async ({ wasm = besidePackage(), ...options }) =>
    (await import('./engine/worker/browser.js')).startWorker({ wasm, ...options }),
});

export * from './index.js';
