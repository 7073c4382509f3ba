// Event files for TensorBoard: read back by a strict reader of our own, and by TensorBoard where it is installed.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Adam, Add, callbacks, Dense, Input, Model, Sequential } from 'descend';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, smallModel, x, y } from '../models/small.js';
import { crc32cByBits, type Event, eventsIn, type Node } from './event-reader.js';

const { BackupAndRestore, TensorBoard } = callbacks;
const silent = { verbose: 0 } as const;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'descend-board-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function eventsOf(part: string, logDir = folder): Event[] {
  const names = readdirSync(join(logDir, part)).sort();
  expect(names.every((name) => /^events\.out\.tfevents\.\d{10}\.[\w.]+$/.test(name))).toBe(true);
  return names.flatMap((name) => eventsIn(new Uint8Array(readFileSync(join(logDir, part, name)))));
}

/** [step, value] of a tag, in order. */
const series = (events: readonly Event[], tag: string) =>
  events.filter(({ scalars }) => tag in scalars).map(({ step, scalars }) => [step, scalars[tag]]);
const steps = (values: readonly number[], from = 0) => values.map((value, i) => [i + from, Math.fround(value)]);

test('the checksum is CRC-32C', () => {
  // RFC 3720, B.4.
  const cases: [Uint8Array, number][] = [
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(255), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [new TextEncoder().encode('123456789'), 0xe3069283],
    [new Uint8Array(0), 0],
  ];
  for (const [bytes, crc] of cases) expect(crc32cByBits(bytes)).toBe(crc);
});

