// A run that may be killed: `node killed-run.mjs FOLDER SEED`. Prints `go` when it trains and, at its end, what it has to
// show. With `-` for a folder it keeps no backups.

import { Adam, callbacks, Dense, Dropout, ready, Sequential } from '../../dist/index.node.js';

const { DESCEND_ENGINE: engine } = process.env;
const [folder, seed] = process.argv.slice(2);
await ready(engine ? { engine } : {});

const ROWS = 200;
const data = Float32Array.from({ length: 4 * ROWS }, (_, i) => Math.fround(Math.sin(i * i + Number(seed))));
const x = { data, shape: [ROWS, 4] };
const y = Uint8Array.from({ length: ROWS }, (_, i) =>
  data[4 * i] > data[4 * i + 1] ? 0 : data[4 * i + 2] > 0 ? 1 : 2,
);

const model = new Sequential(
  [
    new Dense({ units: 96, activation: 'relu', inputShape: [4] }),
    new Dropout({ rate: 0.3 }),
    new Dense({ units: 96, activation: 'tanh' }),
    new Dense({ units: 3, activation: 'softmax' }),
  ],
  { seed: Number(seed) },
);
model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });

const { BackupAndRestore, EarlyStopping, ReduceLROnPlateau } = callbacks;
const { history } = await model.fit(x, y, {
  verbose: 0,
  epochs: 25,
  batchSize: 8,
  validationSplit: 0.2,
  callbacks: [
    new ReduceLROnPlateau({ patience: 1, factor: 0.8, minDelta: 0.01 }),
    new EarlyStopping({ patience: 20, restoreBestWeights: true }),
    ...(folder === '-' ? [] : [new BackupAndRestore({ backupDir: folder, saveFreq: 2 })]),
    { onTrainBegin: () => process.stdout.write('go\n') },
  ],
});
process.stdout.write(`${JSON.stringify({ hash: await model.hash(), history })}\n`);
