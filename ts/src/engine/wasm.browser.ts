// Loads the WASM module where there are no files: from the address beside this package, or from what the user gives.

import { DescendError } from '../errors.js';
import * as glue from '../wasm/descend.js';
import type { Binding } from './binding.js';
import type { WasmSource } from './load.js';
import { type Glue, wasmBinding } from './wasm.js';

/** The binding, once the module is there. Throws ENGINE_FAILED. */
export async function loadWasm(source?: WasmSource): Promise<Binding> {
  try {
    // wasm-bindgen streams a response where it can and falls back to its bytes; bytes and modules it takes as they are.
    await glue.default({ module_or_path: source ?? new URL('../wasm/descend.wasm', import.meta.url) });
  } catch (cause) {
    const hint = 'serve descend.wasm beside the package, or give ready({ wasm }) its bytes or address';
    const got = `${(cause as Error).name}: ${(cause as Error).message}`;
    throw new DescendError('ENGINE_FAILED', `WASM engine: expected a module, got ${got} (${hint})`, { cause });
  }
  return wasmBinding(glue as unknown as Glue);
}
