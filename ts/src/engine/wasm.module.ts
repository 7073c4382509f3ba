// Loads the WASM module where it is there already, compiled (workerd and edge runtimes import it) or as bytes in the
// script: so that synchronous calls need no `ready()`.

import type { Binding } from './binding.js';
import type { Loaders, WasmSource } from './load.js';
import { type Module, wasmBinding } from './wasm.js';
import { instantiate, wasmError } from './wasm.source.js';

const HINT = 'is the WASM module bundled?';

/** Loaders of the module whose parts these give, unless `ready({ wasm })` brings another. */
export function moduleLoaders(first: () => Module, second: () => Module): Loaders {
  const now = (): Binding => instantiateNow(first(), () => adopted(second()));
  return {
    wasmNow: now,
    wasm: async (source?: WasmSource) => (source === undefined ? now() : instantiate(source, HINT)),
  };
}

function instantiateNow(source: Module, more: () => Module): Binding {
  try {
    return wasmBinding(adopted(source), more);
  } catch (cause) {
    throw wasmError(cause, HINT);
  }
}

// Next's edge runtime hands over a module of another realm, which is as good but fails `instanceof`.
function adopted<T extends Module>(source: T): T {
  const foreign = Object.prototype.toString.call(source) === '[object WebAssembly.Module]';
  return foreign ? Object.setPrototypeOf(source, WebAssembly.Module.prototype) : source;
}
