// Callbacks that set the rate, end training or see it: LearningRateScheduler, TerminateOnNaN, SwapEMAWeights, Callback.

import { callbacks, Dense, type losses, ops, Sequential, SGD, schedules } from 'descend';
import { describe, expect, test, vi } from 'vitest';
import { refusal, smallModel, x, y } from '../models/small.js';

const silent = { verbose: 0 } as const;

describe('LearningRateScheduler', () => {
  test('sets the rate of each epoch from the one before, and logs it', async () => {
    const model = smallModel();
    model.compile({ optimizer: new SGD({ learningRate: 1 }), loss: 'sparseCategoricalCrossentropy' });
    const seen: [number, number][] = [];
    const schedule = (epoch: number, rate: number): number => {
      seen.push([epoch, rate]);
      return rate / 2;
    };
    const callback = new callbacks.LearningRateScheduler({ schedule });
    const { history } = await model.fit(x, y, { ...silent, initialEpoch: 3, epochs: 6, callbacks: [callback] });
    expect(seen).toEqual([
      [3, 1],
      [4, 0.5],
      [5, 0.25],
    ]);
    expect(history.learning_rate).toEqual([0.5, 0.25, 0.125]);
    const plain = smallModel();
    plain.compile({ optimizer: new SGD({ learningRate: 0.5 }), loss: 'sparseCategoricalCrossentropy' });
    for (const rate of [0.5, 0.25, 0.125]) {
      plain.optimizer.learningRate = rate;
      await plain.fit(x, y, silent);
    }
    expect(await model.hash()).toBe(await plain.hash());
  });

  test('refuses what is no rate, and a schedule in the optimizer', async () => {
    const model = smallModel();
    const wrong = (schedule: unknown) => new callbacks.LearningRateScheduler({ schedule } as never);
    expect(await refusal(() => wrong(3))).toMatch(/^INVALID_VALUE LearningRateScheduler: schedule/);
    for (const rate of [Number.NaN, -1, 'fast']) {
      const text = await refusal(() => model.fit(x, y, { ...silent, callbacks: [wrong(() => rate)] }));
      expect(text).toMatch(/^INVALID_VALUE/);
    }
    const learningRate = new schedules.ExponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 });
    model.compile({ optimizer: new SGD({ learningRate }), loss: 'sparseCategoricalCrossentropy' });
    for (const callback of [wrong(() => 1), new callbacks.ReduceLROnPlateau({ monitor: 'loss' })]) {
      const text = await refusal(() => model.fit(x, y, { ...silent, callbacks: [callback] }));
      expect(text).toMatch(/^INVALID_VALUE .*a learning rate that is a number/);
    }
    expect(model.optimizer.iterations).toBe(0);
  });
});

describe('TerminateOnNaN', () => {
  /** A model whose loss is infinite from the third step on. */
  function exploding(): Sequential {
    const model = new Sequential([new Dense({ units: 1, useBias: false, inputShape: [1] })]);
    const growing = (_: unknown, yPred: Parameters<losses.Loss['call']>[1]) => ops.mean(ops.square(yPred));
    model.compile({ optimizer: new SGD({ learningRate: 1e19, onNonFinite: 'propagate' }), loss: growing });
    return model;
  }
  const one = Float32Array.from({ length: 20 }, () => 1);

  test('ends training at that step; the epoch and the run end as others do', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const ends: string[] = [];
    const model = exploding();
    const { stopReason, steps, epoch } = await model.fit(one, one, {
      ...silent,
      batchSize: 1,
      epochs: 5,
      callbacks: [
        new callbacks.TerminateOnNaN(),
        { onEpochEnd: () => ends.push('epoch'), onTrainEnd: () => ends.push('train') },
      ],
    });
    expect({ stopReason, epoch, ends }).toEqual({ stopReason: 'stopped', epoch: [0], ends: ['epoch', 'train'] });
    // Weight w, then about −2e19·w, whose square is at the limit of the format, then beyond it.
    expect(steps).toBeLessThan(5);
    expect(log.mock.calls[0]?.[0]).toMatch(/^Batch \d: loss (Infinity|NaN), training ends/);
    log.mockRestore();
  });

  test('raiseError rejects instead', async () => {
    const ends: string[] = [];
    const callbackList = [new callbacks.TerminateOnNaN({ raiseError: true }), { onTrainEnd: () => ends.push('train') }];
    const running = exploding().fit(one, one, { ...silent, batchSize: 1, callbacks: callbackList });
    expect(await refusal(() => running)).toMatch(/^NON_FINITE TerminateOnNaN: batch \d/);
    expect(ends).toEqual([]);
  });
});

