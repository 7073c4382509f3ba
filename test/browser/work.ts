// What the tests let a page do: served as it is, with nothing but JSON going in and coming out. Parts run in Node too.

import { Adam, Dense, Dropout, datasets, engineInfo, Flatten, loadModel, Rescaling, ready, Sequential } from 'descend';
import { data, EPOCHS, train, untrained } from '../bits/mlp.ts';

export { ready } from 'descend';
export { hashes as networkHashes } from '../bits/networks.ts';
export { hashes as opHashes } from '../bits/op-results.ts';
export { hashes as optimizerHashes } from '../bits/steps.ts';

/** The 8x8 digits, trained on four fifths and tested on the rest. */
export async function trainDigits(epochs: number) {
  const { train: seen, test } = await datasets.loadDigits({ seed: 1 });
  const model = new Sequential(
    [
      new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
      new Flatten(),
      new Dense({ units: 128, activation: 'relu' }),
      new Dropout({ rate: 0.3 }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 42 },
  );
  const optimizer = new Adam({ learningRate: 0.002 });
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const start = performance.now();
  await model.fit(seen.x, seen.y, { epochs, batchSize: 32, verbose: 0 });
  const ms = performance.now() - start;
  const { accuracy } = await model.evaluate(test.x, test.y);
  const hash = await model.hash();
  model.dispose();
  return { engine: engineInfo().name, accuracy: accuracy!, hash, ms };
}

/** The weights of the network of test/bits. */
export async function trainWhole(): Promise<string> {
  return (await train(untrained(), EPOCHS)).hash;
}

/** The weights of a saved model, and those after more epochs. */
export async function goOn(saved: number[], epochs: number): Promise<{ loaded: string; trained: string }> {
  const model = await loadModel(Uint8Array.from(saved));
  return { loaded: await model.hash(), trained: (await train(model, epochs)).hash };
}

/**
 * Trains, in a Worker if so wanted, and says how long that took and which tasks of the page took more than 50 ms
 * meanwhile (in milliseconds).
 */
export async function longTasks(worker = false): Promise<{ long: number[]; ms: number }> {
  await ready({ worker });
  const [model, { x, y }] = [untrained(), data()];
  const rest = () => new Promise((resolve) => setTimeout(resolve, 100));
  // A browser first runs slow code of a WASM module, until it has made the fast one.
  await model.fit(x, y, { batchSize: 32, verbose: 0 });
  await rest();
  const long: number[] = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const start = performance.now();
  await model.fit(x, y, { epochs: 4, batchSize: 32, verbose: 0 });
  const ms = performance.now() - start;
  await rest();
  observer.disconnect();
  return { long, ms };
}
