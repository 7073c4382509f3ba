// Loads the WASM module where there are no files: from the addresses beside this package, or from what the user gives.

import type { Binding } from './binding.js';
import type { WasmSource } from './load.js';
import { instantiate } from './wasm.source.js';

/** The binding, once its first part is there. Throws ENGINE_FAILED. */
export function loadWasm(source?: WasmSource): Promise<Binding> {
  return instantiate(
    source ?? besidePackage(),
    'serve descend.wasm beside the package, or give ready({ wasm }) its bytes or address',
  );
}

/** Where both parts lie. Bundlers know these very expressions, and emit the files. */
export function besidePackage(): [first: URL, second: URL] {
  return [new URL('../wasm/descend.wasm', import.meta.url), new URL('../wasm/descend.more.wasm', import.meta.url)];
}
