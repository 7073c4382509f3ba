// Loads the WASM module from the files beside this package. Node, Deno and Bun only.

import { DescendError } from '../errors.js';
import type { Binding } from './binding.js';
import type { WasmPart, WasmSource } from './load.js';
import { type More, wasmBinding } from './wasm.js';
import { compiled, later, partsOf } from './wasm.source.js';

/** The binding, at once. Throws ENGINE_FAILED. */
export function loadWasmNow(): Binding {
  return reporting(() => wasmBinding(readWasm(), () => reporting(() => readWasm(SECOND))));
}

const FIRST = new URL('../wasm/descend.wasm', import.meta.url);
const SECOND = new URL('../wasm/descend.more.wasm', import.meta.url);

/** Where both parts lie. */
export const besidePackage: readonly [first: URL, second: URL] = [FIRST, SECOND];

/** The bytes of a part in a file, the package's first without. */
export function readWasm(file: URL = FIRST): Uint8Array<ArrayBuffer> {
  return process.getBuiltinModule('node:fs').readFileSync(file) as Uint8Array<ArrayBuffer>;
}

/** The binding from bytes, a module, a response or an address (of a file too); from the package's own files without. */
export async function loadWasm(source?: WasmSource): Promise<Binding> {
  if (source === undefined) return loadWasmNow();
  const [first, second] = partsOf(source);
  try {
    return wasmBinding(isFile(first) ? readWasm(first) : await compiled(first), partLater(second));
  } catch (cause) {
    throw failed(cause);
  }
}

/** What brings the second part, from a file too. */
export function partLater(second: WasmPart | undefined): More {
  return second !== undefined && isFile(second) ? () => reporting(() => readWasm(second)) : later(second);
}

/** Whether it is the address of a file here. */
export function isFile(source: WasmPart): source is URL {
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
