// Loads the WASM module from what the user gives: bytes, a module, a response, an address; for both of its parts, or for the
// first alone. The second is fetched when something needs it.

import { DescendError, fail } from '../errors.js';
import * as glue from '../wasm/descend.js';
import type { Binding } from './binding.js';
import type { WasmPart, WasmSource } from './load.js';
import { type Glue, type Module, type More, wasmBinding } from './wasm.js';

/** The binding, once the first part is there. Throws ENGINE_FAILED with `hint`. */
export async function instantiate(source: WasmSource, hint: string): Promise<Binding> {
  const [first, second] = partsOf(source);
  try {
    // wasm-bindgen streams a response where it can and falls back to its bytes; bytes and modules it takes as they are.
    await glue.default({ module_or_path: first });
  } catch (cause) {
    throw wasmError(cause, hint);
  }
  return wasmBinding(glue as unknown as Glue, later(second));
}

/** What brings the second part. Throws ENGINE_FAILED where nobody said where it is. */
export function later(second: WasmPart | undefined): More {
  return () => {
    if (second !== undefined) return fetched(second);
    const hint = 'give ready({ wasm: [descend.wasm, descend.more.wasm] }) both';
    throw fail('ENGINE_FAILED', 'WASM engine', 'its second part, which this needs', 'the first alone', hint);
  };
}

/** Both parts; beside an address lies the second. */
export function partsOf(source: WasmSource): readonly [first: WasmPart, second: WasmPart | undefined] {
  if (Array.isArray(source)) return source as [WasmPart, WasmPart];
  const first = source as WasmPart;
  if (typeof first !== 'string' && !(first instanceof URL)) return [first, undefined];
  const second = String(first).replace(/[^/?#]*(?=[?#]|$)/, 'descend.more.wasm');
  return [first, typeof first === 'string' ? second : new URL(second)];
}

/** A part as a module or bytes, which may cross to another thread. Throws ENGINE_FAILED. */
export async function fetched(part: WasmPart): Promise<Module> {
  try {
    const given = await part;
    const found = typeof given === 'string' || given instanceof URL ? await fetch(given) : given;
    if (!(found instanceof Response)) return found;
    if (!found.ok) throw new Error(`status ${found.status} from ${found.url}`);
    return await found.arrayBuffer();
  } catch (cause) {
    throw wasmError(
      cause,
      'serve both .wasm files beside the package, or give ready({ wasm }) their bytes or addresses',
    );
  }
}

/** The error of a module that cannot be had or does not run here. */
export function wasmError(cause: unknown, hint: string): DescendError {
  const got = `${(cause as Error).name}: ${(cause as Error).message}`;
  return new DescendError('ENGINE_FAILED', `WASM engine: expected a module, got ${got} (${hint})`, { cause });
}
