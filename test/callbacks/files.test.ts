// Callbacks that write files: which files there are, what is in them, and what happens where they cannot be written.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callbacks, loadModel, loadWeights } from 'descend';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, sameBytes, smallModel, x, y } from '../models/small.js';

const { BackupAndRestore, CSVLogger, ModelCheckpoint } = callbacks;
const silent = { verbose: 0 } as const;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'descend-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('ModelCheckpoint', () => {
  test('saves after every epoch; the path may name the epoch and the logs as in Python', async () => {
    const model = smallModel();
    const bytes: Uint8Array[] = [];
    const losses: number[] = [];
    const note = {
      onEpochEnd: async (_: number, { loss }: callbacks.Logs) => {
        bytes.push(await model.toBytes());
        losses.push(loss as number);
      },
    };
    const filepath = join(folder, 'a/b/{epoch:02d}-{loss:.3f}.safetensors');
    await model.fit(x, y, { ...silent, epochs: 3, callbacks: [new ModelCheckpoint({ filepath }), note] });
    const names = readdirSync(join(folder, 'a/b')).sort();
    expect(names).toEqual(losses.map((loss, i) => `0${i + 1}-${loss.toFixed(3)}.safetensors`));
    for (const [i, name] of names.entries()) {
      const path = join(folder, 'a/b', name);
      expect(sameBytes(new Uint8Array(readFileSync(path)), bytes[i] as Uint8Array)).toBe(true);
      await loadModel(path);
    }
  });

  test('fills in what Python would', async () => {
    const { fillPath } = await import('../../dist/callbacks/path-template.js');
    const values = { epoch: 7, val_loss: 1.23456, batch: 12, acc: 0.125, loss: 3.5 };
    const template = '{epoch:02d}-{val_loss:.2f}-{batch}-{loss:8.3f}|{epoch:d}|{acc}';
    expect(fillPath(template, values)).toBe('07-1.23-12-   3.500|7|0.125');
    for (const wrong of ['{lost}', '{epoch!r}', '{epoch:x}', '{constructor}', '{}', '{__proto__}']) {
      expect(() => fillPath(wrong, values), wrong).toThrow(/^path .*: expected places among \{epoch\}, /);
    }
  });

  test('saves only what is better, and only the weights', async () => {
    const model = smallModel();
    const filepath = join(folder, 'best.safetensors');
    const script = [3, 2, 2.5, 1, Number.NaN, 4];
    const hashes: string[] = [];
    const found: string[] = [];
    await model.fit(x, y, {
      ...silent,
      epochs: 6,
      validationSplit: 0.1,
      callbacks: [
        {
          onEpochEnd: async (epoch, logs) => {
            logs.val_loss = script[epoch] as number;
            hashes.push(await model.hash());
          },
        },
        new ModelCheckpoint({ filepath, saveBestOnly: true, saveWeightsOnly: true }),
        {
          onEpochEnd: async () => {
            const other = smallModel({ seed: 99 });
            await loadWeights(other, filepath);
            found.push(await other.hash());
          },
        },
      ],
    });
    expect(found).toEqual([0, 1, 1, 3, 3, 3].map((epoch) => hashes[epoch]));
  });

  test('an epoch that was not measured is not the best', async () => {
    const filepath = join(folder, '{epoch}.safetensors');
    const checkpoint = new ModelCheckpoint({ filepath, saveBestOnly: true, initialValueThreshold: 1e9 });
    const options = { ...silent, epochs: 5, validationSplit: 0.2, validationFreq: [2] };
    await smallModel().fit(x, y, { ...options, callbacks: [checkpoint] });
    expect(readdirSync(folder)).toEqual(['2.safetensors']);
  });

  test('initialValueThreshold is to be beaten first; mode says which way', async () => {
    const filepath = join(folder, 'm-{epoch}.safetensors');
    const scores = [1, 5, 4, 6];
    const score = {
      onEpochEnd(epoch: number, logs: callbacks.Logs) {
        logs.score = scores[epoch] as number;
      },
    };
    const options = { filepath, monitor: 'score', saveBestOnly: true, initialValueThreshold: 2 };
    const max = new ModelCheckpoint({ ...options, mode: 'max' });
    await smallModel().fit(x, y, { ...silent, epochs: 4, callbacks: [score, max] });
    expect(readdirSync(folder).sort()).toEqual(['m-2.safetensors', 'm-4.safetensors']);
  });

  test('saveFreq counts batches over epochs', async () => {
    const filepath = join(folder, '{epoch}.{batch}.safetensors');
    const model = smallModel();
    const checkpoint = new ModelCheckpoint({ filepath, saveFreq: 3, saveWeightsOnly: true });
    // 100 rows in batches of 25: 4 batches each.
    await model.fit(x, y, { ...silent, epochs: 3, batchSize: 25, callbacks: [checkpoint] });
    expect(readdirSync(folder).sort()).toEqual(['1.3', '2.2', '3.1', '3.4'].map((name) => `${name}.safetensors`));
    await loadWeights(smallModel(), join(folder, '3.4.safetensors'));
  });

  test.each<[string, object, RegExp]>([
    ['no path', {}, /^INVALID_VALUE ModelCheckpoint: filepath/],
    ['another frequency', { filepath: 'x', saveFreq: -1 }, /^INVALID_VALUE ModelCheckpoint: saveFreq/],
    ['an unknown direction', { filepath: 'x', monitor: 'score', saveBestOnly: true }, /^INVALID_VALUE .*mode/],
  ])('refuses %s', async (_, options, message) => {
    expect(await refusal(() => new ModelCheckpoint(options as never))).toMatch(message);
  });

  test('without validation, what monitors it is refused before the first step', async () => {
    const model = smallModel();
    for (const callback of [
      new ModelCheckpoint({ filepath: join(folder, 'x'), saveBestOnly: true }),
      new callbacks.EarlyStopping(),
      new callbacks.ReduceLROnPlateau(),
    ]) {
      const text = await refusal(() => model.fit(x, y, { ...silent, callbacks: [callback] }));
      expect(text).toMatch(/^INVALID_VALUE .*validation.*validationData or validationSplit/);
    }
    expect(model.optimizer.iterations).toBe(0);
  });
});

