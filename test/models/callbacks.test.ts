// Callbacks: when they are called, what they may do, and what happens to a run that they, a signal or an error ends.

import { callbacks, Dense, type losses, ops, Sequential, SGD, schedules } from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, smallModel, x, y } from './small.js';

const silent = { verbose: 0 } as const;

describe('hooks', () => {
  test('are called in order, with the epoch or batch and the means so far', async () => {
    const calls: string[] = [];
    const note =
      (name: string) =>
      (index?: number | object, logs?: object): void => {
        const keys = Object.keys((typeof index === 'object' ? index : logs) ?? {}).join('+');
        const parts = [name, typeof index === 'number' ? index : '', keys];
        calls.push(parts.filter((part) => part !== '').join(' '));
      };
    const callback = new callbacks.LambdaCallback({
      onTrainBegin: note('train begin'),
      onTrainEnd: note('train end'),
      onEpochBegin: note('epoch begin'),
      onEpochEnd: note('epoch end'),
      onBatchBegin: note('batch begin'),
      onBatchEnd: note('batch end'),
    });
    await smallModel().fit(x, y, {
      ...silent,
      epochs: 4,
      initialEpoch: 2,
      batchSize: 50,
      validationSplit: 0.2,
      callbacks: [callback],
    });
    const epoch = (i: number) => [
      `epoch begin ${i}`,
      'batch begin 0',
      'batch end 0 loss+accuracy',
      'batch begin 1',
      'batch end 1 loss+accuracy',
      `epoch end ${i} loss+accuracy+val_loss+val_accuracy`,
    ];
    const last = 'train end loss+accuracy+val_loss+val_accuracy';
    expect(calls).toEqual(['train begin', ...epoch(2), ...epoch(3), last]);
  });

  test('are waited for, one callback after the other', async () => {
    const order: number[] = [];
    const slow = (i: number) => ({
      async onEpochEnd() {
        await new Promise((resolve) => setTimeout(resolve, 10 - i));
        order.push(i);
      },
    });
    await smallModel().fit(x, y, { ...silent, epochs: 2, callbacks: [slow(1), slow(2)] });
    expect(order).toEqual([1, 2, 1, 2]);
  });

  test('of other names are refused', async () => {
    const wrong = { onEpochEnds() {} } as object;
    expect(await refusal(() => smallModel().fit(x, y, { callbacks: [wrong] }))).toMatch(
      /^INVALID_VALUE callbacks\[0\].*onEpochEnd/,
    );
    expect(await refusal(() => new callbacks.LambdaCallback(wrong))).toMatch(/^UNKNOWN_OPTION .*onEpochEnd\?/);
    expect(await refusal(() => smallModel().fit(x, y, { callbacks: [{ onEpochEnd: 1 as never }] }))).toMatch(
      /^INVALID_VALUE callbacks\[0\].onEpochEnd/,
    );
  });
});

describe('inside a callback', () => {
  test('the learning rate may be set for the next step', async () => {
    // The gradient of a sum by its weight is the sum of the inputs, 1 each: a step moves the weight by the rate.
    const model = new Sequential([new Dense({ units: 1, useBias: false, inputShape: [1] })]);
    const sum = (_: unknown, yPred: Parameters<losses.Loss['call']>[1]) => ops.mean(yPred);
    const optimizer = new SGD({ learningRate: 1 });
    model.compile({ optimizer, loss: sum });
    await model.setWeights([[[0]]]);
    const seen: number[] = [];
    await model.fit([1, 1, 1], [0, 0, 0], {
      ...silent,
      batchSize: 1,
      callbacks: [
        {
          async onBatchEnd(batch) {
            seen.push((await model.getWeights())[0]?.data[0] as number);
            optimizer.learningRate = [10, 100][batch] ?? 0;
          },
        },
      ],
    });
    expect(seen).toEqual([-1, -11, -111]);
  });

  test('the model may be saved, read, evaluated and used', async () => {
    const [plain, watched] = [smallModel(), smallModel()];
    await plain.fit(x, y, { ...silent, epochs: 2 });
    const hashes: string[] = [];
    await watched.fit(x, y, {
      ...silent,
      epochs: 2,
      callbacks: [
        {
          onBatchEnd: async () => {
            hashes.push(await watched.hash());
            await watched.toBytes();
            await watched.evaluate(x, y);
            await watched.predict(x);
            await watched.setWeights(await watched.getWeights());
          },
        },
      ],
    });
    expect(new Set(hashes).size).toBe(8);
    expect(hashes.at(-1)).toBe(await plain.hash());
  });

  test('what is begun without being awaited still sees one step', async () => {
    const model = smallModel();
    const pairs: Promise<readonly [string, string]>[] = [];
    await model.fit(x, y, {
      ...silent,
      callbacks: [
        {
          onBatchEnd() {
            pairs.push(Promise.all([model.hash(), model.hash()]));
          },
        },
      ],
    });
    for (const [a, b] of await Promise.all(pairs)) expect(a).toBe(b);
    expect(new Set((await Promise.all(pairs)).map(([a]) => a)).size).toBe(pairs.length);
  });

  test('stopTraining ends the run after the present step', async () => {
    const model = smallModel();
    const { steps, stopReason, epoch } = await model.fit(x, y, {
      ...silent,
      epochs: 5,
      batchSize: 10,
      callbacks: [
        {
          onBatchEnd(batch) {
            if (batch === 3) model.stopTraining = true;
          },
        },
      ],
    });
    expect({ steps, stopReason, epoch }).toEqual({ steps: 4, stopReason: 'stopped', epoch: [0] });
    const again = await model.fit(x, y, { ...silent, epochs: 1 });
    expect(again.stopReason).toBe('epochs');
  });

  test('stopTraining in a hook for epochs ends the run there', async () => {
    for (const hook of ['onTrainBegin', 'onEpochBegin', 'onBatchBegin', 'onEpochEnd'] as const) {
      const model = smallModel();
      const stop = () => {
        model.stopTraining = true;
      };
      const { steps, stopReason } = await model.fit(x, y, { ...silent, epochs: 5, callbacks: [{ [hook]: stop }] });
      expect({ hook, steps, stopReason }).toEqual({
        hook,
        steps: hook === 'onEpochEnd' ? 4 : 0,
        stopReason: 'stopped',
      });
    }
  });

  test('fit, compile, add and dispose are refused', async () => {
    const model = smallModel();
    const refused: string[] = [];
    await model.fit(x, y, {
      ...silent,
      callbacks: [
        {
          async onEpochEnd() {
            refused.push(await refusal(() => model.fit(x, y)));
            refused.push(await refusal(() => model.compile({ loss: 'mse' })));
            refused.push(await refusal(() => model.add(new Dense({ units: 1 }))));
            refused.push(await refusal(() => model.dispose()));
          },
        },
      ],
    });
    expect(refused).toHaveLength(4);
    for (const text of refused) expect(text).toMatch(/^BUSY .*fit has not finished/);
    await model.predict(x);
  });
});

