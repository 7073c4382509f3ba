// This project in a page, or in a Worker of it, where Adam's steps are those of `minimize`: `applyGradients` is for
// engines in the same thread.

import { Adam, Dense, engineInfo, minimize, ops, ready, Sequential, variable } from 'descend';
import { BATCH, CLASSES, type Contestant, EPSILON, HIDDEN, type Mlp, PIXELS, RATE, SAMPLES } from './task.ts';

let inWorker = false;

async function start(backend: string): Promise<string> {
  inWorker = backend === 'worker';
  await ready({ worker: inWorker });
  return `${engineInfo().name}, 1 thread`;
}

async function mlp({ x, y, weights }: Mlp) {
  const model = new Sequential([
    new Dense({ units: HIDDEN, activation: 'relu', inputShape: [PIXELS] }),
    new Dense({ units: CLASSES, activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: new Adam({ learningRate: RATE, epsilon: EPSILON }),
    loss: 'sparseCategoricalCrossentropy',
  });
  await model.setWeights(weights.map(([data, shape]) => ({ data, shape: [...shape] })));
  const input = { data: x, shape: [SAMPLES, PIXELS] };
  const train = (epochs: number, shuffle: boolean) =>
    model.fit(input, y, { batchSize: BATCH, epochs, shuffle, verbose: 0 });
  return {
    losses: async (epochs: number) => (await train(epochs, false)).history.loss!,
    epoch: () => train(1, true),
  };
}

function adam(values: Float32Array) {
  const w = variable(values);
  const optimizer = new Adam({ learningRate: RATE, epsilon: EPSILON });
  const read = () => w.read();
  if (inWorker) {
    const sum = () => ops.sum(w);
    const steps = (maxSteps: number) => minimize(sum, { variables: [w], optimizer, stopWhen: { maxSteps } });
    return { steps, values: read };
  }
  const gradient = variable(new Float32Array(values.length).fill(1));
  const steps = async (count: number) => {
    for (let step = 0; step < count; step++) optimizer.applyGradients([[gradient, w]]);
  };
  return { steps, values: read };
}

export const contestant: Contestant = { start, mlp, adam, stepsAtOnce: 30 };
