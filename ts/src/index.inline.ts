// `descend/inline`: the WASM module as text in the script, for bundlers that emit no assets.

import { inflate } from './engine/inflate.js';
import { useLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import { knowAll } from './later.js';
import { MORE, type Packed, WASM } from './wasm/inline.js';

const bytes = ({ size, packed }: Packed) =>
  inflate(
    Uint8Array.from(atob(packed), (character) => character.charCodeAt(0)),
    size,
  );
const first = () => bytes(WASM);
const second = () => bytes(MORE);

useLoaders({
  ...moduleLoaders(first, second),
  worker: async ({ wasm = [first(), second()], ...options }) =>
    (await import('./engine/worker/browser.js')).startWorker({ wasm, ...options }),
});

// Synchronous calls need no `ready` here.
knowAll();

export * from './index.js';