describe('SwapEMAWeights', () => {
  /** A run whose optimizer's averages are zeros: where they stand, all outputs are alike. */
  async function run(swapOnEpoch: boolean): Promise<string[]> {
    const model = smallModel();
    const zeros = async () =>
      model.setWeights(model.weights.map(({ shape, size }) => ({ data: new Float32Array(size), shape })));
    let kept: Awaited<ReturnType<typeof model.getWeights>> | undefined;
    const swapAverages = async () => {
      const present = await model.getWeights();
      if (kept) await model.setWeights(kept);
      else await zeros();
      kept = kept ? undefined : present;
    };
    Object.defineProperties(model.optimizer, { swapAverages: { value: swapAverages }, averages: { value: true } });
    const seen: string[] = [];
    const note = (moment: string) => async () => {
      const { data } = (await model.getWeights())[0] as { data: Float32Array };
      seen.push(`${moment} ${data.every((value) => value === 0) ? 'averages' : 'weights'}`);
    };
    await model.fit(x, y, {
      ...silent,
      epochs: 2,
      batchSize: 100,
      validationData: [x, y],
      callbacks: [
        new callbacks.SwapEMAWeights({ swapOnEpoch }),
        { onBatchEnd: note('batch'), onTestBegin: note('test'), onEpochEnd: note('epoch') },
      ],
    });
    return seen;
  }

  test('measures by averages and trains without them', async () => {
    const epoch = ['batch weights', 'test averages', 'epoch weights'];
    expect(await run(false)).toEqual([...epoch, ...epoch]);
  });

  test('swapOnEpoch leaves them for the callbacks after it', async () => {
    const epoch = ['batch weights', 'test averages', 'epoch averages'];
    expect(await run(true)).toEqual([...epoch, ...epoch]);
  });

  test('refuses an optimizer that keeps none', async () => {
    const running = smallModel().fit(x, y, { ...silent, callbacks: [new callbacks.SwapEMAWeights()] });
    expect(await refusal(() => running)).toMatch(/^INVALID_VALUE SwapEMAWeights: .*useEma: true/);
  });
});

describe('Callback', () => {
  test('knows its model and the run once that has begun', async () => {
    class Watch extends callbacks.Callback {
      seen: unknown[] = [];
      onTrainBegin() {
        this.seen.push(this.model.name, this.params);
      }
    }
    const watch = new Watch();
    expect(() => watch.model).toThrow(/^Watch.model: expected a callback of a run/);
    await smallModel().fit(x, y, { ...silent, epochs: 2, validationSplit: 0.2, callbacks: [watch] });
    expect(watch.seen).toEqual(['sequential', { epochs: 2, steps: 3, verbose: 0, validation: true }]);
  });

  test('onTrainBatchBegin and onTrainBatchEnd are other names of the hooks for batches', async () => {
    const calls: string[] = [];
    const note = (name: string) => (batch: number) => calls.push(`${name} ${batch}`);
    const hooks = {
      onBatchBegin: note('a'),
      onTrainBatchBegin: note('b'),
      onBatchEnd: note('c'),
      onTrainBatchEnd: note('d'),
    };
    await smallModel().fit(x, y, { ...silent, batchSize: 50, callbacks: [new callbacks.LambdaCallback(hooks)] });
    expect(calls).toEqual(['a 0', 'b 0', 'c 0', 'd 0', 'a 1', 'b 1', 'c 1', 'd 1']);
  });

  test('what it adds to the logs is in the history', async () => {
    const add = {
      onEpochEnd(epoch: number, logs: callbacks.Logs) {
        logs.mine = 10 * epoch;
      },
    };
    const { history } = await smallModel().fit(x, y, { ...silent, epochs: 3, callbacks: [add] });
    expect(history.mine).toEqual([0, 10, 20]);
  });
});
