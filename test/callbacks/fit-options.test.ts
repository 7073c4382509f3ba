// Which steps an epoch has and when it is measured, as Keras's fit has it.

import { Dense, ops, Sequential, SGD } from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, smallModel, x, y } from '../models/small.js';

const silent = { verbose: 0 } as const;

/** The rows that each step visits, one at a time: with a rate of 0 the mean output names the row. */
async function visits(options: object): Promise<number[][]> {
  const model = new Sequential([new Dense({ units: 1, useBias: false, inputShape: [1] })], { seed: 9 });
  const output = (_: unknown, yPred: Parameters<typeof ops.mean>[0]) => ops.mean(yPred);
  model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: output });
  await model.setWeights([[[1]]]);
  const rows = Float32Array.from({ length: 10 }, (_, i) => i);
  const seen: number[][] = [];
  let sum = 0;
  const callback = {
    onEpochBegin() {
      sum = 0;
      seen.push([]);
    },
    onBatchEnd(batch: number, { loss }: { loss?: number }) {
      const total = (loss as number) * (batch + 1);
      seen.at(-1)?.push(Math.round(total - sum));
      sum = total;
    },
  };
  await model.fit(rows, rows, { ...silent, batchSize: 1, ...options, callbacks: [callback] });
  return seen;
}

describe('stepsPerEpoch', () => {
  test('ends epochs early; the next goes on in the same pass, which every row is in once', async () => {
    const plain = await visits({ shuffle: false, epochs: 4, stepsPerEpoch: 4 });
    expect(plain).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
      [0, 1, 2, 3],
    ]);
    const shuffled = await visits({ epochs: 6, stepsPerEpoch: 4 });
    expect(shuffled.map(({ length }) => length)).toEqual([4, 4, 2, 4, 4, 2]);
    const passes = [shuffled.slice(0, 3).flat(), shuffled.slice(3).flat()];
    for (const pass of passes) expect([...pass].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(passes[0]).not.toEqual(passes[1]);
    // The passes are those of a run without.
    expect(await visits({ epochs: 2 })).toEqual(passes);
  });

  test('that divides the batches begins a pass with the next epoch', async () => {
    expect(await visits({ shuffle: false, epochs: 3, stepsPerEpoch: 5 })).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
      [0, 1, 2, 3, 4],
    ]);
  });

  test('changes no bit of what the same number of steps gives', async () => {
    const [whole, parts] = [smallModel(), smallModel()];
    await whole.fit(x, y, { ...silent, epochs: 2, batchSize: 10 });
    const { steps, history } = await parts.fit(x, y, { ...silent, epochs: 10, batchSize: 10, stepsPerEpoch: 2 });
    expect(steps).toBe(20);
    expect(history.loss).toHaveLength(10);
    expect(await parts.hash()).toBe(await whole.hash());
  });

  test('with maxSteps ends where that says', async () => {
    const model = smallModel();
    const stopWhen = { maxSteps: 5 };
    const { steps, epoch, stopReason } = await model.fit(x, y, { ...silent, epochs: 9, stepsPerEpoch: 2, stopWhen });
    expect({ steps, epoch, stopReason }).toEqual({ steps: 5, epoch: [0, 1, 2], stopReason: 'maxSteps' });
  });
});

describe('validation', () => {
  const held = { data: x.data.subarray(100), shape: [50, 2] };
  const validationData = [held, y.subarray(50)] as const;

  test('validationFreq says after which epochs', async () => {
    for (const [validationFreq, measured] of [
      [1, 5],
      [2, 2],
      [5, 1],
      [6, 0],
      [[1, 4, 5], 3],
    ] as const) {
      const keys: string[][] = [];
      const { history } = await smallModel().fit(x, y, {
        ...silent,
        epochs: 5,
        validationData,
        validationFreq,
        callbacks: [{ onEpochEnd: (_, logs) => keys.push(Object.keys(logs)) }],
      });
      expect(history.loss).toHaveLength(5);
      expect(history.val_loss?.length ?? 0).toBe(measured);
      const due = keys.map((names) => names.includes('val_loss'));
      expect(due).toEqual(
        [1, 2, 3, 4, 5].map((epoch) =>
          typeof validationFreq === 'number' ? epoch % validationFreq === 0 : validationFreq.includes(epoch as 1),
        ),
      );
    }
  });

  test('validationBatchSize and validationSteps say by what', async () => {
    const model = smallModel();
    const options = { ...silent, validationData, validationBatchSize: 7 };
    const { history } = await model.fit(x, y, { ...options, validationSteps: 3 });
    const part = { data: held.data.subarray(0, 42), shape: [21, 2] };
    const { loss, accuracy } = await model.evaluate(part, y.subarray(50, 71), { batchSize: 7 });
    expect([history.val_loss, history.val_accuracy]).toEqual([[loss], [accuracy]]);
    const all = await model.fit(x, y, { ...options, validationSteps: 100 });
    expect(all.history.val_loss).toEqual([(await model.evaluate(held, y.subarray(50), { batchSize: 7 })).loss]);
  });

  test('hooks see it begin and end', async () => {
    const calls: string[] = [];
    const note = (name: string) => () => {
      calls.push(name);
    };
    await smallModel().fit(x, y, {
      ...silent,
      epochs: 2,
      validationData,
      validationFreq: 2,
      callbacks: [{ onTestBegin: note('begin'), onTestEnd: note('end'), onEpochEnd: note('epoch') }],
    });
    expect(calls).toEqual(['epoch', 'begin', 'end', 'epoch']);
  });
});

test.each<[string, object, RegExp]>([
  ['no steps', { stepsPerEpoch: 0 }, /^INVALID_VALUE stepsPerEpoch/],
  ['more steps than there are', { stepsPerEpoch: 5 }, /^INVALID_VALUE stepsPerEpoch: expected at most 4/],
  ['half an epoch', { validationFreq: 0.5 }, /^INVALID_VALUE validationFreq/],
  ['epoch 0', { validationFreq: [0, 1] }, /^INVALID_VALUE validationFreq/],
  ['no batches', { validationSteps: 0 }, /^INVALID_VALUE validationSteps/],
  ['another name', { stepsPerEpochs: 1 }, /^UNKNOWN_OPTION .*stepsPerEpoch/],
])('refuses %s', async (_, options, message) => {
  const model = smallModel();
  const before = await model.hash();
  expect(await refusal(() => model.fit(x, y, { ...silent, ...options }))).toMatch(message);
  expect(await model.hash()).toBe(before);
  expect(ROWS / 32).toBeGreaterThan(3);
});
