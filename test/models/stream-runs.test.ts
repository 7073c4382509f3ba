// Runs over streams that were broken off, and what goes wrong.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Batches, callbacks, Dense, datasets, Sequential, type TrainingBatch } from 'descend';
import { describe, expect, test, vi } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import { again, cut, expected, pause, silent, sixteens } from './batches.js';
import { refusal, smallModel, x, y } from './small.js';

const { Dataset } = datasets;

describe('a run that was broken off', () => {
  // A backup after every second step; then, as if killed, an error.
  async function broken(set: Batches, options: object, kills: readonly number[]): Promise<[string, object]> {
    const backupDir = await mkdtemp(join(tmpdir(), 'descend-stream-'));
    try {
      for (const kill of [...kills, Number.POSITIVE_INFINITY]) {
        const model = smallModel();
        let steps = 0;
        const onBatchEnd = (): void => {
          if (++steps > kill) throw new Error('killed');
        };
        const backup = new callbacks.BackupAndRestore({ backupDir, saveFreq: 2 });
        const run = model.fit(set, { ...silent, ...options, callbacks: [backup, { onBatchEnd }] });
        if (Number.isFinite(kill)) {
          await expect(run).rejects.toThrow('killed');
        } else {
          const { history } = await run;
          return [await model.hash(), history];
        }
      }
      throw new Error('never');
    } finally {
      await rm(backupDir, { recursive: true, force: true });
    }
  }

  const set = Dataset.fromArrays(x, y).shuffle({ seed: 4, buffer: 20 }).batch(16);
  test.each([
    ['a Dataset', set, { epochs: 3 }],
    ['one that never ends', set.repeat(), { epochs: 5, stepsPerEpoch: 4 }],
    ['one that ends in the middle of epochs', set, { epochs: 5, stepsPerEpoch: 3 }],
    ['an iterable without epochs', again(cut(sixteens), pause), { epochs: 3 }],
  ])('goes on in %s where it was', async (_, stream, options) => {
    const model = smallModel();
    const { history } = await model.fit(stream, { ...silent, ...options });
    const expected = [await model.hash(), history];
    expect(await broken(stream, options, [1, 6, 5, 2])).toEqual(expected);
    expect(await broken(stream, options, [8])).toEqual(expected);
  });
});

// WASM in this thread makes its steps in the thread that reads.
test.skipIf(process.env.DESCEND_ENGINE !== 'native')('batches are read while steps are made', async () => {
  let asked = 0;
  let during = 0;
  const engine = localEngine();
  const advance = vi.spyOn(engine, 'advance');
  const original = advance.getMockImplementation() ?? Object.getPrototypeOf(engine).advance.bind(engine);
  advance.mockImplementation(async (...args) => {
    const before = asked;
    const outcome = await original(...args);
    during += asked - before;
    return outcome;
  });
  try {
    const model = new Sequential([new Dense({ units: 128 }), new Dense({ units: 1 })], { seed: 1 });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const batch: TrainingBatch = [{ data: new Float32Array(64 * 784), shape: [64, 784] }, new Float32Array(64)];
    const counted = Dataset.from(Array.from({ length: 200 }, () => batch)).map((given) => {
      asked++;
      return given;
    });
    await model.fit(counted, silent);
    expect(asked).toBe(200);
    expect(during).toBeGreaterThan(20);
  } finally {
    advance.mockRestore();
  }
});

test('a call leaves nothing behind', async () => {
  const set = Dataset.fromArrays(x, y).batch(16);
  const odd = again([...cut([16, 16]), [[[1, 2, 3]], [1]]]);
  const model = smallModel();
  const calls = async (): Promise<void> => {
    await model.fit(set, { ...silent, epochs: 2, validationData: set });
    await refusal(() => model.fit(odd, silent));
    await refusal(() => model.evaluate(odd));
    await refusal(() => model.predict(odd));
    await refusal(() => model.fit(again(cut(sixteens), pause), { ...silent, signal: AbortSignal.timeout(3) }));
    await model.fit(set, { ...silent, stopWhen: { maxSteps: 2 } });
    await model.predict(set);
  };
  await calls();
  const before = localEngine().sync.stats();
  await calls();
  await calls();
  expect(localEngine().sync.stats()).toEqual(before);
});

