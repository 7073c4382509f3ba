// A module Worker of a browser, as a thread that an engine may run in.

import { fail } from '../../errors.js';
import type { WorkerOptions } from '../load.js';
import { fetched, later, partsOf } from '../wasm.source.js';
import type { Answer } from './protocol.js';
import { type Listener, RemoteEngine, type Thread } from './remote.js';

/** The engine in a Worker, begun. Throws ENGINE_FAILED, and NOT_READY where nobody says which module. */
export async function startWorker({ wasm, make, fallbackReason }: WorkerOptions): Promise<RemoteEngine> {
  if (wasm === undefined) throw fail('NOT_READY', 'worker', 'a module from ready({ wasm })', 'none');
  const open = (listener: Listener): Thread => threadOf(make?.() as Worker | undefined, listener);
  const [first, second] = partsOf(wasm);
  const engine = new RemoteEngine({ open, wasm: await fetched(first), more: later(second), fallbackReason });
  await engine.begin();
  return engine;
}

function threadOf(given: Worker | undefined, { answered, ended }: Listener): Thread {
  if (!given && typeof Worker === 'undefined') {
    throw fail('ENGINE_FAILED', 'worker', 'a runtime that has Workers', 'one without', 'leave out the option worker');
  }
  // Bundlers know this very expression, and emit the script as a file of its own.
  const worker = given ?? new Worker(new URL('./script.js', import.meta.url), { type: 'module', name: 'descend' });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data[0] !== 0) answered(data);
    // The thread holds this lock as long as it lives.
    else void navigator.locks.request(data[1] as string, () => ended('its end'));
  };
  worker.onerror = ({ message }) => ended(message || 'none: its script did not load (see ready({ worker: () => … }))');
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: () => {},
    end: () => worker.terminate(),
  };
}
