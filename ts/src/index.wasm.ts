// `descend/wasm`: the WASM module is brought by the user, who calls `ready({ wasm })` before anything else.

import { later } from './bring.js';
import { useLoaders, type WasmSource } from './engine/load.js';
import { instantiate } from './engine/wasm.source.js';
import { fail } from './errors.js';

useLoaders({
  rest: async () => (await later()).knowAll(),
  wasm: async (source?: WasmSource) => {
    if (source !== undefined)
      return await instantiate(source, 'give ready({ wasm }) the bytes or address of descend.wasm');
    throw fail('NOT_READY', 'descend/wasm', 'a module from ready({ wasm })', 'none', 'await ready({ wasm }) first');
  },
  worker: async (options) => (await import('./engine/worker/browser.js')).startWorker(options),
});

export * from './index.js';
