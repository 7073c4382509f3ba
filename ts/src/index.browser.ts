// The entry for browsers, and for runtimes that no other entry is for: the WASM module, fetched from beside this package,
// in this thread or in a Worker.

import { later } from './bring.js';
import { offerLoaders } from './engine/load.js';
import { besidePackage, loadWasm } from './engine/wasm.browser.js';

offerLoaders({
  rest: async () => (await later()).knowAll(),
  wasm: loadWasm,
  // Loaded when it is asked for: most pages do without.
  worker: async ({ wasm = besidePackage(), ...options }) =>
    (await import('./engine/worker/browser.js')).startWorker({ wasm, ...options }),
});

export * from './index.js';
