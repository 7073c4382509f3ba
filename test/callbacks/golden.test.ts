// EarlyStopping and ReduceLROnPlateau against what Keras and PyTorch did with the same numbers.

import { callbacks, Dense, Sequential, SGD } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases } from '../golden.js';

interface Case {
  name: string;
  callback: 'EarlyStopping' | 'ReduceLROnPlateau';
  options: object;
  /** The key of the monitored number, and what it was after each epoch. */
  key: string;
  values: number[];
  learningRate: number;
  expect: { epochs: number; stoppedEpoch: number; restoredEpoch: number | null; rates: number[] };
}

const all = cases<Case>('callbacks.json');
const of = (name: Case['callback']): Case[] => all.filter(({ callback }) => callback === name);

/** A run whose monitored number is as it is told, and whose only weight is the number of the epoch. */
async function run({ key, values, learningRate = 0 }: Case, callback: callbacks.CallbackHooks) {
  const model = new Sequential([new Dense({ units: 1, useBias: false, inputShape: [1] })]);
  model.compile({ optimizer: new SGD({ learningRate }), loss: 'mse' });
  const rates: number[] = [];
  const script: callbacks.CallbackHooks = {
    onEpochEnd: async (epoch, logs) => {
      logs[key] = values[epoch] as number;
      await model.setWeights([[[epoch]]]);
    },
  };
  const note = { onEpochEnd: () => rates.push(model.optimizer.learningRate as number) };
  const { history, epoch } = await model.fit([[0]], [0], {
    verbose: 0,
    epochs: values.length,
    validationData: [[[0]], [0]],
    callbacks: [script, callback, note],
  });
  return { history, epochs: epoch.length, rates, weight: (await model.getWeights())[0]?.data[0] };
}

test.each(of('EarlyStopping'))('$name', async (golden) => {
  const { epochs, stoppedEpoch, restoredEpoch } = golden.expect;
  const callback = new callbacks.EarlyStopping(golden.options);
  const result = await run(golden, callback);
  expect({ epochs: result.epochs, stoppedEpoch: callback.stoppedEpoch }).toEqual({ epochs, stoppedEpoch });
  expect(result.weight).toBe(restoredEpoch ?? epochs - 1);
});

test.each(of('ReduceLROnPlateau'))('$name', async (golden) => {
  const { rates, history } = await run(golden, new callbacks.ReduceLROnPlateau(golden.options));
  const expected = golden.expect.rates;
  expect(rates).toHaveLength(expected.length);
  for (const [i, rate] of rates.entries()) {
    expect(Math.abs(rate / (expected[i] as number) - 1), `epoch ${i}: ${rate} instead of ${expected[i]}`).toBeLessThan(
      1e-12,
    );
  }
  // The log is the rate that the epoch had, before it was reduced.
  expect(history.learning_rate).toEqual([golden.learningRate, ...rates.slice(0, -1)]);
});

describe('the way a number should go', () => {
  test.each([
    ['val_accuracy', [1, 2, 3, 2], 4],
    ['val_loss', [3, 2, 1, 2], 4],
    ['val_top_k_categorical_accuracy', [1, 2, 3, 2], 4],
    ['val_mean_squared_error', [1, 2, 3, 2], 2],
    ['val_cosine_similarity', [3, 2, 1, 2], 2],
  ])('is in its name: %s', async (monitor, values, epochs) => {
    const golden = { key: monitor, values } as Case;
    expect((await run(golden, new callbacks.EarlyStopping({ monitor }))).epochs).toBe(epochs);
  });

  test('is asked for where the name does not say', () => {
    expect(() => new callbacks.EarlyStopping({ monitor: 'val_score' })).toThrow(/mode: expected 'min' or 'max'/);
    new callbacks.EarlyStopping({ monitor: 'val_score', mode: 'max' });
  });
});
