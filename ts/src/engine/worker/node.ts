// A worker thread of Node, Deno or Bun, as one that an engine may run in.

import type { Worker } from 'node:worker_threads';
import type { WorkerOptions } from '../load.js';
import { besidePackage, isFile, partLater, readWasm } from '../wasm.node.js';
import { fetched, partsOf } from '../wasm.source.js';
import type { Answer } from './protocol.js';
import { type Listener, RemoteEngine, type Thread } from './remote.js';

/** The engine in a worker thread, begun. Throws ENGINE_FAILED. */
export async function startWorker({ wasm, make, fallbackReason }: WorkerOptions): Promise<RemoteEngine> {
  const open = (listener: Listener): Thread => threadOf((make?.() as Worker | undefined) ?? newWorker(), listener);
  const [first, second] = partsOf(wasm ?? besidePackage);
  const module = isFile(first) ? readWasm(first) : await fetched(first);
  const engine = new RemoteEngine({ open, wasm: module, more: partLater(second), fallbackReason });
  await engine.begin();
  return engine;
}

function newWorker(): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  // Options of the program, such as --input-type, are not meant for it.
  return new Worker(new URL('./script.js', import.meta.url), { name: 'descend', execArgv: [] });
}

function threadOf(worker: Worker, { answered, ended }: Listener): Thread {
  worker.on('message', (answer: Answer) => answered(answer));
  worker.on('error', (error) => ended(String(error)));
  worker.on('exit', (code) => ended(`its end with exit code ${code}`));
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: (wanted) => (wanted ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}
