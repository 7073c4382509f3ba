// The entry for Node, Deno and Bun: the native addon first, the WASM module where there is none.

import { offerLoaders } from './engine/load.js';
import { loadNative } from './engine/native.js';
import { loadWasm, loadWasmNow } from './engine/wasm.node.js';
import { knowAll } from './later.js';

offerLoaders({
  native: loadNative,
  wasmNow: loadWasmNow,
  wasm: loadWasm,
  worker: async (options) => (await import('./engine/worker/node.js')).startWorker(options),
  env,
});

// Nothing is fetched here.
knowAll();

// Deno asks for permission to read the environment, and throws without.
function env(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

export * from './index.js';