describe('weights in files', () => {
  test('come back by name, also out of a whole model', async () => {
    const model = smallModel();
    await model.fit(x, y, silent);
    const [weights, whole] = [join(folder, 'weights'), join(folder, 'whole')];
    await model.saveWeights(weights);
    await model.save(whole);
    for (const source of [weights, whole, new Uint8Array(readFileSync(weights))]) {
      const other = smallModel({ seed: 8 });
      await loadWeights(other, source);
      expect(await other.hash()).toBe(await model.hash());
    }
  });

  test('of another model are refused, and change nothing', async () => {
    const { Dense, Sequential } = await import('descend');
    const other = new Sequential([new Dense({ units: 8, inputShape: [3] })]);
    const path = join(folder, 'other');
    await other.saveWeights(path);
    const model = smallModel();
    const before = await model.hash();
    expect(await refusal(() => loadWeights(model, path))).toMatch(/^FILE_FORMAT tensor "dense\/kernel"/);
    const bytes = new Uint8Array(readFileSync(path));
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    expect(await refusal(() => loadWeights(other, bytes))).toMatch(/^FILE_FORMAT .*checksum/);
    expect(await refusal(() => loadWeights(model, join(folder, 'none')))).toMatch(/^FILE_IO/);
    expect(await model.hash()).toBe(before);
  });
});

describe('CSVLogger', () => {
  /** The file after epochs with these logs. */
  async function logged(options: object, first: number, logs: readonly callbacks.Logs[]): Promise<string> {
    const filename = join(folder, 'log.csv');
    const logger = new CSVLogger({ filename, ...options });
    await logger.onTrainBegin();
    for (const [i, entry] of logs.entries()) await logger.onEpochEnd(first + i, entry);
    return readFileSync(filename, 'utf8');
  }

  // What Keras 3.15.1 writes for the same logs.
  test('writes what Keras does', async () => {
    const logs = [
      { loss: 0.5, accuracy: 0.25, val_loss: 1.5 },
      { loss: 0.125, accuracy: 0.75 },
    ] as callbacks.Logs[];
    expect(await logged({}, 0, logs)).toBe('epoch,accuracy,loss,val_loss\r\n0,0.25,0.5,1.5\r\n1,0.75,0.125,NA\r\n');
    const names = (loss: number, other: number) => ({ loss, 'b;"c': other });
    await logged({ separator: ';' }, 3, [names(0.5, 2.5)]);
    const both = await logged({ separator: ';', append: true }, 4, [names(0.25, 3.5)]);
    expect(both).toBe('epoch;"b;""c";loss;"val_b;""c";val_loss\r\n3;2.5;0.5;NA;NA\r\n4;3.5;0.25;NA;NA\r\n');
  });

  test('is read by readCsv', async () => {
    const { datasets } = await import('descend');
    const filename = join(folder, 'log.csv');
    const callback = new CSVLogger({ filename });
    const { history } = await smallModel().fit(x, y, {
      ...silent,
      epochs: 3,
      validationSplit: 0.2,
      callbacks: [callback],
    });
    const { x: rows, columns } = await datasets.readCsv(filename);
    expect(columns).toEqual(['epoch', 'accuracy', 'loss', 'val_accuracy', 'val_loss']);
    const loss = Array.from({ length: 3 }, (_, i) => rows.data[5 * i + 2]);
    expect(loss).toEqual((history.loss as number[]).map(Math.fround));
  });

  test('says where it cannot write', async () => {
    const callback = new CSVLogger({ filename: join(folder, 'none/log.csv') });
    expect(await refusal(() => smallModel().fit(x, y, { ...silent, callbacks: [callback] }))).toMatch(
      /^FILE_IO writing/,
    );
  });
});

