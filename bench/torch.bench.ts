// LSTM, transformer and CNN beside PyTorch, in this run where `PEERS_PY` names an environment with it: samples/s of
// training at batch 32 (and 128 for the CNN), and by how much the peak of the process's memory grows while it trains.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import {
  Adam,
  Add,
  Dense,
  Embedding,
  Input,
  Layer,
  LayerNormalization,
  LSTM,
  Model,
  MultiHeadAttention,
  ops,
  Sequential,
  type Tensor,
} from 'descend';
import { ask, main, WITH_FAST } from './child.ts';
import { cnn } from './cnn.ts';
import { peers } from './peers.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

type Task = keyof typeof TASKS;
type Figures = Timing & { megabytes: number };

const [STEPS, FEATURES, TOKENS, WIDTH, PIXELS] = [32, 64, 64, 128, 28];

/** What is trained, at which batch sizes, on how many samples of which shape. */
const TASKS = {
  lstm: { batches: [32], samples: 256, shape: [STEPS, FEATURES], make: lstm },
  transformer: { batches: [32], samples: 128, shape: [TOKENS], make: transformer },
  cnn: { batches: [32, 128], samples: 512, shape: [PIXELS, PIXELS, 1], make: cnn },
};
const PEER = 'torch-fused';

async function contest(): Promise<void> {
  const [rounds, memory] = [new Rounds(), new Map<string, number>()];
  const script = fileURLToPath(new URL('torch_loops.py', import.meta.url));
  const add = (name: string, { megabytes, ...timing }: Timing & { megabytes?: number }) => {
    rounds.add(name, timing);
    memory.set(name, Math.max(memory.get(name) ?? 0, megabytes ?? 0));
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [task, { batches, samples }] of Object.entries(TASKS)) {
      for (const batch of batches) {
        for (const name of WITH_FAST) add(`${task} ${batch} ${name}`, await ask<Figures>(name, { task, batch }));
        const [torch] = await peers({ task, batches: [batch], python: [PEER], script, samples });
        if (torch) add(`${task} ${batch} ${PEER}`, torch);
      }
    }
  }
  const works = Object.entries(TASKS).flatMap(([task, { batches }]) => batches.map((batch) => `${task} ${batch}`));
  const perSecond = (seconds: number) => 1 / seconds;
  const names = [...WITH_FAST, PEER];
  printTable(
    'Training: samples/s, best / median ± spread',
    ['batch', ...works],
    names.map((name) => [name, ...works.map((work) => figures(rounds.get(`${work} ${name}`), perSecond))]),
  );
  printTable(
    'Growth of the peak of memory while training, MB',
    ['batch', ...works],
    names.map((name) => [name, ...works.map((work) => short(memory.get(`${work} ${name}`)))]),
  );
}

function lstm(): Sequential {
  return new Sequential(
    [new LSTM({ units: 128, inputShape: [STEPS, FEATURES] }), new Dense({ units: 10, activation: 'softmax' })],
    { seed: 1 },
  );
}

/** Adds a learned row for each place in a sequence. */
class Places extends Layer {
  static override readonly className = 'Places';
  #rows!: ReturnType<Places['addWeight']>;

  override build(shape: readonly number[]): void {
    this.#rows = this.addWeight({ name: 'rows', shape, initializer: 'uniform' });
  }

  override call(x: Tensor): Tensor {
    return ops.add(x, this.#rows);
  }
}

function transformer(): Model {
  const input = Input({ shape: [TOKENS] });
  let x = new Places().apply(new Embedding({ inputDim: TOKENS, outputDim: WIDTH }).apply(input));
  for (let block = 0; block < 2; block++) {
    const heads = new MultiHeadAttention({ numHeads: 4, keyDim: WIDTH / 4, useCausalMask: true });
    x = new LayerNormalization().apply(new Add().apply([x, heads.apply(x)]));
    const wide = new Dense({ units: 4 * WIDTH, activation: 'relu' }).apply(x);
    x = new LayerNormalization().apply(new Add().apply([x, new Dense({ units: WIDTH }).apply(wide)]));
  }
  const outputs = new Dense({ units: TOKENS, activation: 'softmax' }).apply(x);
  return new Model({ inputs: input, outputs, seed: 1 });
}

/** Times an epoch, after having seen that epochs teach by heart. */
async function measure({ task, batch }: { task: Task; batch: number }): Promise<Figures> {
  const { samples, shape, make } = TASKS[task];
  let state = 1;
  const random = (n: number) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
  const size = shape.reduce((a, b) => a * b, 1);
  const tokens = task === 'transformer';
  const data = Float32Array.from({ length: samples * size }, () => (tokens ? random(TOKENS) : random(1000) / 1000));
  // Nothing that can be known, as in torch_loops.py: what is known too well has gradients so small that arithmetic on them is slow.
  const y = tokens
    ? { data: data.map(() => random(TOKENS)), shape: [samples, TOKENS] }
    : { data: Float32Array.from({ length: samples }, () => random(10)), shape: [samples] };
  const x = { data, shape: [samples, ...shape] };
  const before = process.resourceUsage().maxRSS;
  const model = make();
  model.compile({ optimizer: new Adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy' });
  const { history } = await model.fit(x, y, { epochs: 5, batchSize: batch, verbose: 0 });
  const [first, last] = [history.loss![0]!, history.loss!.at(-1)!];
  assert.ok(last < first, `expected the loss to fall, got ${first} and then ${last}`);
  const timing = await time(() => model.fit(x, y, { batchSize: batch, verbose: 0 }), samples, 2);
  return { ...timing, megabytes: (process.resourceUsage().maxRSS - before) / 1024 };
}

await main(contest, measure);
