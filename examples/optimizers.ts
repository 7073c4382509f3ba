// Six ways down the same hill: how many passes over the data and how many updates each optimizer takes to bring the loss
// of one small network below the same mark. The first three are one rule and differ only in the size of the batch.
import { Adam, Dense, datasets, Flatten, Momentum, Rescaling, RMSprop, Sequential, SGD } from 'descend';

const LOSS = 0.25;
const { train, test } = await datasets.loadDigits({ seed: 0 });
const all = train.x.shape[0] as number;

const contestants = [
  { name: 'Gradient descent', batchSize: all, optimizer: new SGD({ learningRate: 0.5 }) },
  { name: 'SGD', batchSize: 1, optimizer: new SGD({ learningRate: 0.01 }) },
  { name: 'Mini-batch', batchSize: 32, optimizer: new SGD({ learningRate: 0.1 }) },
  { name: 'Momentum', batchSize: 32, optimizer: new Momentum({ learningRate: 0.05 }) },
  { name: 'RMSprop', batchSize: 32, optimizer: new RMSprop({ learningRate: 0.002 }) },
  { name: 'Adam', batchSize: 32, optimizer: new Adam({ learningRate: 0.002 }) },
];

const head = ['', 'batch', 'rate', 'epochs', 'updates', 'loss', 'test accuracy', 'seconds'];
const table = [head];
let reached = 0;
for (const { name, batchSize, optimizer } of contestants) {
  const model = network();
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const started = performance.now();
  const options = { epochs: 1000, batchSize, stopWhen: { lossBelow: LOSS }, verbose: 0 } as const;
  const { history, epoch, steps, stopReason } = await model.fit(train.x, train.y, options);
  const seconds = (performance.now() - started) / 1000;
  const { accuracy } = await model.evaluate(test.x, test.y);
  reached += stopReason === 'lossBelow' ? 1 : 0;
  const numbers = [epoch.length, steps, history.loss?.at(-1)?.toFixed(3), `${(100 * (accuracy ?? 0)).toFixed(1)} %`];
  table.push([name, batchSize, optimizer.learningRate, ...numbers, seconds.toFixed(2)].map(String));
}

console.log(`Until the loss is below ${LOSS}, on ${all} digits of 8x8 pixels:\n`);
const widths = head.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
for (const row of table) {
  const cells = row.map((cell, column) => {
    const width = widths[column] as number;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  console.log(cells.join('   '));
}
if (reached < contestants.length) {
  console.error(`expected all ${contestants.length} to reach the loss, got ${reached}`);
  process.exitCode = 1;
}

/** The same network with the same first weights for everyone. */
function network(): Sequential {
  return new Sequential(
    [
      new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
      new Flatten(),
      new Dense({ units: 32, activation: 'relu' }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 7 },
  );
}
