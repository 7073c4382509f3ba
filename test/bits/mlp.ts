// The network whose bits are compared: 784-128-10 with dropout and shuffling, on bytes made here, by batches of which
// the last is short. Runs in Node and, served as it is, in a page.

import { Adam, Dense, Dropout, type loadModel, Rescaling, Sequential } from 'descend';
import { bytes, words } from '../noise.ts';

const ROWS = 2000;
export const EPOCHS = 3;

/** Images, and labels that can be learned from them: where the brightest of ten spots is. */
export function data(): { x: { data: Uint8Array; shape: number[] }; y: Uint8Array } {
  const x = bytes(ROWS * 784, 1);
  const next = words(2);
  const y = Uint8Array.from({ length: ROWS }, (_, row) => {
    const label = next() % 10;
    x.fill(255, row * 784 + 70 * label, row * 784 + 70 * label + 40);
    return label;
  });
  return { x: { data: x, shape: [ROWS, 784] }, y };
}

/** The model before its first step. */
export function untrained(): Sequential {
  const model = new Sequential(
    [
      new Rescaling({ scale: 1 / 255, inputShape: [784] }),
      new Dense({ units: 128, activation: 'relu' }),
      new Dropout({ rate: 0.2 }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 42 },
  );
  const [optimizer, loss] = [new Adam({ learningRate: 0.002 }), 'sparseCategoricalCrossentropy'] as const;
  model.compile({ optimizer, loss, metrics: ['accuracy'] });
  return model;
}

/** A model as fit and loadModel have it. */
export type Model = Awaited<ReturnType<typeof loadModel>>;

/** Trains for some epochs; gives the SHA-256 of the weights, and what the last epoch reported. */
export async function train(model: Model, epochs: number): Promise<{ hash: string; loss: number; accuracy: number }> {
  const { x, y } = data();
  const { history } = await model.fit(x, y, { epochs, batchSize: 32, verbose: 0 });
  const last = (key: string): number => history[key]!.at(-1)!;
  return { hash: await model.hash(), loss: last('loss'), accuracy: last('accuracy') };
}