describe('TensorBoard', () => {
  test("writes the history with Keras's tags, that of the validation beside that of training", async () => {
    const model = smallModel();
    const options = { ...silent, epochs: 4, batchSize: 16, validationSplit: 0.2 };
    const { history } = await model.fit(x, y, { ...options, callbacks: [new TensorBoard({ logDir: folder })] });
    const [train, validation] = [eventsOf('train'), eventsOf('validation')];
    for (const events of [train, validation]) {
      expect(events[0]).toMatchObject({ step: 0, version: 'brain.Event:2' });
      for (const { time } of events) expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(600);
    }
    expect(series(train, 'epoch_loss')).toEqual(steps(history.loss as number[]));
    expect(series(train, 'epoch_accuracy')).toEqual(steps(history.accuracy as number[]));
    expect(series(train, 'epoch_learning_rate')).toEqual(steps([0.05, 0.05, 0.05, 0.05]));
    expect(series(validation, 'epoch_loss')).toEqual(steps(history.val_loss as number[]));
    // Five steps an epoch.
    const byIteration = (history.val_loss as number[]).map((loss, i) => [5 * (i + 1), Math.fround(loss)]);
    expect(series(validation, 'evaluation_loss_vs_iterations')).toEqual(byIteration);
    const tags = new Set([...train, ...validation].flatMap(({ scalars }) => Object.keys(scalars)));
    expect([...tags].sort()).toEqual([
      'epoch_accuracy',
      'epoch_learning_rate',
      'epoch_loss',
      'evaluation_accuracy_vs_iterations',
      'evaluation_loss_vs_iterations',
    ]);
    expect(train.every(({ histograms }) => Object.keys(histograms).length === 0)).toBe(true);
  });

  test.each([
    ['batch', 1],
    [2, 2],
    [5, 5],
  ] as const)('with updateFreq %s writes what callbacks are told after batches', async (updateFreq, every) => {
    const model = smallModel();
    const losses: number[] = [];
    const note = { onBatchEnd: (_: number, { loss }: callbacks.Logs) => void losses.push(loss as number) };
    const board = new TensorBoard({ logDir: folder, updateFreq, writeStepsPerSecond: true });
    await model.fit(x, y, { ...silent, epochs: 3, batchSize: 32, callbacks: [note, board] });
    const expected = steps(losses, 1).filter(([step]) => (step as number) % every === 0);
    const events = eventsOf('train');
    expect(losses).toHaveLength(12);
    expect(series(events, 'batch_loss')).toEqual(expected);
    const speeds = [...series(events, 'batch_steps_per_second'), ...series(events, 'epoch_steps_per_second')];
    expect(speeds).toHaveLength(expected.length + 3);
    for (const [, speed] of speeds) expect(speed).toBeGreaterThan(0);
  });

  test('histograms are of all weights, and count every finite value once', async () => {
    const model = smallModel();
    const weights: Awaited<ReturnType<Sequential['getWeights']>>[] = [];
    const spoil = {
      async onEpochEnd(epoch: number) {
        const values = await model.getWeights();
        if (epoch === 2) values[0]?.data.set([Number.NaN, Number.POSITIVE_INFINITY]);
        if (epoch === 2) await model.setWeights(values);
        weights.push(values);
      },
    };
    const board = new TensorBoard({ logDir: folder, histogramFreq: 2 });
    await model.fit(x, y, { ...silent, epochs: 3, callbacks: [spoil, board] });
    const found = eventsOf('train').filter(({ histograms }) => Object.keys(histograms).length > 0);
    expect(found.map(({ step }) => step)).toEqual([0, 2]);
    for (const { step, histograms } of found) {
      expect(Object.keys(histograms)).toEqual(weights[step]?.map(({ name }) => `${name}/histogram`));
      for (const { name, data } of weights[step] ?? []) {
        const finite = [...data].filter(Number.isFinite);
        const histogram = histograms[`${name}/histogram`] as Event['histograms'][string];
        const { min, max, num, sum, sumSquares, limits, counts } = histogram;
        expect([min, max, num]).toEqual([Math.min(...finite), Math.max(...finite), finite.length]);
        expect(sum).toBeCloseTo(
          finite.reduce((a, b) => a + b, 0),
          9,
        );
        expect(sumSquares).toBeCloseTo(
          finite.reduce((a, b) => a + b * b, 0),
          9,
        );
        expect(limits).toHaveLength(counts.length);
        expect(limits.at(-1)).toBe(max);
        // In a bucket are the values below its limit that are in none before; the last has the largest as well.
        const below = limits.map((limit, i) =>
          i === limits.length - 1 ? finite.length : finite.filter((value) => value < limit - 1e-9).length,
        );
        let total = 0;
        for (const [i, count] of counts.entries()) {
          total += count;
          expect(Math.abs(total - (below[i] as number))).toBeLessThanOrEqual(1);
        }
        expect(total).toBe(finite.length);
      }
    }
  });

  test('weights that are all the same make one bucket', async () => {
    const model = new Sequential([new Dense({ units: 2, inputShape: [2], kernelInitializer: 'zeros' })]);
    model.compile({ loss: 'meanSquaredError', optimizer: new Adam({ learningRate: 0 }) });
    const board = new TensorBoard({ logDir: folder, histogramFreq: 1 });
    const zeros = { data: new Float32Array(200), shape: [100, 2] };
    await model.fit(zeros, zeros, { ...silent, callbacks: [board] });
    const histogram = eventsOf('train').at(-1)?.histograms['dense/kernel/histogram'];
    expect(histogram).toEqual({ min: 0, max: 0, num: 4, sum: 0, sumSquares: 0, limits: [0], counts: [4] });
  });

  test('the graph has a node for each use of a layer, models inside of it a name before theirs', async () => {
    const inner = new Sequential([new Dense({ units: 4, name: 'a' }), new Dense({ units: 3, name: 'b' })], {
      name: 'inner',
    });
    const shared = new Dense({ units: 3, name: 'shared' });
    const [left, right] = [Input({ shape: [2], name: 'left' }), Input({ shape: [2], name: 'right' })];
    const sum = new Add({ name: 'sum' }).apply([shared.apply(left), shared.apply(right), inner.apply(left)]);
    const model = new Model({ inputs: [left, right], outputs: sum });
    model.compile({ loss: 'meanSquaredError' });
    const target = { data: new Float32Array(300), shape: [100, 3] };
    await model.fit([x, x], target, { ...silent, callbacks: [new TensorBoard({ logDir: folder })] });
    const nodes = eventsOf('train').find(({ graph }) => graph)?.graph as Node[];
    const byName = new Map(nodes.map((node) => [node.name, node]));
    expect(byName.size).toBe(nodes.length);
    expect(byName.get('left')).toEqual({ name: 'left', op: 'InputLayer', inputs: [], shapes: [[-1, 2]] });
    expect(byName.get('shared')).toMatchObject({ op: 'Dense', inputs: ['left'], shapes: [[-1, 3]] });
    expect(byName.get('shared_use_1')).toMatchObject({ inputs: ['right'] });
    expect(byName.get('inner/a')).toMatchObject({ inputs: ['left'], shapes: [[-1, 4]] });
    expect(byName.get('inner/b')).toMatchObject({ inputs: ['inner/a'] });
    expect(byName.get('sum')).toMatchObject({ op: 'Add', inputs: ['shared', 'shared_use_1', 'inner/b'] });
    expect(nodes).toHaveLength(7);
  });

  test('a run that was killed and taken up again leaves what one does that never ended', async () => {
    const run = async (logDir: string, backupDir: string | undefined, limit: number) => {
      let left = limit;
      const killer = {
        onBatchEnd() {
          if (left-- === 0) throw new Error('killed');
        },
      };
      const keep = backupDir === undefined ? [] : [new BackupAndRestore({ backupDir, saveFreq: 2 })];
      const board = new TensorBoard({ logDir, updateFreq: 'batch' });
      const options = { ...silent, epochs: 4, batchSize: 16, validationSplit: 0.2 };
      await smallModel().fit(x, y, { ...options, callbacks: [...keep, board, killer] });
    };
    const [whole, parted, backup] = ['whole', 'parted', 'backup'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await run(whole, undefined, Number.POSITIVE_INFINITY);
    for (const limit of [3, 8, 2]) expect(await refusal(() => run(parted, backup, limit))).toMatch('killed');
    await run(parted, backup, Number.POSITIVE_INFINITY);
    for (const part of ['train', 'validation']) {
      const values = (logDir: string) => eventsOf(part, logDir).map(({ time: _, ...others }) => others);
      expect(values(parted)).toEqual(values(whole));
      expect(readdirSync(join(parted, part))).toHaveLength(1);
    }
  });

  test('another fit begins files of its own', async () => {
    const model = smallModel();
    const board = new TensorBoard({ logDir: folder, writeGraph: false });
    for (const initialEpoch of [0, 2]) {
      await model.fit(x, y, { ...silent, initialEpoch, epochs: initialEpoch + 2, callbacks: [board] });
    }
    expect(readdirSync(join(folder, 'train'))).toHaveLength(2);
    const events = eventsOf('train');
    expect(series(events, 'epoch_loss').map(([step]) => step)).toEqual([0, 1, 2, 3]);
    expect(events.some(({ graph }) => graph)).toBe(false);
  });

  test('refuses options that mean nothing, and ends fit where it cannot write', async () => {
    expect(await refusal(() => new TensorBoard({ logDir: '' }))).toMatch(/^INVALID_VALUE TensorBoard: logDir: /);
    expect(await refusal(() => new TensorBoard({ updateFreq: 0 }))).toMatch(/^INVALID_VALUE TensorBoard.*updateFreq/);
    expect(await refusal(() => new TensorBoard({ histogramFreq: -1 }))).toMatch(/^INVALID_VALUE .*histogramFreq/);
    expect(await refusal(() => new TensorBoard({ logDirs: folder } as object))).toMatch(/^UNKNOWN_OPTION .*logDir/);
    writeFileSync(join(folder, 'file'), '');
    const board = new TensorBoard({ logDir: join(folder, 'file') });
    const work = () => smallModel().fit(x, y, { ...silent, callbacks: [board] });
    expect(await refusal(work)).toMatch(/^FILE_IO making folder /);
  });
});

const PYTHON = process.env.DESCEND_TENSORBOARD_PYTHON ?? 'python3';
const READ = `
import json, sys
from tensorboard.backend.event_processing import event_accumulator, plugin_event_multiplexer
out = {}
for part in ('train', 'validation'):
    a = event_accumulator.EventAccumulator(sys.argv[1] + '/' + part, size_guidance={'scalars': 0, 'histograms': 0})
    a.Reload()
    tags = a.Tags()
    out[part] = {
        'scalars': {t: [[e.step, e.value] for e in a.Scalars(t)] for t in tags['scalars']},
        'histograms': {t: [[e.step, e.histogram_value.num, sum(e.histogram_value.bucket)] for e in a.Histograms(t)]
                       for t in tags['histograms']},
        'nodes': [n.name for n in a.Graph().node] if tags['graph'] else [],
    }
m = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(sys.argv[1])
m.Reload()
out['plugins'] = {run: sorted({m.SummaryMetadata(run, t).plugin_data.plugin_name
                               for t in m.Runs()[run]['tensors']}) for run in m.Runs()}
print(json.dumps(out))
`;

function hasTensorBoard(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import tensorboard'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`no tensorboard for ${PYTHON}: not read back by it (name one by DESCEND_TENSORBOARD_PYTHON)`);
    return false;
  }
}

