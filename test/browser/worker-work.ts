// What the tests of Workers let a page do: served as it is, with nothing but JSON going in and coming out.

import { loadModel, ops, ready, valueAndGrad, variable } from 'descend';
import { data, EPOCHS, train, untrained } from '../bits/mlp.ts';
import './watched-memory.ts';

export { engineInfo, ready } from 'descend';

/** Every Worker that the package made in this page. */
const workers: Worker[] = [];
globalThis.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    workers.push(this);
  }
};

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'nothing refused';
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code} ${message}`;
  }
}

/** The weights of the network of test/bits. */
export async function trainWhole(): Promise<string> {
  const model = untrained();
  const { hash } = await train(model, EPOCHS);
  model.dispose();
  return hash;
}

/** What becomes of calls when their Worker is terminated, and of those after. */
export async function terminate(): Promise<{ refused: string[]; trained: string; made: number }> {
  await ready({ worker: true });
  const [model, { x, y }] = [untrained(), data()];
  await model.fit(x, y, { verbose: 0 });
  const saved = await model.toBytes();
  const running = refusal(() => model.fit(x, y, { epochs: 1e6, verbose: 0 }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  workers.at(-1)?.terminate();
  const refused = [await running, await refusal(() => model.predict(x))];
  const trained = await trainWhole();
  (await loadModel(saved)).dispose();
  return { refused, trained, made: workers.length };
}

/** A fit that goes on until its Worker ends: what becomes of it. */
export async function trainForever(): Promise<string> {
  await ready({ worker: true });
  const [model, { x, y }] = [untrained(), data()];
  return await refusal(() => model.fit(x, y, { epochs: 1e6, verbose: 0 }));
}

/** What a trap in the Worker leaves. */
export async function trap(): Promise<{ refused: string; before: number[]; after: number[]; made: number }> {
  await ready({ worker: true });
  const graph = '/dist/graph/node.js';
  const { str } = (await import(graph)) as typeof import('../../dist/graph/node.js');
  const w = variable([1, 2, 3]);
  const fault = (): never => {
    const x = ops.add(w, 0) as unknown as import('../../dist/graph/tensor.js').Tensor;
    return x.tracer.op('fault', [x], { kind: str('panic') }, [x])[0] as never;
  };
  await valueAndGrad(() => ops.sum(w), [w]);
  const before = [...(await w.read())];
  const refused = await refusal(() => valueAndGrad(() => ops.sum(ops.stopGradient(fault())), [w]));
  await valueAndGrad(() => ops.sum(w), [w]);
  return { refused, before, after: [...(await w.read())], made: workers.length };
}

/** What `ready` says where the Worker's script is missing, and then where it is not. */
export async function missingScript(): Promise<string[]> {
  const missing = () => new Worker('/nothing-here.js', { type: 'module' });
  const there = () => new Worker('/dist/engine/worker/script.js', { type: 'module' });
  const refused = await refusal(() => ready({ worker: missing }));
  return [refused, String((await ready({ worker: there })).worker)];
}

/** Fits one model so many times; then garbage is collected here. */
export async function fits(worker: boolean, times: number): Promise<{ heap: number; engine: unknown; wasm: number }> {
  await ready({ worker: worker && (() => new Worker('/test/browser/watched-worker.ts', { type: 'module' })) });
  const [model, { x, y }] = [untrained(), data()];
  const part = { data: x.data.subarray(0, 64 * 784), shape: [64, 784] };
  for (let i = 0; i < times; i++) await model.fit(part, y.subarray(0, 64), { verbose: 0 });
  model.dispose();
  for (let i = 0; i < 3; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const load = '/dist/engine/load.js';
  const { defaultEngine } = (await import(load)) as typeof import('../../dist/engine/load.js');
  const engine = await (await defaultEngine()).stats();
  const { memory } = performance as unknown as { memory: { usedJSHeapSize: number } };
  const wasm = worker ? 0 : (globalThis.watched?.buffer.byteLength ?? Number.NaN);
  return { heap: memory.usedJSHeapSize, engine, wasm };
}