describe('what goes wrong', () => {
  function watched(batches: readonly TrainingBatch[], fails?: Error) {
    const seen = { returned: 0 };
    const stream: AsyncIterable<TrainingBatch> = {
      [Symbol.asyncIterator]: () => {
        let at = 0;
        return {
          next: async () => {
            const value = batches[at++];
            if (value !== undefined) return { done: false, value };
            if (fails) throw fails;
            return { done: true, value: undefined };
          },
          return: async () => {
            seen.returned++;
            return { done: true, value: undefined };
          },
        };
      },
    };
    return { seen, stream };
  }

  test('in the stream rejects fit with the cause, after the steps before', async () => {
    const cause = new Error('the disk is gone');
    for (const batches of [cut([16, 16, 16]), []]) {
      const model = smallModel();
      const before = await model.hash();
      const { stream } = watched(batches, cause);
      await expect(model.fit(stream, silent)).rejects.toBe(cause);
      const steps = batches.length;
      expect(model.optimizer.iterations).toBe(steps);
      const stopWhen = { maxSteps: 3 };
      expect(await model.hash()).toBe(steps === 0 ? before : await expected({ epochs: 1, stopWhen }));
      await model.fit(x, y, silent);
    }
  });

  test.each([
    ['another sample shape', [[[1, 2, 3]], [0]], /^SHAPE_MISMATCH batch 2: x: expected samples of shape \[2\]/],
    ['fewer targets', [[[1, 2]], []], /^SHAPE_MISMATCH batch 2: y: expected 1 targets/],
    ['another target shape', [[[1, 2]], [[0]]], /^SHAPE_MISMATCH batch 2: y: expected targets.*\[\].*got \[1\]/],
    ['weights all at once', [[[1, 2]], [0], [1]], /^SHAPE_MISMATCH batch 2: y: expected targets/],
    ['a class that is none', [[[1, 2]], [3]], /^LABEL_OUT_OF_RANGE batch 2: y\[0\]/],
    ['no sample', [[], []], /^(INVALID_VALUE|SHAPE_MISMATCH) batch 2: /],
    ['no targets', [[[1, 2]]], /^INVALID_VALUE batch 2: y/],
    ['too many parts', [[[1, 2]], [0], [1], [1]], /^INVALID_VALUE batch 2: batch: expected \[x, y\]/],
    ['unknown parts', { x: [[1, 2]], z: [0] }, /^INVALID_VALUE batch 2: batch: .*got "z"/],
    ['text', 'text', /^INVALID_DTYPE batch 2: x/],
    ['nothing', null, /^INVALID_DTYPE batch 2: x/],
  ])('in a batch, %s, comes out after the steps before', async (_, batch, message) => {
    const { seen, stream } = watched([...cut([16, 16]), batch as never, ...cut([16])]);
    const model = smallModel();
    expect(await refusal(() => model.fit(stream, silent))).toMatch(message);
    expect(model.optimizer.iterations).toBe(2);
    expect(seen.returned).toBe(1);
  });

  test('closes the stream, however it ends', async () => {
    const ends: [string, (model: Sequential, stream: Batches) => Promise<unknown>][] = [
      [
        'stopTraining',
        (model, stream) =>
          model.fit(stream, { ...silent, callbacks: [{ onBatchEnd: () => (model.stopTraining = true) }] }),
      ],
      ['maxSteps', (model, stream) => model.fit(stream, { ...silent, stopWhen: { maxSteps: 2 } })],
      ['stepsPerEpoch', (model, stream) => model.fit(stream, { ...silent, stepsPerEpoch: 2 })],
      [
        'a callback',
        (model, stream) =>
          refusal(() =>
            model.fit(stream, { ...silent, callbacks: [{ onBatchEnd: () => Promise.reject(new Error('no')) }] }),
          ),
      ],
      ['a batch that does not fit', (model, stream) => refusal(() => model.evaluate(stream))],
      ['predict', (model, stream) => refusal(() => model.predict(stream))],
    ];
    for (const [name, end] of ends) {
      const odd = [...cut([16, 16, 16]), [[[1, 2, 3]], [1]] as TrainingBatch];
      const { seen, stream } = watched(odd);
      await end(smallModel(), stream);
      expect(seen.returned, name).toBe(1);
    }
  });

  test('abort is answered at once while a batch is waited for', async () => {
    for (const first of [0, 3]) {
      let [asked, returned] = [0, 0];
      const stuck: AsyncIterable<TrainingBatch> = {
        [Symbol.asyncIterator]: () => {
          const batches = cut(sixteens).slice(0, first).values();
          return {
            next: async () => {
              asked++;
              const next = batches.next();
              return next.done ? await new Promise<never>(() => {}) : next;
            },
            return: async () => {
              returned++;
              return { done: true, value: undefined };
            },
          };
        },
      };
      for (const call of ['fit', 'evaluate', 'predict'] as const) {
        asked = 0;
        const model = smallModel();
        const controller = new AbortController();
        const reason = new Error('enough');
        const options = { ...silent, signal: controller.signal };
        const running = model[call](stuck, options).then(
          () => undefined,
          (error: unknown) => error,
        );
        while (asked <= first) await pause(1);
        while (call === 'fit' && model.optimizer.iterations < first) await pause(1);
        controller.abort(reason);
        // The stream never answers; how long a busy machine takes is not what is tested.
        const answer = await Promise.race([running, pause(5000)]);
        expect(answer).toBe(reason);
        expect(model.optimizer.iterations).toBe(call === 'fit' ? first : 0);
        await model.fit(x, y, silent);
      }
      expect(returned).toBe(3);
      returned = 0;
    }
  });

  test('options that a stream has no use for are refused', async () => {
    const set = Dataset.fromArrays(x, y).batch(16);
    const model = smallModel();
    const bad: [object, RegExp][] = [
      [{ batchSize: 3 }, /^INVALID_VALUE batchSize: expected none beside a stream.*Dataset\.batch/],
      [{ validationSplit: 0.1 }, /^INVALID_VALUE validationSplit/],
      [{ shuffle: true }, /^INVALID_VALUE shuffle.*Dataset\.shuffle/],
      [{ sampleWeight: y }, /^INVALID_VALUE sampleWeight/],
      [{ validationData: set, validationBatchSize: 3 }, /^INVALID_VALUE validationBatchSize/],
      [{ validationData: [].values() }, /^INVALID_VALUE validationData: .*at least one batch/],
      [{ stepsPerEpoch: 0 }, /^INVALID_VALUE stepsPerEpoch/],
    ];
    for (const [options, message] of bad)
      expect(await refusal(() => model.fit(set, { ...silent, ...options }))).toMatch(message);
    expect(await refusal(() => model.fit(set as never, y, silent))).toMatch(
      /^INVALID_VALUE fit: expected a stream and options/,
    );
    expect(await refusal(() => model.evaluate(set, { batchSize: 3 }))).toMatch(/^INVALID_VALUE batchSize/);
    expect(await refusal(() => model.predict(set, { batchSize: 3 }))).toMatch(/^INVALID_VALUE batchSize/);
    // Nothing of it built or changed the model.
    const unbuilt = new Sequential([new Dense({ units: 3, activation: 'softmax' })]);
    unbuilt.compile({ loss: 'sparseCategoricalCrossentropy' });
    await refusal(() => unbuilt.fit(set, { ...silent, validationData: [].values() }));
    expect(unbuilt.built).toBe(false);
    await refusal(() => unbuilt.fit(x, y, { ...silent, validationData: [].values() }));
    expect(unbuilt.built).toBe(false);
  });
});
