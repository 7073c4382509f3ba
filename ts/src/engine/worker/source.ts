// Where a WASM module comes from, brought to what may cross to another thread.

import { fail } from '../../errors.js';
import type { WasmSource } from '../load.js';

/** The module, or its bytes, once they are there. Throws ENGINE_FAILED. */
export async function fetched(source: WasmSource): Promise<BufferSource | WebAssembly.Module> {
  try {
    const given = await source;
    const found = typeof given === 'string' || given instanceof URL ? await fetch(given) : given;
    if (!(found instanceof Response)) return found;
    if (!found.ok) throw new Error(`status ${found.status} from ${found.url}`);
    return await found.arrayBuffer();
  } catch (cause) {
    const hint = 'serve descend.wasm beside the package, or give ready({ wasm }) its bytes or address';
    throw fail('ENGINE_FAILED', 'WASM engine', 'a module', `${cause}`, hint, cause);
  }
}
