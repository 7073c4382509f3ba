// Loads the WASM module from what the user gives: bytes, a module, a response, an address; for both of its parts, or for the
// first alone. The second is fetched when something needs it.

import { DescendError, fail } from '../errors.js';
import type { Binding } from './binding.js';
import type { WasmPart, WasmSource } from './load.js';
import { type More, wasmBinding } from './wasm.js';

/** The binding, once the first part is there. Throws ENGINE_FAILED with `hint`. */
export async function instantiate(source: WasmSource, hint: string): Promise<Binding> {
  const [first, second] = partsOf(source);
  try {
    return wasmBinding(await compiled(first), later(second));
  } catch (cause) {
    throw wasmError(cause, hint);
  }
}

/** What brings the second part. Throws ENGINE_FAILED where nobody said where it is. */
export function later(second: WasmPart | undefined): More {
  return () => {
    if (second !== undefined) return fetched(second);
    const hint = 'give ready({ wasm: [descend.wasm, descend.more.wasm] }) both';
    const needed = 'descend.more.wasm, the second part of its module, which this call needs';
    throw fail('ENGINE_FAILED', 'WASM engine', needed, 'descend.wasm alone', hint);
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

/** A part as a module, which may cross to another thread. Throws ENGINE_FAILED. */
export async function fetched(part: WasmPart): Promise<WebAssembly.Module> {
  try {
    return await compiled(part);
  } catch (cause) {
    throw wasmError(
      cause,
      'serve both .wasm files beside the package, or give ready({ wasm }) their bytes or addresses',
    );
  }
}

/** The same, with errors as they come. */
export async function compiled(part: WasmPart): Promise<WebAssembly.Module> {
  const given = await part;
  const found = typeof given === 'string' || given instanceof URL ? await fetch(given) : given;
  if (!(found instanceof Response))
    return found instanceof WebAssembly.Module ? found : await WebAssembly.compile(found);
  if (!found.ok) throw new Error(`status ${found.status} from ${found.url}`);
  // Compiled while it comes, by runtimes that can, where the server says what it is.
  const streams = 'compileStreaming' in WebAssembly && found.headers.get('content-type') === 'application/wasm';
  return await (streams ? WebAssembly.compileStreaming(found) : WebAssembly.compile(await found.arrayBuffer()));
}

/** The error of a module that cannot be had or does not run here. */
export function wasmError(cause: unknown, hint: string): DescendError {
  if (cause instanceof DescendError) return cause;
  const got = `${(cause as Error).name}: ${(cause as Error).message}`;
  return new DescendError('ENGINE_FAILED', `WASM engine: expected a module, got ${got} (${hint})`, { cause });
}
