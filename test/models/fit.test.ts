// fit, evaluate and predict: what is visited, what is reported, when it ends.

import { Activation, Dense, datasets, Flatten, losses, ops, Sequential, SGD } from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, smallModel, x, y } from './small.js';

const silent = { verbose: 0 } as const;

describe('history', () => {
  test('has a number per epoch for each of Keras’s keys', async () => {
    const model = smallModel();
    const { history, epoch, steps, stopReason } = await model.fit(x, y, {
      ...silent,
      epochs: 3,
      batchSize: 16,
      validationSplit: 0.2,
    });
    expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    for (const column of Object.values(history)) expect(column).toHaveLength(3);
    expect(epoch).toEqual([0, 1, 2]);
    // 80 rows in batches of 16.
    expect(steps).toBe(15);
    expect(stopReason).toBe('epochs');
    expect(model.optimizer.iterations).toBe(15);
  });

  test('of no epochs is empty and changes nothing', async () => {
    const model = smallModel();
    const before = await model.hash();
    const { history, steps } = await model.fit(x, y, { ...silent, epochs: 0 });
    expect({ history, steps }).toEqual({ history: {}, steps: 0 });
    expect(await model.hash()).toBe(before);
  });

  test('means are weighted by rows, the short last batch included', async () => {
    // A model that cannot learn: its loss over the epoch is that of evaluate, however the rows are batched.
    const model = new Sequential([new Dense({ units: 1, inputShape: [2] })], { seed: 1 });
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'mse', metrics: ['mse'] });
    const target = Float32Array.from(y);
    const { loss } = await model.evaluate(x, target, { batchSize: ROWS });
    for (const batchSize of [1, 7, 33, 64, 99, 100, 1000]) {
      const { history } = await model.fit(x, target, { ...silent, batchSize });
      expect(history.loss?.[0]).toBeCloseTo(loss as number, 5);
      expect(history.mse?.[0]).toBeCloseTo(loss as number, 5);
      expect((await model.evaluate(x, target, { batchSize })).loss).toBeCloseTo(loss as number, 5);
    }
  });

  test('validation is measured on the last rows, or on the data given', async () => {
    const tail = { data: x.data.subarray(160), shape: [20, 2] };
    const [split, given] = [smallModel(), smallModel()];
    const { history } = await split.fit(x, y, { ...silent, validationSplit: 0.2 });
    const head = { data: x.data.subarray(0, 160), shape: [80, 2] };
    const other = await given.fit(head, y.subarray(0, 80), { ...silent, validationData: [tail, y.subarray(80)] });
    expect(other.history).toEqual(history);
    const { loss, accuracy } = await split.evaluate(tail, y.subarray(80));
    expect(history.val_loss).toEqual([loss]);
    expect(history.val_accuracy).toEqual([accuracy]);
  });
});

describe('order', () => {
  // The loss of a batch of one names the row: with a rate of 0 the model never changes.
  async function visited(options: object, epochs = 1): Promise<number[]> {
    const model = new Sequential([new Flatten({ inputShape: [1] }), new Dense({ units: 1 })], { seed: 9 });
    const firstOf = (_: unknown, yPred: Parameters<losses.Loss['call']>[1]) => ops.mean(yPred);
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: firstOf });
    await model.setWeights([[[1]], [0]]);
    const rows = Float32Array.from({ length: 20 }, (_, i) => i);
    const means: number[] = [];
    await model.fit(rows, rows, {
      ...silent,
      batchSize: 1,
      epochs,
      ...options,
      callbacks: [{ onBatchEnd: (_, { loss }) => means.push(loss as number) }],
    });
    return means.map((mean, i) => {
      const step = i % 20;
      return Math.round(mean * (step + 1) - (step === 0 ? 0 : (means[i - 1] as number) * step));
    });
  }
  const inOrder = Array.from({ length: 20 }, (_, i) => i);

  test('is that of the data without shuffling', async () => {
    expect(await visited({ shuffle: false })).toEqual(inOrder);
  });

  test('is a permutation that differs between epochs and comes again with the seed', async () => {
    const rows = await visited({}, 2);
    const [first, second] = [rows.slice(0, 20), rows.slice(20)];
    for (const epoch of [first, second]) expect([...epoch].sort((a, b) => a - b)).toEqual(inOrder);
    expect(first).not.toEqual(inOrder);
    expect(first).not.toEqual(second);
    expect(await visited({}, 2)).toEqual(rows);
  });

  test('never visits the validation rows', async () => {
    const rows = await visited({ validationSplit: 0.25, epochs: 1 });
    expect(rows).toHaveLength(15);
    expect([...rows].sort((a, b) => a - b)).toEqual(inOrder.slice(0, 15));
  });
});

