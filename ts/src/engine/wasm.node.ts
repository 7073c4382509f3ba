// Loads the WASM module from the file beside this package. Node, Deno and Bun only.

import { DescendError } from '../errors.js';
import * as wasm from '../wasm/descend.js';
import type { Binding } from './binding.js';
import type { WasmSource } from './load.js';
import { type Glue, wasmBinding } from './wasm.js';

const glue = wasm as unknown as Glue;

/** The binding, at once. Throws ENGINE_FAILED. */
export function loadWasmNow(): Binding {
  return reporting(() => {
    glue.initSync({ module: readWasm() });
    return wasmBinding(glue);
  });
}

/** The bytes of the module in a file, that of the package without. */
export function readWasm(file: URL = new URL('../wasm/descend.wasm', import.meta.url)): Uint8Array<ArrayBuffer> {
  return process.getBuiltinModule('node:fs').readFileSync(file) as Uint8Array<ArrayBuffer>;
}

/** The binding from bytes, a module, a response or an address (of a file too); from the package's own file without. */
export async function loadWasm(source?: WasmSource): Promise<Binding> {
  if (source === undefined) return loadWasmNow();
  const module = isFile(source) ? readWasm(source) : await source;
  try {
    await glue.default({ module_or_path: module });
    return wasmBinding(glue);
  } catch (cause) {
    throw failed(cause);
  }
}

/** Whether it is the address of a file here. */
export function isFile(source: WasmSource): source is URL {
  return source instanceof URL && source.protocol === 'file:';
}

function reporting<T>(load: () => T): T {
  try {
    return load();
  } catch (cause) {
    throw failed(cause);
  }
}

function failed(cause: unknown): DescendError {
  if (cause instanceof DescendError) return cause;
  const message = `WASM engine: expected its module beside the package, got ${(cause as Error).message}`;
  return new DescendError('ENGINE_FAILED', message, { cause });
}
