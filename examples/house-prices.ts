// What a house costs: linear regression by gradient descent, which stops by itself when the error no longer falls. The
// prices were made by a known rule (datasets/house-prices/README.md), so we can see how near the learned one comes.
import { Dense, datasets, Sequential, SGD } from 'descend';

const RULE = [3.2, 9, -0.9, -6.5];

const { x, y, columns } = await datasets.loadHousePrices();
const [rows, width] = x.shape as [number, number];

// Gradient descent wants columns of one scale: mean 0 and standard deviation 1.
const means = Array.from({ length: width }, (_, column) => mean(column, (value) => value));
const deviations = means.map((center, column) => Math.sqrt(mean(column, (value) => (value - center) ** 2)));
const scaled = Float32Array.from(x.data, (value, i) => {
  const column = i % width;
  return (value - (means[column] as number)) / (deviations[column] as number);
});

const model = new Sequential([new Dense({ units: 1, inputShape: [width] })], { seed: 1 });
model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'meanSquaredError' });
const { history, steps, stopReason } = await model.fit({ data: scaled, shape: [rows, width] }, y, {
  epochs: 10_000,
  // All rows in every step: gradient descent as the textbook has it.
  batchSize: rows,
  stopWhen: { minDelta: 1e-4, patience: 5 },
  verbose: 0,
});

const losses = history.loss as number[];
console.log(`Stopped after ${steps} steps: ${stopReason}. Mean squared error by step:`);
for (let step = 1; step <= steps; step *= 4)
  console.log(`  ${String(step).padStart(5)}  ${losses[step - 1]?.toFixed(2)}`);
const last = losses.at(-1) as number;
console.log(`  ${String(steps).padStart(5)}  ${last.toFixed(2)}   (the noise in the prices alone makes about 130)\n`);

const [kernel] = await model.getWeights();
console.log('Thousands of euros per unit:  learned    rule');
for (const [column, name] of columns.entries()) {
  const learned = (kernel?.data[column] as number) / (deviations[column] as number);
  console.log(`  ${name.padEnd(26)}${learned.toFixed(2).padStart(9)}${String(RULE[column]).padStart(8)}`);
}

if (stopReason !== 'minDelta' || !(last < 160)) {
  console.error('expected to converge to a mean squared error below 160');
  process.exitCode = 1;
}

function mean(column: number, of: (value: number) => number): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += of(x.data[row * width + column] as number);
  return sum / rows;
}
