// Loads the WASM module from what the user gives: bytes, a module, a response, an address.

import { DescendError } from '../errors.js';
import * as glue from '../wasm/descend.js';
import type { Binding } from './binding.js';
import type { WasmSource } from './load.js';
import { type Glue, wasmBinding } from './wasm.js';

/** The binding, once the module is there. Throws ENGINE_FAILED with `hint`. */
export async function instantiate(source: WasmSource, hint: string): Promise<Binding> {
  try {
    // wasm-bindgen streams a response where it can and falls back to its bytes; bytes and modules it takes as they are.
    await glue.default({ module_or_path: source });
  } catch (cause) {
    throw wasmError(cause, hint);
  }
  return wasmBinding(glue as unknown as Glue);
}

/** The error of a module that cannot be had or does not run here. */
export function wasmError(cause: unknown, hint: string): DescendError {
  const got = `${(cause as Error).name}: ${(cause as Error).message}`;
  return new DescendError('ENGINE_FAILED', `WASM engine: expected a module, got ${got} (${hint})`, { cause });
}
