// Training an MLP 784-128-10 (relu, softmax, sparse cross-entropy, Adam) by `model.fit`, in samples/s: epochs over 4,096
// shuffled samples of bytes, which a layer rescales; one epoch per call of fit, so that its fixed cost is inside, as it
// is in the peers' figures.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Adam, Dense, Rescaling, Sequential } from 'descend';
import { ask, main, NAMES, type Name } from './child.ts';
import { SHARED } from './limits.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const BATCHES = [32, 128, 512];
const SAMPLES = 4096;
const PIXELS = 784;
/** Samples/s at batch 32. */
const AIMS: Partial<Record<Name, number>> = { 'native 2': 42_000, wasm: 12_000 };
/** Best figures of bench-peers/peers.md, table C: another machine (2 cores of Zen 4), so no ratio is made of them. */
const ELSEWHERE = { 'PyTorch fused, 2 threads': 42_000, 'jax-js, wasm': 12_000 };

async function contest(): Promise<void> {
  const rounds = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (const batchSize of BATCHES) {
      for (const name of NAMES) rounds.add(`${batchSize} ${name}`, await ask<Timing>(name, { batchSize }));
    }
    for (const { batch, ...timing } of await peer()) rounds.add(`${batch} jax-js, wasm`, timing);
  }
  report(rounds);
}

function report(rounds: Rounds): void {
  const perSecond = (seconds: number) => 1 / seconds;
  const names = [...NAMES, 'jax-js, wasm'];
  const rows = names.map((name) => [name, ...BATCHES.map((b) => figures(rounds.get(`${b} ${name}`), perSecond))]);
  printTable('MLP training: samples/s, best / median ± spread', ['batch', ...BATCHES.map(String)], rows);
  const known = Object.entries(ELSEWHERE).map(([name, rate]) => `${name} ${short(rate)}`);
  console.log(`on another machine, at batch 32 (bench-peers/peers.md): ${known.join('; ')}`);
  for (const [name, aim] of Object.entries(AIMS)) {
    const { best, median } = rounds.get(`32 ${name}`)!;
    console.log(`${name}: ${short(1 / best)} / ${short(1 / median)} samples/s at batch 32; aim ${short(aim)}`);
  }
}

/** jax-js in this run, where `PEERS_JS` names a folder with `node_modules/@jax-js/jax`. */
async function peer(): Promise<(Timing & { batch: number })[]> {
  const script = join(SHARED, 'bench-peers/train.mjs');
  const folder = process.env.PEERS_JS;
  if (!folder || !existsSync(join(folder, 'node_modules/@jax-js/jax')) || !existsSync(script)) return [];
  const task = ['--task', 'mlp', '--peer', 'jax-js-wasm', '--batches', BATCHES.join(), '--n', String(SAMPLES)];
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...task, '--budget', '2']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ batch, min_s, med_s, samples }) => ({ batch, best: min_s / samples, median: med_s / samples }));
}

/** Times an epoch, after having seen that epochs teach. */
async function measure({ batchSize }: { batchSize: number }): Promise<Timing> {
  const { x, y } = samples();
  const input = { data: x, shape: [SAMPLES, PIXELS] };
  const model = new Sequential(
    [
      new Rescaling({ scale: 1 / 255, inputShape: [PIXELS] }),
      new Dense({ units: 128, activation: 'relu' }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 42 },
  );
  model.compile({ optimizer: new Adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy' });
  const epochs = (count: number) => model.fit(input, y, { epochs: count, batchSize, verbose: 0 });
  const { history } = await epochs(5);
  const [first, last] = [history.loss![0]!, history.loss!.at(-1)!];
  assert.ok(last < first / 2, `expected the loss to fall by half, got ${first} and then ${last}`);
  return await time(() => epochs(1), SAMPLES, 1);
}

/** Ten patterns of bytes under noise, and which of them each sample is. */
function samples(): { x: Uint8Array; y: Uint8Array } {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const patterns = Uint8Array.from({ length: 10 * PIXELS }, random);
  const y = Uint8Array.from({ length: SAMPLES }, () => random() % 10);
  const pixel = (i: number) => (patterns[y[Math.floor(i / PIXELS)]! * PIXELS + (i % PIXELS)]! + random()) >> 1;
  return { x: Uint8Array.from({ length: SAMPLES * PIXELS }, (_, i) => pixel(i)), y };
}

await main(contest, measure);
