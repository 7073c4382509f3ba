// `descend/inline`: the WASM module as text in the script, for bundlers that emit no assets.

import { useLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import { BASE64 } from './wasm/inline.js';

const module = () => Uint8Array.from(atob(BASE64), (character) => character.charCodeAt(0));

useLoaders({
  ...moduleLoaders(module),
  worker: async ({ wasm = module(), ...options }) =>
    (await import('./engine/worker/browser.js')).startWorker({ wasm, ...options }),
});

export * from './index.js';
