// Training a CNN on images of 28x28 (conv 32 3x3, pool, conv 64 3x3, pool, dense 128, dense 10; sparse cross-entropy, Adam)
// by `model.fit`, in images/s, beside the peers that are installed: epochs over 512 shuffled images, one per call of fit.

import assert from 'node:assert/strict';
import { Adam } from 'descend';
import { ask, main, type Name, WITH_FAST } from './child.ts';
import { cnn } from './cnn.ts';
import { peers } from './peers.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const BATCHES = [32, 128];
const IMAGES = 512;
const PIXELS = 784;
/** Floating-point operations of training on one image. */
const FLOP = 15.4e6;
/** Images/s at batch 32 and 128: 1.2 and 1.0 times the best native peer. */
const AIMS: Partial<Record<Name, [number, number]>> = { 'native 2': [5160, 6500], wasm: [1000, 1000] };
/** Best figures of bench-peers/peers.md, another machine (2 cores of Zen 4), so no ratio is made of them. */
const ELSEWHERE = 'TensorFlow 4,300 / 6,500; PyTorch 2,900 / 3,700; JAX 2,700 / 1,500; jax-js, wasm 16';

async function contest(): Promise<void> {
  const rounds = new Rounds();
  const others = new Set<string>();
  const task = { task: 'cnn', batches: BATCHES, python: ['tf-function', 'torch-fused', 'jax-optax'], jaxJs: true };
  for (let round = 0; round < ROUNDS; round++) {
    for (const batchSize of BATCHES) {
      for (const name of WITH_FAST) rounds.add(`${batchSize} ${name}`, await ask<Timing>(name, { batchSize }));
    }
    for (const { peer, batch, ...timing } of await peers(task)) {
      others.add(peer);
      rounds.add(`${batch} ${peer}`, timing);
    }
  }
  const perSecond = (seconds: number) => 1 / seconds;
  const names = [...WITH_FAST, ...others];
  const rows = names.map((name) => [name, ...BATCHES.map((b) => figures(rounds.get(`${b} ${name}`), perSecond))]);
  printTable('CNN training: images/s, best / median ± spread', ['batch', ...BATCHES.map(String)], rows);
  console.log(`on another machine, at batch 32 / 128 (bench-peers/peers.md): ${ELSEWHERE}`);
  for (const [name, aims] of Object.entries(AIMS)) {
    for (const [i, aim] of aims.entries()) {
      const { best, median } = rounds.get(`${BATCHES[i]} ${name}`)!;
      const gflops = `${short(FLOP / best / 1e9)} GFLOP/s`;
      const rates = `${short(1 / best)} / ${short(1 / median)} images/s`;
      console.log(`${name}, batch ${BATCHES[i]}: ${rates} (${gflops}); aim ${short(aim)}`);
    }
  }
}

/** Times an epoch, after having seen that epochs teach. */
async function measure({ batchSize }: { batchSize: number }): Promise<Timing> {
  const { x, y } = samples();
  const input = { data: x, shape: [IMAGES, 28, 28, 1] };
  const model = cnn();
  model.compile({ optimizer: new Adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy' });
  const epochs = (count: number) => model.fit(input, y, { epochs: count, batchSize, verbose: 0 });
  const { history } = await epochs(5);
  const [first, last] = [history.loss![0]!, history.loss!.at(-1)!];
  assert.ok(last < first, `expected the loss to fall, got ${first} and then ${last}`);
  return await time(() => epochs(1), IMAGES, 1);
}

/** Ten patterns under noise, and which of them each image is. */
function samples(): { x: Float32Array; y: Uint8Array } {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const patterns = Float32Array.from({ length: 10 * PIXELS }, random);
  const y = Uint8Array.from({ length: IMAGES }, () => Math.floor(random() * 10));
  const pixel = (i: number) => (patterns[y[Math.floor(i / PIXELS)]! * PIXELS + (i % PIXELS)]! + random()) / 2;
  return { x: Float32Array.from({ length: IMAGES * PIXELS }, (_, i) => pixel(i)), y };
}

await main(contest, measure);
