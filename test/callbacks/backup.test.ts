// Backups: a run that ends anywhere and is begun again is, bit for bit, the run that never ended; damaged backups are
// noticed, and the one before is used; what does not fit is refused.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Adam, callbacks, Dense, Dropout, datasets, ready, Sequential } from 'descend';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ROWS, refusal, sameBytes, smallModel, x, y } from '../models/small.js';

const engine = process.env.DESCEND_ENGINE as 'native' | 'wasm' | undefined;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'descend-backup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { BackupAndRestore, EarlyStopping, ReduceLROnPlateau, LearningRateScheduler, ModelCheckpoint, CSVLogger } =
  callbacks;

/** Everything that a run leaves. */
interface Result {
  hash: string;
  file: Uint8Array;
  history: object;
  log: string;
  best: Uint8Array;
}

/** A run with callbacks that remember things; `limit` ends it like a kill after so many steps, or never. */
async function run(backup: boolean, saveFreq: number | 'epoch', limit = Number.POSITIVE_INFINITY, seed?: number) {
  const model = smallModel(seed === undefined ? {} : { seed });
  const [log, best] = [join(folder, 'log.csv'), join(folder, 'best.safetensors')];
  let steps = 0;
  const killer = {
    onBatchEnd() {
      if (++steps > limit) throw new Error('killed');
    },
  };
  const {
    history,
    steps: made,
    epoch,
    stopReason,
  } = await model.fit(x, y, {
    verbose: 0,
    epochs: 8,
    batchSize: 16,
    validationSplit: 0.2,
    callbacks: [
      ...(backup ? [new BackupAndRestore({ backupDir: join(folder, 'backup'), saveFreq })] : []),
      new LearningRateScheduler({ schedule: (i, rate) => (i === 0 ? rate : rate * 0.9) }),
      new ReduceLROnPlateau({ monitor: 'val_loss', patience: 1, factor: 0.5, minDelta: 0.05 }),
      new EarlyStopping({ monitor: 'val_accuracy', patience: 3, restoreBestWeights: true }),
      new ModelCheckpoint({ filepath: best, saveBestOnly: true }),
      new CSVLogger({ filename: log }),
      killer,
    ],
  });
  return {
    hash: await model.hash(),
    file: await model.toBytes(),
    history: { history, made, epoch, stopReason },
    log: readFileSync(log, 'utf8'),
    best: new Uint8Array(readFileSync(best)),
  };
}

async function resumed(saveFreq: number | 'epoch', limits: readonly number[]): Promise<Result> {
  for (const limit of limits) {
    const result = await run(true, saveFreq, limit).catch((error: Error) => error);
    if (!(result instanceof Error)) return result;
    expect(result.message).toBe('killed');
  }
  return await run(true, saveFreq);
}

function expectSame(got: Result, expected: Result): void {
  expect(got.hash).toBe(expected.hash);
  expect(got.history).toEqual(expected.history);
  expect(got.log).toBe(expected.log);
  expect(sameBytes(got.file, expected.file)).toBe(true);
  expect(sameBytes(got.best, expected.best)).toBe(true);
}