describe('a disk without room', () => {
  const PROGRAM = fileURLToPath(new URL('killed-run.mjs', import.meta.url));
  const disk = () => join(folder, 'disk');
  // Needs the right to mount; without it the limit on sizes of files below stands alone.
  const mounted = (): boolean => {
    mkdirSync(disk());
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk()]).status === 0;
  };

  test('ends fit with FILE_IO; what was saved before stays, and the run goes on when there is room', async (context) => {
    if (!mounted()) return context.skip('mounting a small disk is not allowed here');
    try {
      const whole = smallModel();
      await whole.fit(x, y, { ...silent, epochs: 6 });
      const [backupDir, filepath, ballast] = ['backup', 'model', 'ballast'].map((name) => join(disk(), name)) as [
        string,
        string,
        string,
      ];
      const model = smallModel();
      const fill = {
        onEpochEnd: (epoch: number) => epoch === 2 && fillUp(ballast),
      };
      const running = model.fit(x, y, {
        ...silent,
        epochs: 6,
        callbacks: [new BackupAndRestore({ backupDir }), fill, new ModelCheckpoint({ filepath })],
      });
      expect(await refusal(() => running)).toMatch(/^FILE_IO writing .*ENOSPC.*the old file is unchanged/);
      expect((await loadModel(filepath)).optimizer.iterations).toBe(8);
      expect(model.optimizer.iterations).toBe(12);
      expect(readdirSync(disk()).sort()).toEqual(['backup', 'ballast', 'model']);
      // The same with no room for a backup.
      const again = smallModel();
      const backup = () => new BackupAndRestore({ backupDir });
      const text = await refusal(() => again.fit(x, y, { ...silent, epochs: 6, callbacks: [backup()] }));
      expect(text).toMatch(/^FILE_IO writing .*ENOSPC/);
      expect(readdirSync(backupDir)).toHaveLength(2);
      rmSync(ballast);
      const last = smallModel();
      await last.fit(x, y, { ...silent, epochs: 6, callbacks: [backup()] });
      expect(await last.hash()).toBe(await whole.hash());
    } finally {
      spawnSync('umount', [disk()]);
    }
  });

  /** Takes all the room that is left. */
  function fillUp(path: string): void {
    for (let size = 64; size >= 1; size /= 2) {
      for (;;) {
        try {
          writeFileSync(path, new Uint8Array(size * 1024), { flag: 'a' });
        } catch {
          break;
        }
      }
    }
  }

  test.skipIf(process.platform === 'win32')('the same where files may not be large enough', () => {
    const backups = join(folder, 'backups');
    const run = (before: string) =>
      spawnSync('sh', ['-c', `${before} exec "$0" "$@"`, process.execPath, PROGRAM, backups, '5'], {
        encoding: 'utf8',
      });
    // Ends after its first backups, as if killed.
    const killed = spawnSync('sh', [
      '-c',
      `"$0" "$@" & while ! [ -e "${backups}/backup-0.safetensors" ]; do sleep 0.01; done; kill -9 $!`,
      process.execPath,
      PROGRAM,
      backups,
      '5',
    ]);
    expect(killed.error).toBeUndefined();
    const before = readdirSync(backups).filter((name) => !name.endsWith('.tmp'));
    const limited = run('ulimit -f 32;');
    expect(limited.status).not.toBe(0);
    expect(limited.stderr).toMatch(/FILE_IO|EFBIG/);
    expect(readdirSync(backups).sort()).toEqual(before.sort());
    expect(existsSync(join(backups, 'backup-0.safetensors'))).toBe(true);
    const finished = run('');
    const whole = spawnSync(process.execPath, [PROGRAM, '-', '5'], { encoding: 'utf8' });
    expect(finished.stdout).toBe(whole.stdout);
  });
});
