// Node's event loop stays free during long calls: a 10 ms timer fires at least every 100 ms, and an abort is answered.
// So that other programs on the machine do not count, a wait is taken to be no longer than the CPU time meanwhile.

import { Adam, Dense, LBFGS, losses, minimize, ops, ready, Sequential, variable, wrappers } from 'descend';
import { beforeAll, expect, test } from 'vitest';
import { data, untrained } from '../bits/mlp.js';
import { noise } from '../noise.js';

/** Milliseconds by the clock and of this process. */
function now(): { clock: number; cpu: number } {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now(), cpu: (user + system) / 1000 };
}

function since(then: ReturnType<typeof now>): number {
  const { clock, cpu } = now();
  return Math.min(clock - then.clock, cpu - then.cpu);
}

/** The longest time between two turns of a 10 ms timer while `work` goes on. */
async function longestWait(work: () => Promise<unknown>): Promise<number> {
  let [last, wait] = [now(), 0];
  const look = (): void => {
    wait = Math.max(wait, since(last));
    last = now();
  };
  const timer = setInterval(look, 10);
  await work();
  clearInterval(timer);
  look();
  return wait;
}

const { x, y } = data();

// Loading an engine is not what is looked at; nor is the slow code of a WASM module that a runtime first makes do with.
beforeAll(async () => {
  await ready();
  const model = untrained();
  await model.fit(x, y, { verbose: 0 });
  model.dispose();
});

test('while a network of many small steps is trained', { retry: 3 }, async () => {
  const model = untrained();
  expect(await longestWait(() => model.fit(x, y, { epochs: 10, batchSize: 32, verbose: 0 }))).toBeLessThan(100);
  model.dispose();
});

test('while single steps take longer than a chunk', { retry: 3 }, async () => {
  const layers = [
    new Dense({ units: 1024, activation: 'relu', inputShape: [784] }),
    new Dense({ units: 1024, activation: 'relu' }),
    new Dense({ units: 10 }),
  ];
  const wide = new Sequential(layers, { seed: 1 });
  wide.compile({ optimizer: new Adam(), loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }) });
  const steps = (maxSteps: number) => wide.fit(x, y, { batchSize: 128, verbose: 0, stopWhen: { maxSteps } });
  await steps(2);
  expect(await longestWait(() => steps(10))).toBeLessThan(100);
  wide.dispose();
});

test('while steps evaluate the loss several times', { retry: 3 }, async () => {
  for (const optimizer of [new Adam({ wrappers: [new wrappers.SAM()] }), new LBFGS({ strongWolfe: true })]) {
    const model = untrained();
    model.compile({ optimizer, loss: new losses.SparseCategoricalCrossentropy() });
    const steps = (maxSteps: number) =>
      model.fit(x, y, { epochs: 9, batchSize: 512, verbose: 0, stopWhen: { maxSteps } });
    await steps(1);
    expect(await longestWait(() => steps(20))).toBeLessThan(100);
    model.dispose();
  }
});

test('while a function is minimised', { retry: 3 }, async () => {
  const w = variable(noise(100_000, 1));
  const loss = () => ops.sum(ops.square(ops.tanh(w)));
  const options = { variables: [w], optimizer: new Adam(), stopWhen: { maxSteps: 1000 } };
  expect(await longestWait(() => minimize(loss, options))).toBeLessThan(100);
});

test('while many short calls follow each other', { retry: 3 }, async () => {
  const model = untrained();
  const some = { data: x.data.subarray(0, 32 * 784), shape: [32, 784] };
  const calls = async (): Promise<void> => {
    for (let i = 0; i < 300; i++) await model.fit(some, y.subarray(0, 32), { verbose: 0 });
  };
  expect(await longestWait(calls)).toBeLessThan(100);
  model.dispose();
});

test('an abort is answered', { retry: 3 }, async () => {
  const model = untrained();
  const controller = new AbortController();
  const running = model.fit(x, y, { epochs: 1e6, batchSize: 32, verbose: 0, signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const reason = new Error('enough');
  const aborted = now();
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(since(aborted)).toBeLessThan(100);
  model.dispose();
});
