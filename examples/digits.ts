// Recognises handwritten digits: a small network trained by Adam, on the 1,797 digits of 8x8 pixels in this repository or,
// with --data DIR, on MNIST from a folder of IDX files.
//
//   npm start
//   npm start -- --data ~/mnist --epochs 10 --engine wasm
import { parseArgs } from 'node:util';
import { Adam, Dense, Dropout, datasets, Flatten, Rescaling, ready, Sequential } from 'descend';

const { values } = parseArgs({
  options: { data: { type: 'string' }, engine: { type: 'string' }, epochs: { type: 'string' } },
});
const engine = await ready(values.engine ? { engine: values.engine as 'native' | 'wasm' } : {});
console.log(`Engine: ${engine.name}, ${engine.simd}, ${engine.threads} thread(s)`);

const mnist = values.data !== undefined;
const { train, test } = mnist
  ? await datasets.loadMnist(values.data as string)
  : await datasets.loadDigits({ seed: 0 });
const [count, height, width] = train.x.shape as [number, number, number];
console.log(`${count} digits of ${height}x${width} pixels to learn from, ${test.x.shape[0]} to be tested on\n`);

const model = new Sequential(
  [
    // Pixels are bytes, 0 … 16 in the small set and 0 … 255 in MNIST.
    new Rescaling({ scale: mnist ? 1 / 255 : 1 / 16, inputShape: [height, width] }),
    new Flatten(),
    new Dense({ units: 128, activation: 'relu' }),
    new Dropout({ rate: 0.2 }),
    new Dense({ units: 10, activation: 'softmax' }),
  ],
  { seed: 42 },
);
model.compile({
  optimizer: new Adam({ learningRate: 0.002 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
model.summary();

const epochs = Number(values.epochs ?? (mnist ? 10 : 40));
await model.fit(train.x, train.y, { epochs, batchSize: 32 });

const { loss, accuracy } = await model.evaluate(test.x, test.y);
console.log(`\nOn digits it has never seen: loss ${loss?.toFixed(4)}, accuracy ${percent(accuracy)}`);
console.log(`SHA-256 of the weights: ${await model.hash()}`);
await showOne();

const target = mnist ? 0.95 : 0.97;
if (!((accuracy ?? 0) >= target)) {
  console.error(`expected an accuracy of at least ${percent(target)}`);
  process.exitCode = 1;
}

/** Draws the first digit of the test set and what the model makes of it. */
async function showOne(): Promise<void> {
  const pixels = test.x.data.subarray(0, height * width);
  const most = Math.max(1, ...pixels);
  const { data } = await model.predict({ data: pixels, shape: [1, height, width] });
  const guess = data.indexOf(Math.max(...data));
  console.log(`\nThe model sees a ${guess} (it is a ${test.y.data[0]}), ${percent(data[guess])} sure:\n`);
  for (let row = 0; row < height; row++) {
    const line = Array.from(pixels.subarray(row * width, (row + 1) * width), (value) => shade(value / most));
    console.log(`  ${line.join('')}`);
  }
}

function shade(value: number): string {
  return ' ░▒▓█'.charAt(Math.round(value * 4)).repeat(2);
}

function percent(share = Number.NaN): string {
  return `${(100 * share).toFixed(2)} %`;
}
