// Training an MLP 784-128-10 (relu, softmax, sparse cross-entropy, Adam) by `model.fit`, in samples/s: epochs over 4,096
// shuffled samples of bytes, which a layer rescales; one epoch per call of fit, so that its fixed cost is inside, as it
// is in the peers' figures.

import assert from 'node:assert/strict';
import { Adam, Dense, Rescaling, Sequential } from 'descend';
import { ask, main, WITH_FAST } from './child.ts';
import { peers } from './peers.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const BATCHES = [32, 128, 512];
const SAMPLES = 4096;
const PIXELS = 784;
/** How many times the rate of JAX with Optax natively, and of jax-js in WASM, is aimed at, by batch size. */
const AIMS = [
  { of: 'jax-optax', by: 'native 2', times: [1.3, 1.15, 1.1] },
  { of: 'jax-js, wasm', by: 'wasm', times: [3, 1.3, 1.2] },
] as const;
/** Floating-point operations of training on one sample. */
const FLOP = 4 * (784 * 128) + 6 * (128 * 10);

async function contest(): Promise<void> {
  const rounds = new Rounds();
  const others = new Set<string>();
  const python = ['jax-optax', 'torch-fused'];
  const task = { task: 'mlp', batches: BATCHES, python, samples: SAMPLES, jaxJs: true };
  for (let round = 0; round < ROUNDS; round++) {
    for (const batchSize of BATCHES) {
      for (const name of WITH_FAST) rounds.add(`${batchSize} ${name}`, await ask<Timing>(name, { batchSize }));
    }
    for (const { peer, batch, ...timing } of await peers(task)) {
      others.add(peer);
      rounds.add(`${batch} ${peer}`, timing);
    }
  }
  report(rounds, [...WITH_FAST, ...others]);
}

function report(rounds: Rounds, names: readonly string[]): void {
  const perSecond = (seconds: number) => 1 / seconds;
  const rows = names.map((name) => [name, ...BATCHES.map((b) => figures(rounds.get(`${b} ${name}`), perSecond))]);
  printTable('MLP training: samples/s, best / median ± spread', ['batch', ...BATCHES.map(String)], rows);
  for (const { of, by, times } of AIMS) {
    for (const [i, batch] of BATCHES.entries()) {
      const [ours, peer] = [rounds.get(`${batch} ${by}`)!, rounds.get(`${batch} ${of}`)];
      const ratio = (key: 'best' | 'median') => short(peer && peer[key] / ours[key]);
      const against = peer ? `${ratio('best')} / ${ratio('median')} times ${of}, aim ${times[i]}` : `no ${of} here`;
      console.log(`${by}, batch ${batch}: ${against}; ${short(FLOP / ours.best / 1e9)} GFLOP/s`);
    }
  }
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
