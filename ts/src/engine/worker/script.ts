// What an engine's own thread runs: a store over the WASM module, whose calls come as messages. One script for the
// Workers of browsers and of Node. Exports nothing, and fetches nothing: the module comes with the first message.

import { DescendError, fail } from '../../errors.js';
import type { Binding } from '../binding.js';
import { Store } from '../store.js';
import { type Module, wasmBinding } from '../wasm.js';
import type { Answer, Beginning, Begun, Request } from './protocol.js';

/** As a Worker sees what made it. */
interface Port {
  postMessage(message: Answer, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { data: Request }) => void) | null;
}

const parent = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort;
const port = (parent ?? globalThis) as unknown as Port;
let store: Store | undefined;
let second: Module | undefined;

port.onmessage = ({ data: [call, name, args] }) => {
  let answer: Answer;
  try {
    if (name === 'begin') answer = [call, begin(...args)];
    else if (name === 'complete') answer = [call, complete(...args)];
    else answer = [call, made()[name](...(args as [never, never, never, never]))];
  } catch (error) {
    const known =
      error instanceof DescendError ? error : fail('ENGINE_FAILED', `worker: ${name}`, 'an answer', `${error}`);
    answer = [call, undefined, known.code, known.message];
  }
  if (call !== 0) port.postMessage(answer, memories(answer[1]));
};

function begin({ wasm, first, lost, limit }: Beginning): Begun {
  store = new Store(bindingOf(wasm), first);
  for (const [id, bytes] of lost) store.adopt(id, bytes);
  if (limit !== Number.POSITIVE_INFINITY) store.setLimit(limit);
  if (!parent) holdLock();
  const { simd, threads } = store.about();
  return { simd, threads };
}

function bindingOf(wasm: Module): Binding {
  try {
    return wasmBinding(wasm, more);
  } catch (cause) {
    if (cause instanceof DescendError) throw cause;
    throw fail('ENGINE_FAILED', 'WASM engine', 'a module', `${cause}`, 'see ready({ wasm })');
  }
}

function more(): Module {
  if (second) return second;
  throw fail('NOT_READY', 'WASM engine', 'its second part', 'none yet');
}

function complete(given: Module): void {
  second = given;
}

function made(): Store {
  if (store) return store;
  throw new Error('no engine was begun here');
}

// A page is not told that its Worker was terminated; but then the locks of that Worker are free.
function holdLock(): void {
  const name = `descend ${globalThis.crypto?.randomUUID?.()}`;
  void globalThis.navigator?.locks?.request(name, () => {
    port.postMessage([0, name], []);
    return new Promise(() => {});
  });
}

/** The memory of arrays within an answer. They are copies, so it may go. */
function memories(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(memories) : [];
}
