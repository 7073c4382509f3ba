// The entry for browsers and edge runtimes: the WASM module.

import { useLoaders } from './engine/load.js';
import { loadWasm } from './engine/wasm.browser.js';

useLoaders({ wasm: loadWasm });

export * from './index.js';