describe('a second call while one runs', () => {
  test('is refused where it would change or see half of a run', async () => {
    const model = smallModel();
    const running = model.fit(x, y, { ...silent, epochs: 2 });
    for (const call of [
      () => model.fit(x, y),
      () => model.evaluate(x, y),
      () => model.predict(x),
      () => model.getWeights(),
      () => model.toBytes(),
      () => model.setWeights([]),
      () => model.dispose(),
    ]) {
      expect(await refusal(call)).toMatch(/^BUSY/);
    }
    await running;
  });

  test('may read beside other readers', async () => {
    const model = smallModel();
    const [a, b] = await Promise.all([model.predict(x), model.predict(x), model.evaluate(x, y), model.hash()]);
    expect(a).toEqual(b);
    const reading = model.predict(x);
    expect(await refusal(() => model.fit(x, y, silent))).toMatch(/^BUSY fit.*predict/);
    await reading;
  });

  test('two models train side by side as they would alone', async () => {
    const alone = smallModel();
    await alone.fit(x, y, { ...silent, epochs: 3 });
    const [a, b] = [smallModel(), smallModel({ seed: 6 })];
    await Promise.all([a.fit(x, y, { ...silent, epochs: 3 }), b.fit(x, y, { ...silent, epochs: 3 })]);
    expect(await a.hash()).toBe(await alone.hash());
    expect(await b.hash()).not.toBe(await alone.hash());
  });
});

describe('what ends a run early leaves the last completed step', () => {
  // The weights after each step of an undisturbed run.
  async function trail(): Promise<string[]> {
    const model = smallModel();
    const hashes: string[] = [await model.hash()];
    const onBatchEnd = async () => {
      hashes.push(await model.hash());
    };
    await model.fit(x, y, { ...silent, epochs: 2, batchSize: 10, callbacks: [{ onBatchEnd }] });
    return hashes;
  }

  test('a signal, whose reason is what the promise rejects with', async () => {
    const model = smallModel();
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = model.fit(x, y, {
      ...silent,
      epochs: 2,
      batchSize: 10,
      signal: controller.signal,
      callbacks: [{ onBatchEnd: (batch) => batch === 6 && controller.abort(reason) }],
    });
    await expect(running).rejects.toBe(reason);
    expect(model.optimizer.iterations).toBe(7);
    expect(await model.hash()).toBe((await trail())[7]);
  });

  test('a signal that was aborted before', async () => {
    const model = smallModel();
    const before = await model.hash();
    const running = model.fit(x, y, { ...silent, signal: AbortSignal.abort() });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(await model.hash()).toBe(before);
  });

  test('a callback that throws', async () => {
    const model = smallModel();
    const mistake = new Error('mine');
    const onBatchEnd = (batch: number) => {
      if (batch === 2) throw mistake;
    };
    const running = model.fit(x, y, { ...silent, batchSize: 10, callbacks: [{ onBatchEnd }] });
    await expect(running).rejects.toBe(mistake);
    expect(await model.hash()).toBe((await trail())[3]);
    await model.fit(x, y, silent);
  });

  test('a NaN in the data, whose step the error names', async () => {
    const model = smallModel();
    const spoiled = { ...x, data: x.data.slice() };
    spoiled.data[2 * 75] = Number.NaN;
    const text = await refusal(() => model.fit(spoiled, y, { ...silent, batchSize: 10, shuffle: false }));
    expect(text).toMatch(/^NON_FINITE .*step 7/);
    expect(model.optimizer.iterations).toBe(7);
    const clean = smallModel();
    await clean.fit(x, y, { ...silent, batchSize: 10, shuffle: false, stopWhen: { maxSteps: 7 } });
    expect(await model.hash()).toBe(await clean.hash());
  });
});

test('the learning rate may be a schedule or a function of the step', async () => {
  const hashes = new Set<string>();
  for (const learningRate of [
    new schedules.ExponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 }),
    (step: number) => 0.5 * 0.5 ** step,
  ]) {
    const model = smallModel();
    model.compile({ optimizer: new SGD({ learningRate }), loss: 'sparse_categorical_crossentropy' });
    await model.fit(x, y, { ...silent, epochs: 3, batchSize: ROWS / 4 });
    hashes.add(await model.hash());
  }
  // Powers of 1/2 are exact, so both say the same.
  expect(hashes.size).toBe(1);
});
