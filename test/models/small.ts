// A small problem and a small model for it, for tests that are about training and not about what is learned.

import { Adam, Dense, Dropout, Sequential } from 'descend';

/** 100 points of the plane in three classes, by a rule; 100 is no multiple of the batch sizes used. */
export const ROWS = 100;
export const x = {
  data: Float32Array.from({ length: 2 * ROWS }, (_, i) => Math.fround(Math.sin(i * i + 1))),
  shape: [ROWS, 2],
};
export const y = Uint8Array.from({ length: ROWS }, (_, row) => {
  const [a, b] = x.data.subarray(2 * row, 2 * row + 2) as unknown as [number, number];
  return a > b ? 0 : a + b > 0 ? 1 : 2;
});

/** Two layers with dropout between them, compiled. */
export function smallModel({ seed = 5, dropout = 0.25 } = {}): Sequential {
  const model = new Sequential(
    [
      new Dense({ units: 8, activation: 'tanh', inputShape: [2] }),
      new Dropout({ rate: dropout }),
      new Dense({ units: 3, activation: 'softmax' }),
    ],
    { seed },
  );
  model.compile({
    optimizer: new Adam({ learningRate: 0.05 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** Code and message of what `work` throws or rejects with. */
export async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code} ${message}`;
  }
  return 'nothing refused';
}

/** Whether two files are the same; a comparison that prints no thousand lines where they are not. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