describe('results do not depend on', () => {
  test('whether there are callbacks for batches', async () => {
    const [plain, watched] = [smallModel(), smallModel()];
    await plain.fit(x, y, { ...silent, epochs: 3 });
    await watched.fit(x, y, { ...silent, epochs: 3, callbacks: [{ onBatchEnd() {} }] });
    expect(await watched.hash()).toBe(await plain.hash());
  });

  test('how epochs are spread over calls', async () => {
    const [once, often] = [smallModel(), smallModel()];
    await once.fit(x, y, { ...silent, epochs: 4 });
    for (let i = 0; i < 4; i++) await often.fit(x, y, { ...silent, initialEpoch: i, epochs: i + 1 });
    expect(await often.hash()).toBe(await once.hash());
  });

  test('the kind of array the bytes came in', async () => {
    const bytes = Uint8Array.from(x.data, (value) => 128 + 127 * value);
    const hashes = new Set<string>();
    for (const data of [bytes, Int32Array.from(bytes), Float32Array.from(bytes), Float64Array.from(bytes)]) {
      for (const labels of [y, Int32Array.from(y), Float32Array.from(y), { data: y, shape: [ROWS, 1] }]) {
        const model = smallModel();
        await model.fit({ data, shape: [ROWS, 2] }, labels, silent);
        hashes.add(await model.hash());
      }
    }
    expect(hashes.size).toBe(1);
  });

  test('what becomes of the arrays after the call', async () => {
    const [kept, changed] = [smallModel(), smallModel()];
    await kept.fit(x, y, { ...silent, epochs: 2 });
    const [own, labels] = [{ ...x, data: x.data.slice() }, y.slice()];
    const running = changed.fit(own, labels, { ...silent, epochs: 2 });
    own.data.fill(Number.NaN);
    labels.fill(200);
    await running;
    expect(await changed.hash()).toBe(await kept.hash());
  });

  test('the batch size of evaluate and predict', async () => {
    const model = smallModel();
    const { data } = await model.predict(x, { batchSize: ROWS });
    for (const batchSize of [1, 15, 16, 17, 31, 33, 63]) {
      expect((await model.predict(x, { batchSize })).data).toEqual(data);
    }
  });
});

test('evaluate under a loss that sums gives the mean of the sums of batches', async () => {
  const model = new Sequential([new Activation({ activation: 'linear', inputShape: [2] })]);
  model.compile({ loss: new losses.MeanSquaredError({ reduction: 'sum' }) });
  const zeros = { data: new Float32Array(2 * ROWS), shape: [ROWS, 2] };
  const total = x.data.reduce((sum, value) => sum + value * value, 0) / 2;
  for (const batchSize of [1, 10, ROWS]) {
    const { loss } = await model.evaluate(x, zeros, { batchSize });
    expect(loss).toBeCloseTo((total * batchSize) / ROWS, 4);
  }
});

describe('stopWhen', () => {
  test('maxSteps ends in the middle of an epoch, which is reported', async () => {
    const { steps, stopReason, history } = await smallModel().fit(x, y, {
      ...silent,
      epochs: 10,
      batchSize: 10,
      stopWhen: { maxSteps: 25 },
    });
    expect({ steps, stopReason }).toEqual({ steps: 25, stopReason: 'maxSteps' });
    expect(history.loss).toHaveLength(3);
  });

  test('maxSteps at the end of an epoch begins no other', async () => {
    const options = { ...silent, epochs: 10, batchSize: 10, stopWhen: { maxSteps: 20 } };
    const { steps, stopReason, epoch } = await smallModel().fit(x, y, options);
    expect({ steps, stopReason, epoch }).toEqual({ steps: 20, stopReason: 'maxSteps', epoch: [0, 1] });
  });

  test('lossBelow looks at the mean of an epoch', async () => {
    const { history, stopReason } = await smallModel({ dropout: 0 }).fit(x, y, {
      ...silent,
      epochs: 500,
      stopWhen: { lossBelow: 0.4 },
    });
    const column = history.loss as number[];
    expect(stopReason).toBe('lossBelow');
    expect(column.at(-1)).toBeLessThan(0.4);
    for (const loss of column.slice(0, -1)) expect(loss).toBeGreaterThanOrEqual(0.4);
  });

  test('minDelta waits for patience epochs without progress', async () => {
    const model = smallModel();
    model.compile({ optimizer: new SGD({ learningRate: 0 }), loss: 'sparse_categorical_crossentropy' });
    const { epoch, stopReason } = await model.fit(x, y, {
      ...silent,
      epochs: 50,
      shuffle: false,
      stopWhen: { minDelta: 0.5, patience: 4 },
    });
    // The first epoch is progress; four without follow.
    expect({ epochs: epoch.length, stopReason }).toEqual({ epochs: 5, stopReason: 'minDelta' });
  });

  test('gradNormBelow makes no update at the step where it holds', async () => {
    const model = smallModel({ dropout: 0 });
    const before = await model.hash();
    const { steps, stopReason } = await model.fit(x, y, { ...silent, stopWhen: { gradNormBelow: 1e6 } });
    expect({ steps, stopReason }).toEqual({ steps: 0, stopReason: 'gradNormBelow' });
    expect(await model.hash()).toBe(before);
  });
});

