// Loads the WASM module where there are no files: from the address beside this package, or from what the user gives.

import type { Binding } from './binding.js';
import type { WasmSource } from './load.js';
import { instantiate } from './wasm.source.js';

/** The binding, once the module is there. Throws ENGINE_FAILED. */
export function loadWasm(source?: WasmSource): Promise<Binding> {
  const hint = 'serve descend.wasm beside the package, or give ready({ wasm }) its bytes or address';
  return instantiate(source ?? new URL('../wasm/descend.wasm', import.meta.url), hint);
}
