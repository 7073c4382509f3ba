// What a process of Node takes from its start: to its first training step, beyond a process that does nothing (784-128-10,
// batch 32, Adam; aim: 30 ms), and until a network knows 97 % of held-out 8x8 digits (64-64-10, Adam, batch 32; aims: 0.6 s
// natively, 0.9 s in WASM). Elsewhere to 97 % (bench-peers/peers.md): tfjs-wasm and JAX 2.2 s, PyTorch 4.3 s, tfjs-node 6.6 s.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { printTable, short } from './table.ts';
import { ROUNDS } from './timing.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

const FIRST_STEP = `
  import { Adam, Dense, Sequential } from 'descend';
  const model = new Sequential([
    new Dense({ units: 128, activation: 'relu', inputShape: [784] }),
    new Dense({ units: 10, activation: 'softmax' }),
  ], { seed: 42 });
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy' });
  const x = { data: new Float32Array(32 * 784), shape: [32, 784] };
  await model.fit(x, new Uint8Array(32), { batchSize: 32, verbose: 0 });`;

/** Ends when it knows 97 % of what it did not learn from, and prints how much that is. */
const digits = (seed: number) => `
  import { Adam, Dense, Flatten, Rescaling, Sequential, datasets } from 'descend';
  const { train, test } = await datasets.loadDigits({ seed: ${seed} });
  const model = new Sequential([
    new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
    new Flatten(),
    new Dense({ units: 64, activation: 'relu' }),
    new Dense({ units: 10, activation: 'softmax' }),
  ], { seed: ${seed} });
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  let accuracy = 0;
  const onEpochEnd = (epoch, logs) => {
    accuracy = logs.val_accuracy;
    model.stopTraining = accuracy >= 0.97;
  };
  const validationData = [test.x, test.y];
  await model.fit(train.x, train.y, { epochs: 200, batchSize: 32, verbose: 0, validationData, callbacks: [{ onEpochEnd }] });
  console.log(accuracy);`;

/** Milliseconds from the start of a process to its end, and what it printed. */
async function run(code: string, engine = ''): Promise<{ ms: number; printed: string }> {
  const began = performance.now();
  const env = { ...process.env, DESCEND_ENGINE: engine };
  const options = { cwd: ROOT, env };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
  return { ms: performance.now() - began, printed: stdout };
}

const times = new Map<string, number[]>();
const note = (name: string, ms: number) => times.set(name, [...(times.get(name) ?? []), ms]);
for (let round = 0; round < 5 * ROUNDS; round++) {
  note('empty', (await run('')).ms);
  for (const engine of ['native', 'wasm']) {
    note(`first ${engine}`, (await run(FIRST_STEP, engine)).ms);
    if (round >= 5) continue;
    const { ms, printed } = await run(digits(round), engine);
    assert.ok(Number(printed) >= 0.97, `expected 97 % of the digits, got ${printed}`);
    note(`digits ${engine}`, ms);
  }
}
const sorted = (name: string) => times.get(name)!.sort((a, b) => a - b);
const [best, median] = [(name: string) => sorted(name)[0]!, (name: string) => sorted(name)[sorted(name).length >> 1]!];
const rows = ['native', 'wasm'].map((engine) => [
  engine,
  short(best(`first ${engine}`) - best('empty')),
  short(median(`first ${engine}`) - median('empty')),
  short(best(`digits ${engine}`)),
  short(median(`digits ${engine}`)),
]);
printTable(
  `From the start of a process, ms (an empty one: ${short(median('empty'))})`,
  ['engine', 'first step beyond it, best', 'median', '97 % of digits, best', 'median'],
  rows,
);