describe('shapes', () => {
  test('a single column needs no second axis', async () => {
    const model = new Sequential([new Dense({ units: 1, inputShape: [1] })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit([1, 2, 3], [2, 4, 6], silent);
    expect((await model.predict([1, 2, 3, 4])).shape).toEqual([4, 1]);
  });

  test('come from the data where no layer states them', async () => {
    const model = new Sequential([new Flatten(), new Dense({ units: 2 })]);
    expect(model.built).toBe(false);
    const { shape } = await model.predict(
      new Array(3).fill([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(shape).toEqual([3, 2]);
    expect(model.inputShape).toEqual([2, 2]);
    expect(model.countParams()).toBe(10);
  });

  test('predict of no samples is empty', async () => {
    const { data, shape } = await smallModel().predict({ data: new Float32Array(), shape: [0, 2] });
    expect({ length: data.length, shape }).toEqual({ length: 0, shape: [0, 3] });
  });

  test('accuracy takes the form that targets and outputs call for', async () => {
    const accuracyOf = async (targets: number[] | number[][], outputs: number[][]) => {
      const model = new Sequential([new Activation({ activation: 'linear', inputShape: [(outputs[0] ?? []).length] })]);
      model.compile({ loss: () => ops.sum(0), metrics: ['accuracy'] });
      return (await model.evaluate(outputs, targets)).accuracy;
    };
    const three = [
      [0.1, 0.7, 0.2],
      [0.6, 0.3, 0.1],
      [0.1, 0.2, 0.7],
      [0.5, 0.4, 0.1],
    ];
    expect(await accuracyOf([1, 0, 0, 0], three)).toBe(0.75);
    expect(await accuracyOf([[1], [0], [0], [1]], three)).toBe(0.5);
    const oneHot = [
      [0, 1, 0],
      [0, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ];
    expect(await accuracyOf(oneHot, three)).toBe(0.5);
    expect(await accuracyOf([1, 0, 0, 1], [[0.9], [0.2], [0.8], [0.4]])).toBe(0.5);
  });
});

test('spellings of names do not matter', async () => {
  const hashes = new Set<string>();
  for (const [activation, loss] of [
    ['log_softmax', 'mean_squared_error'],
    ['logSoftmax', 'meanSquaredError'],
    ['LOG-SOFTMAX', 'MeanSquaredError'],
  ] as const) {
    const model = new Sequential([new Dense({ units: 3, activation, inputShape: [2] })], { seed: 2 });
    model.compile({ optimizer: 'ADAM', loss });
    await model.fit(x, new Array(ROWS).fill([1, 2, 3]), silent);
    hashes.add(await model.hash());
  }
  expect(hashes.size).toBe(1);
});

test('a loss and a metric may be functions', async () => {
  const model = new Sequential([new Dense({ units: 1, inputShape: [2] })], { seed: 2 });
  const twin = new Sequential([new Dense({ units: 1, inputShape: [2] })], { seed: 2 });
  type Two = Parameters<losses.Loss['call']>;
  const error = (yTrue: Two[0], yPred: Two[1]) => ops.square(ops.sub(yPred, yTrue));
  const target = { data: Float32Array.from(y), shape: [ROWS, 1] };
  model.compile({ optimizer: 'sgd', loss: error, metrics: [error] });
  twin.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mse'] });
  const [own, known] = [await model.fit(x, target, silent), await twin.fit(x, target, silent)];
  expect(await model.hash()).toBe(await twin.hash());
  expect(own.history.loss).toEqual(known.history.loss);
  expect(own.history.error?.[0]).toBeCloseTo(known.history.mse?.[0] as number, 6);
});

test('the digits are learned to 97 %', async () => {
  const { train, test: held } = await datasets.loadDigits({ seed: 0 });
  const model = new Sequential(
    [
      new Flatten({ inputShape: [8, 8] }),
      new Dense({ units: 64, activation: 'relu' }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 1 },
  );
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  await model.fit(train.x, train.y, { ...silent, epochs: 60 });
  expect((await model.evaluate(held.x, held.y)).accuracy).toBeGreaterThanOrEqual(0.97);
});

test('a call that was refused does not hinder the next', async () => {
  const model = smallModel();
  expect(await refusal(() => model.fit(x, [1, 2], silent))).toMatch(/^SHAPE_MISMATCH/);
  await model.fit(x, y, silent);
});
