// What the types of models promise, compiled by `npm run ready`: a line marked @ts-expect-error that compiles is an error.

import {
  Adam,
  callbacks,
  Dense,
  datasets,
  type History,
  losses,
  type Prediction,
  ready,
  Sequential,
  type StopReason,
  schedules,
} from 'descend';
import type { Equal, Expect } from './equal.ts';

const model = new Sequential([new Dense({ units: 2, activation: 'relu', inputShape: [3] })], { seed: 1 });
const x = { data: new Float32Array(6), shape: [2, 3] };
const y = Uint8Array.of(0, 1);

// Data in every form that is documented.
await model.fit(x, y);
await model.fit([[1, 2, 3]], [0], { epochs: 2, batchSize: 8, verbose: 0, validationSplit: 0.1, shuffle: false });
await model.fit(x, y, { validationData: [x, y], stopWhen: { lossBelow: 0.1, maxSteps: 10 } });
await model.fit(x, y, { callbacks: [{ onEpochEnd: (epoch, logs) => console.log(epoch + logs.loss!) }] });

await model.fit(x, y, { stepsPerEpoch: 1, validationData: [x, y], validationFreq: [1, 2], validationSteps: 1 });
const monitored = new callbacks.EarlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true });
await model.fit(x, y, {
  callbacks: [monitored, new callbacks.BackupAndRestore({ backupDir: 'backup', saveFreq: 100 })],
});
class Own extends callbacks.Callback {
  onEpochEnd(epoch: number, logs: callbacks.Logs): void {
    if ((logs.loss ?? 0) > epoch) this.model.stopTraining = true;
  }
}
await model.fit(x, y, { callbacks: [new Own()] });
// @ts-expect-error a way that a number cannot go
new callbacks.ModelCheckpoint({ filepath: 'x', mode: 'most' });
// @ts-expect-error another moment to save at
new callbacks.ModelCheckpoint({ filepath: 'x', saveFreq: 'batch' });
// @ts-expect-error a folder is missing
new callbacks.BackupAndRestore({});

// @ts-expect-error an unknown option
await model.fit(x, y, { batch_size: 8 });
// @ts-expect-error an option of the wrong kind
await model.fit(x, y, { epochs: '3' });
// @ts-expect-error an unknown rule to stop
await model.fit(x, y, { stopWhen: { lossUnder: 1 } });
// @ts-expect-error text is no data
await model.fit('x', y);
// @ts-expect-error targets are missing
await model.fit(x);

// Streams of batches, with the targets inside.
const { Dataset } = datasets;
const rows = Dataset.fromArrays(x, y);
await model.fit(rows.batch(8), { epochs: 2, validationData: rows.batch(8), stepsPerEpoch: 3 });
await model.fit(rows.map(([a, b]) => ({ x: a, y: b })).batch(8));
await model.evaluate(Dataset.fromArrays(x, y, y).batch(8), { verbose: 0 });
await model.predict(Dataset.fromArrays(x).batch(8));
async function* batches() {
  yield [[[1, 2, 3]], [0]] as const;
}
await model.fit(batches(), { verbose: 0 });
// @ts-expect-error rows are no batches of samples and targets
await model.fit(Dataset.fromArrays(x).batch(8));
// @ts-expect-error targets are inside of the batches
await model.fit(rows.batch(8), y, { epochs: 2 });
const labelled = await Dataset.fromCsv('a,b\n1,2\n', { label: 'b', columns: { a: 'category' } });
const unlabelled = await Dataset.fromCsv('a,b\n1,2\n');
export type Elements = [
  Expect<Equal<typeof rows, datasets.Dataset<[x: datasets.ArrayData, y: datasets.ArrayData]>>>,
  Expect<Equal<typeof labelled, datasets.CsvDataset<[x: datasets.ArrayData, y: datasets.ArrayData]>>>,
  Expect<Equal<typeof unlabelled, datasets.CsvDataset<datasets.ArrayData>>>,
];

const run = await model.fit(x, y);
export type Histories = [
  Expect<Equal<typeof run, History>>,
  Expect<Equal<typeof run.history, Record<string, number[]>>>,
  Expect<Equal<typeof run.stopReason, StopReason>>,
  Expect<Equal<typeof run.steps, number>>,
];
const measured = await model.evaluate(x, y);
// A metric is there only when it was asked for.
export type Measured = Expect<Equal<typeof measured.accuracy, number | undefined>>;
const predicted = await model.predict(x);
export type Predicted = [Expect<Equal<typeof predicted, Prediction>>, Expect<Equal<typeof predicted.shape, number[]>>];

model.compile({ loss: 'mse' });
model.compile({ optimizer: 'adam', loss: new losses.MeanSquaredError(), metrics: ['accuracy'] });
// @ts-expect-error there is always a loss
model.compile({ optimizer: 'adam' });
// @ts-expect-error an unknown option
model.compile({ loss: 'mse', metric: ['accuracy'] });

new Adam({ learningRate: new schedules.ExponentialDecay({ initialLearningRate: 1, decaySteps: 10, decayRate: 0.5 }) });
new Adam({ learningRate: (step) => 1 / (1 + step), onNonFinite: 'skip' });
// @ts-expect-error the names are Keras's in camelCase
new Adam({ learning_rate: 0.1 });
// @ts-expect-error of another optimizer
new Adam({ rho: 0.9 });
// @ts-expect-error one of three words
new Adam({ onNonFinite: 'ignore' });

// @ts-expect-error units must be given
new Dense({ activation: 'relu' });
// @ts-expect-error an unknown option
new Dense({ units: 1, use_bias: false });
// @ts-expect-error layers, not their options
new Sequential([{ units: 1 }]);

await ready({ engine: 'wasm', threads: 2 });
// @ts-expect-error there is no such engine
await ready({ engine: 'webgpu' });