// Which engine wrote them makes no difference, and Python takes seconds.
describe.skipIf(process.env.DESCEND_ENGINE === 'wasm' || !hasTensorBoard())('TensorBoard itself', () => {
  test('reads the same from the files', async () => {
    const board = new TensorBoard({ logDir: folder, histogramFreq: 1, updateFreq: 2, writeStepsPerSecond: true });
    const options = { ...silent, epochs: 3, batchSize: 16, validationSplit: 0.2 };
    const { history } = await smallModel().fit(x, y, { ...options, callbacks: [board] });
    expect(existsSync(join(folder, 'train'))).toBe(true);
    const read = JSON.parse(execFileSync(PYTHON, ['-c', READ, folder], { encoding: 'utf8', stdio: 'pipe' }));
    expect(read.train.scalars.epoch_loss).toEqual(steps(history.loss as number[]));
    expect(read.validation.scalars.epoch_loss).toEqual(steps(history.val_loss as number[]));
    expect(read.train.scalars.batch_accuracy.map(([step]: [number]) => step)).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(read.train.histograms['dense/kernel/histogram']).toEqual([0, 1, 2].map((step) => [step, 16, 16]));
    expect(read.train.nodes).toEqual(['input', 'dense', 'dropout', 'dense_1']);
    expect(read.plugins).toEqual({ train: ['graphs', 'histograms', 'scalars'], validation: ['scalars'] });
  });
});
