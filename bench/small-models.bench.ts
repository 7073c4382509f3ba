// Steps/s of models so small that a step is all overhead: logistic regression of 10 features at batch 1, and linear
// regression of 47 samples with 2 features as one batch; beside a loop in JavaScript written by hand for each, and JAX and
// PyTorch where `PEERS_PY` names an environment with them.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Dense, minimize, ops, Sequential, SGD, variable } from 'descend';
import { ask, main, NAMES } from './child.ts';
import { peers } from './peers.ts';
import { figures, printTable } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const RATE = 0.01;
const [SAMPLES, FEATURES, ROWS] = [4096, 10, 47];
const BY_HAND = 'by hand, JS';
const WORKS = {
  logistic: { batch: 1, label: 'logistic regression, 10 features, batch 1: fit', measure: fitLogistic },
  online: { batch: 1, label: 'the same, batch by batch: trainOnBatch', measure: onlineLogistic },
  linear: { batch: ROWS, label: 'linear regression 47x2, full batch: minimize', measure: minimizeLinear },
  epochs: { batch: ROWS, label: 'the same, an epoch a step: fit', measure: fitLinear },
};
type Work = keyof typeof WORKS;
const PEERS: Partial<Record<Work, number>> = { logistic: 500, linear: 500 };

async function contest(): Promise<void> {
  const [rounds, others] = [new Rounds(), new Set<string>()];
  const script = fileURLToPath(new URL('small_loops.py', import.meta.url));
  for (let round = 0; round < ROUNDS; round++) {
    for (const work of Object.keys(WORKS) as Work[]) {
      for (const name of NAMES) rounds.add(`${work} ${name}`, await ask<Timing>(name, { work }));
    }
    rounds.add(`logistic ${BY_HAND}`, await time(logisticByHand, SAMPLES));
    rounds.add(`linear ${BY_HAND}`, await time(linearByHand, SAMPLES));
    for (const [task, samples] of Object.entries(PEERS)) {
      const { batch } = WORKS[task as Work];
      for (const { peer, ...timing } of await peers({
        task,
        batches: [batch],
        python: ['jax', 'torch'],
        script,
        samples,
      })) {
        others.add(peer);
        rounds.add(`${task} ${peer}`, timing);
      }
    }
  }
  const names = [...NAMES, BY_HAND, ...others];
  const perSecond = (seconds: number) => 1 / seconds;
  const row = (work: Work) => [
    WORKS[work].label,
    ...names.map((name) => figures(rounds.get(`${work} ${name}`), perSecond)),
  ];
  printTable('Small models: steps/s, best / median ± spread', ['', ...names], (Object.keys(WORKS) as Work[]).map(row));
}

const x = Float32Array.from({ length: FEATURES * SAMPLES }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: SAMPLES }, (_, i) => (x[FEATURES * i]! > 0 ? 1 : 0));
const points = Float32Array.from({ length: 2 * ROWS }, (_, i) => Math.sin(i));
const values = Float32Array.from({ length: ROWS }, (_, i) => 2 * points[2 * i]! - points[2 * i + 1]! + 0.5);

function regression(inputs: number, options: object, loss: string): Sequential {
  const model = new Sequential([new Dense({ units: 1, inputShape: [inputs], ...options })], { seed: 1 });
  model.compile({ optimizer: new SGD({ learningRate: RATE }), loss });
  return model;
}

const logistic = () => regression(FEATURES, { activation: 'sigmoid' }, 'binaryCrossentropy');

async function fitLogistic(): Promise<Timing> {
  const model = logistic();
  const epochs = (count: number) =>
    model.fit({ data: x, shape: [SAMPLES, FEATURES] }, y, { epochs: count, batchSize: 1, verbose: 0 });
  const { history } = await epochs(4);
  assert.ok(history.loss!.at(-1)! < history.loss![0]!, `expected the loss to fall, got ${history.loss}`);
  return await time(() => epochs(1), SAMPLES);
}

async function onlineLogistic(): Promise<Timing> {
  const model = logistic();
  const sample = { data: x.slice(0, FEATURES), shape: [1, FEATURES] };
  return await time(() => model.trainOnBatch(sample, y.slice(0, 1)));
}

async function minimizeLinear(): Promise<Timing> {
  const [w, b] = [variable([[0], [0]]), variable([0])];
  const rows = Array.from({ length: ROWS }, (_, i) => [...points.subarray(2 * i, 2 * i + 2)]);
  const targets = Array.from(values, (value) => [value]);
  const error = () => ops.mean(ops.square(ops.sub(ops.add(ops.matmul(rows, w), b), targets)));
  const optimizer = new SGD({ learningRate: RATE });
  const steps = (maxSteps: number) => minimize(error, { variables: [w, b], optimizer, stopWhen: { maxSteps } });
  const { loss } = await steps(20_000);
  assert.ok(loss < 1e-6, `expected the line to be found, got a loss of ${loss}`);
  return await time(() => steps(20_000), 20_000);
}

async function fitLinear(): Promise<Timing> {
  const model = regression(2, {}, 'meanSquaredError');
  const input = { data: points, shape: [ROWS, 2] };
  return await time(() => model.fit(input, values, { epochs: 1000, batchSize: ROWS, verbose: 0 }), 1000);
}

const weights = new Float32Array(FEATURES + 1);

/** One epoch of gradient descent, sample by sample. */
function logisticByHand(): number {
  let loss = 0;
  for (let row = 0; row < SAMPLES; row++) {
    let sum = weights[FEATURES]!;
    for (let j = 0; j < FEATURES; j++) sum += weights[j]! * x[row * FEATURES + j]!;
    const probability = 1 / (1 + Math.exp(-sum));
    const difference = probability - y[row]!;
    loss -= Math.log(y[row] === 1 ? probability : 1 - probability);
    for (let j = 0; j < FEATURES; j++) weights[j]! -= RATE * difference * x[row * FEATURES + j]!;
    weights[FEATURES]! -= RATE * difference;
  }
  return loss;
}

const line = new Float32Array(3);

/** As many steps as there are samples in the other work, each on all rows. */
function linearByHand(): number {
  let loss = 0;
  for (let step = 0; step < SAMPLES; step++) {
    let [byFirst, bySecond, byBias] = [0, 0, 0];
    loss = 0;
    for (let row = 0; row < ROWS; row++) {
      const [first, second] = [points[2 * row]!, points[2 * row + 1]!];
      const difference = line[0]! * first + line[1]! * second + line[2]! - values[row]!;
      byFirst += difference * first;
      bySecond += difference * second;
      byBias += difference;
      loss += difference * difference;
    }
    const rate = (2 * RATE) / ROWS;
    line[0]! -= rate * byFirst;
    line[1]! -= rate * bySecond;
    line[2]! -= rate * byBias;
  }
  return loss / ROWS;
}

await main(contest, ({ work }: { work: Work }) => WORKS[work].measure());
