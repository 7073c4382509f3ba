// Loads the WASM module from the file beside this package. Node, Deno and Bun only.

import { DescendError } from '../errors.js';
import type { Binding } from './binding.js';
import type { WasmSource } from './load.js';
import { type Glue, wasmBinding } from './wasm.js';

/** The binding, at once. Throws ENGINE_FAILED. */
export function loadWasmNow(): Binding {
  return reporting(() => {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const glue = requireGlue();
    glue.initSync({ module: readFileSync(new URL('../wasm/descend.wasm', import.meta.url)) });
    return wasmBinding(glue);
  });
}

/** The binding from bytes, a module, a response or an address (of a file too); from the package's own file without. */
export async function loadWasm(source?: WasmSource): Promise<Binding> {
  if (source === undefined) return loadWasmNow();
  const module = isFile(source) ? process.getBuiltinModule('node:fs').readFileSync(source) : await source;
  try {
    const glue = requireGlue();
    await glue.default({ module_or_path: module });
    return wasmBinding(glue);
  } catch (cause) {
    throw failed(cause);
  }
}

function isFile(source: WasmSource): source is URL {
  return source instanceof URL && source.protocol === 'file:';
}

// `require` of an ES module, so that a synchronous call can load it; the file need not be there when another engine is.
function requireGlue(): Glue {
  return process.getBuiltinModule('node:module').createRequire(import.meta.url)('../wasm/descend.js') as Glue;
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