describe('a run that was ended and begun again', () => {
  test.each<[number | 'epoch', number[]]>([
    ['epoch', [3, 7, 9]],
    [1, [1, 1, 1, 2, 3, 5, 8, 13]],
    [2, [2, 3, 4, 5, 6, 7]],
    [3, [7, 7, 7, 7]],
    [5, [5, 5, 5, 5]],
    [7, [8, 9, 11]],
    [100, [30]],
  ])('with backups every %s is the one that never ended', async (saveFreq, limits) => {
    const whole = await run(false, 'epoch');
    expectSame(await resumed(saveFreq, limits), whole);
    // The backups are gone when the run is over.
    expect(readdirSync(folder).sort()).toEqual(['best.safetensors', 'log.csv']);
  });

  test('after every single step', async () => {
    const whole = await run(false, 'epoch');
    expectSame(
      await resumed(
        1,
        Array.from({ length: 60 }, () => 1),
      ),
      whole,
    );
  });

  test('goes on with the seed it had, where a model draws its own', async () => {
    const result = run(true, 2, 11, 77);
    await expect(result).rejects.toThrow('killed');
    expectSame(await run(true, 2, undefined, 1234), await run(false, 2, undefined, 77));
  });

  test('with stepsPerEpoch, and rules to stop by', async () => {
    const make = () => {
      const layers = [new Dense({ units: 6, activation: 'tanh', inputShape: [2] }), new Dropout({ rate: 0.5 })];
      const model = new Sequential([...layers, new Dense({ units: 3, activation: 'softmax' })], { seed: 4 });
      model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
      return model;
    };
    const options = {
      verbose: 0,
      epochs: 40,
      batchSize: 10,
      stepsPerEpoch: 4,
      stopWhen: { minDelta: 0.03, patience: 4, maxSteps: 90 },
    } as const;
    const [whole, model] = [make(), make()];
    const expected = await whole.fit(x, y, options);
    const backup = () => new BackupAndRestore({ backupDir: folder, saveFreq: 3 });
    let count = 0;
    const killer = {
      onBatchEnd: () => {
        if (++count % 9 === 0) throw new Error('killed');
      },
    };
    for (;;) {
      const one = make();
      const result = await one.fit(x, y, { ...options, callbacks: [backup(), killer] }).catch(() => undefined);
      if (result === undefined) continue;
      expect(result).toEqual(expected);
      expect(await one.hash()).toBe(await whole.hash());
      break;
    }
    expect(count).toBeGreaterThan(20);
    model.dispose();
  });

  test('on a Dataset, shuffled through a buffer, in passes that epochs cut', async () => {
    const set = () => datasets.Dataset.fromArrays(x, y).shuffle({ buffer: 30, seed: 3 }).batch(9);
    const options = { verbose: 0, epochs: 7, stepsPerEpoch: 5 } as const;
    const whole = smallModel();
    const expected = await whole.fit(set(), options);
    let count = 0;
    const killer = {
      onBatchEnd: () => {
        if (++count % 8 === 0) throw new Error('killed');
      },
    };
    for (;;) {
      const model = smallModel();
      const backup = new BackupAndRestore({ backupDir: join(folder, 'stream'), saveFreq: 3 });
      const result = await model.fit(set(), { ...options, callbacks: [backup, killer] }).catch((error: Error) => error);
      if (result instanceof Error) {
        expect(result.message).toBe('killed');
        continue;
      }
      expect(result).toEqual(expected);
      expect(await model.hash()).toBe(await whole.hash());
      break;
    }
    expect(count).toBeGreaterThan(35);
  });

  test('on an engine in a worker', async () => {
    const whole = await run(false, 'epoch');
    try {
      await ready({ engine: 'wasm', worker: true });
      expectSame(await resumed(4, [9, 9]), whole);
    } finally {
      await ready({ ...(engine && { engine }), worker: false });
    }
  });

  test('may be made longer afterwards, where its backups are kept', async () => {
    const whole = smallModel();
    const expected = await whole.fit(x, y, { verbose: 0, epochs: 5 });
    const backup = () => new BackupAndRestore({ backupDir: folder, deleteCheckpoint: false, doubleCheckpoint: false });
    await smallModel().fit(x, y, { verbose: 0, epochs: 3, callbacks: [backup()] });
    expect(readdirSync(folder)).toHaveLength(1);
    const model = smallModel();
    expect(await model.fit(x, y, { verbose: 0, epochs: 5, callbacks: [backup()] })).toEqual(expected);
    expect(await model.hash()).toBe(await whole.hash());
    const done = await smallModel().fit(x, y, { verbose: 0, epochs: 5, callbacks: [backup()] });
    expect(done).toEqual(expected);
  });

  test('appends to a log each line once', async () => {
    const filename = join(folder, 'log.csv');
    writeFileSync(filename, 'before\r\n');
    for (const limit of [3, 9, 40]) {
      let steps = 0;
      const killer = {
        onBatchEnd() {
          if (++steps > limit) throw new Error('killed');
        },
      };
      const backup = new BackupAndRestore({ backupDir: join(folder, 'backup'), saveFreq: 3 });
      const logger = new CSVLogger({ filename, append: true });
      const options = { verbose: 0, epochs: 4, batchSize: 25, callbacks: [backup, logger, killer] } as const;
      await smallModel()
        .fit(x, y, options)
        .catch(() => undefined);
    }
    const lines = readFileSync(filename, 'utf8').split('\r\n');
    expect(lines.map((line) => line.split(',')[0])).toEqual(['before', '0', '1', '2', '3', '']);
  });

  test('ended by a signal goes on as well, also with the same model', async () => {
    const whole = smallModel();
    await whole.fit(x, y, { verbose: 0, epochs: 3, batchSize: 10 });
    const model = smallModel();
    const backup = new BackupAndRestore({ backupDir: folder, saveFreq: 4 });
    const controller = new AbortController();
    const stop = { onBatchEnd: (batch: number) => batch === 6 && controller.abort() };
    const options = { verbose: 0, epochs: 3, batchSize: 10 } as const;
    const ended = model.fit(x, y, { ...options, signal: controller.signal, callbacks: [backup, stop] });
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    await model.fit(x, y, { ...options, callbacks: [backup] });
    expect(await model.hash()).toBe(await whole.hash());
  });
});

