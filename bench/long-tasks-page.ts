// What bench/long-tasks.bench.ts lets a page do: train, and watch how long the page was kept from anything else.

import { Adam, Dense, Rescaling, ready, Sequential } from 'descend';

/** What to train. */
export interface Task {
  readonly hidden: readonly number[];
  readonly batchSize: number;
  readonly worker: boolean;
}

/** What was seen. Milliseconds. */
export interface Seen {
  /** Tasks of more than 50 ms, as the browser reports them. */
  readonly long: readonly number[];
  /** The longest time between two turns of the page's event loop. */
  readonly wait: number;
  /** From an abort to its answer, the longest of some. */
  readonly abort: number;
  readonly samplesPerSecond: number;
}

const ROWS = 4096;
const SECONDS = 3;

/** Trains a new model: `first` in a page that never did, `later` when its code is as fast as it gets. */
export async function train({ hidden, batchSize, worker }: Task): Promise<{ first: Seen; later: Seen }> {
  await ready({ worker });
  const layers = hidden.map((units) => new Dense({ units, activation: 'relu' }));
  const model = new Sequential([
    new Rescaling({ scale: 1 / 255, inputShape: [784] }),
    ...layers,
    new Dense({ units: 10, activation: 'softmax' }),
  ]);
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const x = { data: Uint8Array.from({ length: ROWS * 784 }, (_, i) => (i * 2654435761) >>> 24), shape: [ROWS, 784] };
  const y = Uint8Array.from({ length: ROWS }, (_, i) => i % 10);
  const trained = async (ms: number): Promise<{ abort: number; samples: number }> => {
    const before = model.optimizer.iterations;
    let aborted = 0;
    const controller = new AbortController();
    setTimeout(() => {
      aborted = performance.now();
      controller.abort();
    }, ms);
    const options = { epochs: 1e6, batchSize, verbose: 0, signal: controller.signal } as const;
    await model.fit(x, y, options).catch(() => {});
    return { abort: performance.now() - aborted, samples: (model.optimizer.iterations - before) * batchSize };
  };
  const first = await watched(() => trained(1000), 1);
  const later = await watched(() => trained(1000), SECONDS);
  model.dispose();
  return { first, later };
}

/** Lets the browser report the tasks of before. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 200));

async function watched(work: () => Promise<{ abort: number; samples: number }>, times: number): Promise<Seen> {
  await rest();
  const long: number[] = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  let [last, wait] = [performance.now(), 0];
  const timer = setInterval(() => {
    wait = Math.max(wait, performance.now() - last);
    last = performance.now();
  }, 5);
  const start = performance.now();
  const results = [];
  for (let i = 0; i < times; i++) results.push(await work());
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  await rest();
  observer.disconnect();
  const samplesPerSecond = results.reduce((sum, { samples }) => sum + samples, 0) / seconds;
  return { long, wait, abort: Math.max(...results.map(({ abort }) => abort)), samplesPerSecond };
}