describe('damage', () => {
  async function interrupted(saveFreq: number, limit: number): Promise<string[]> {
    await expect(run(true, saveFreq, limit)).rejects.toThrow('killed');
    return readdirSync(join(folder, 'backup')).map((name) => join(folder, 'backup', name));
  }

  test('to the newest backup is noticed, and the one before is used', async () => {
    const whole = await run(false, 'epoch');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    for (const damage of [
      (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2),
      (bytes: Uint8Array) => bytes.fill(0, bytes.length - 40, bytes.length - 36),
      () => new Uint8Array(0),
    ]) {
      warn.mockClear();
      const files = await interrupted(2, 13);
      expect(files).toHaveLength(2);
      for (const path of files) {
        const bytes = new Uint8Array(readFileSync(path));
        writeFileSync(path, damage(bytes.slice()));
        const other = await run(true, 2, 0).catch((error: Error) => error.message);
        expect(other).toBe('killed');
        expect(warn.mock.calls.at(-1)?.[0]).toMatch(/^BackupAndRestore: going on from the backup before, for reading/);
        writeFileSync(path, bytes);
      }
      writeFileSync(files[0] as string, damage(new Uint8Array(readFileSync(files[0] as string))));
      expectSame(await run(true, 2), whole);
    }
    warn.mockRestore();
  });

  test('of any byte of a file is noticed', async () => {
    const files = await interrupted(5, 7);
    expect(files).toHaveLength(1);
    const [path] = files as [string];
    const bytes = new Uint8Array(readFileSync(path));
    const { decodeBackup } = await import('../../dist/models/backup.js');
    expect(decodeBackup(bytes, 'backup').generation).toBe(1);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i] = (damaged[i] as number) ^ (1 << (i % 8));
      expect(() => decodeBackup(damaged, 'backup'), `byte ${i}`).toThrow(/^reading backup: expected/);
    }
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => decodeBackup(bytes.subarray(0, length), 'backup')).toThrow(/^reading backup: expected/);
    }
  });

  test('to the only backup is told, and nothing is begun', async () => {
    const [path] = (await interrupted(5, 7)) as [string];
    writeFileSync(path, new Uint8Array(100));
    expect(await refusal(() => run(true, 5))).toMatch(/^FILE_FORMAT reading .*backup-[01]\.safetensors/);
  });
});

describe('what does not fit', () => {
  test('is refused before anything changes', async () => {
    const backup = () => new BackupAndRestore({ backupDir: folder, saveFreq: 2 });
    const stop = { onBatchEnd: (batch: number) => Promise.reject(new Error(`killed ${batch}`)) };
    const callbacks = [backup(), { onBatchEnd: (batch: number) => batch === 2 && stop.onBatchEnd(batch) }];
    await expect(smallModel().fit(x, y, { verbose: 0, callbacks })).rejects.toThrow('killed');
    const other = new Sequential([new Dense({ units: 3, activation: 'softmax', inputShape: [2] })]);
    other.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
    const head = { data: x.data.subarray(0, 2 * 90), shape: [90, 2] };
    for (const [call, message] of [
      [
        (model: Sequential) => model.fit(x, y, { batchSize: 16, verbose: 0, callbacks: [backup()] }),
        /batchSize 32.*16/,
      ],
      [
        (model: Sequential) => model.fit(head, y.subarray(0, 90), { verbose: 0, callbacks: [backup()] }),
        /samples 100.*90/,
      ],
      [
        (model: Sequential) => model.fit(x, y, { shuffle: false, verbose: 0, callbacks: [backup()] }),
        /shuffle true.*false/,
      ],
    ] as const) {
      const model = smallModel();
      const before = await model.hash();
      expect(await refusal(() => call(model))).toMatch(message);
      expect(await refusal(() => call(model))).toMatch(/^INVALID_VALUE resuming from .*remove the backup/);
      expect(await model.hash()).toBe(before);
    }
    expect(await refusal(() => other.fit(x, y, { verbose: 0, callbacks: [backup()] }))).toMatch(/^FILE_FORMAT tensor/);
    expect(ROWS).toBe(100);
  });

  test.each<[string, object, RegExp]>([
    ['no folder', {}, /^INVALID_VALUE BackupAndRestore: backupDir/],
    ['no batches', { backupDir: 'x', saveFreq: 0 }, /^INVALID_VALUE BackupAndRestore: saveFreq/],
    ['half a batch', { backupDir: 'x', saveFreq: 1.5 }, /^INVALID_VALUE BackupAndRestore: saveFreq/],
    ['another word', { backupDir: 'x', saveFreq: 'batch' }, /^INVALID_VALUE BackupAndRestore: saveFreq/],
    ['another option', { backupDir: 'x', saveFrequency: 1 }, /^UNKNOWN_OPTION/],
  ])('options: %s', async (_, options, message) => {
    expect(await refusal(() => new BackupAndRestore(options as never))).toMatch(message);
  });
});
