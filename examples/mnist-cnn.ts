// Recognises handwritten digits with a convolutional network: two convolutions with pooling and two dense layers, trained by
// Adam on images that are moved, turned and scaled at random, the same way in every run. On MNIST where a folder of its files is given, or lies beside the repository; else on the 1,797 digits of 8x8 pixels
// in it.
//
//   node examples/mnist-cnn.ts --data ~/mnist --epochs 5
//   node examples/mnist-cnn.ts --small --engine wasm
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  Adam,
  Conv2D,
  Dense,
  Dropout,
  datasets,
  Flatten,
  MaxPooling2D,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  Rescaling,
  ready,
  Sequential,
} from 'descend';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    engine: { type: 'string' },
    epochs: { type: 'string' },
    small: { type: 'boolean' },
  },
});
const engine = await ready(values.engine ? { engine: values.engine as 'native' | 'wasm' } : {});
console.log(`Engine: ${engine.name}, ${engine.simd}, ${engine.threads} thread(s)`);

const beside = fileURLToPath(new URL('../../shared/data/mnist', import.meta.url));
const folder = values.data ?? (existsSync(beside) && !values.small ? beside : undefined);
const { train, test } = folder ? await datasets.loadMnist(folder) : await datasets.loadDigits({ seed: 0 });
const [count, height, width] = train.x.shape as [number, number, number];
console.log(`${count} digits of ${height}x${width} pixels to learn from, ${test.x.shape[0]} to be tested on\n`);

// Images of one channel. Those of 8x8 pixels are too small for windows that must fit in.
const images = ({ data, shape }: { data: Uint8Array | Float32Array | Int32Array; shape: readonly number[] }) => ({
  data,
  shape: [...shape, 1],
});
const padding = folder ? 'valid' : 'same';
const shift = folder ? 0.1 : 0.05;
const model = new Sequential(
  [
    // Pixels are bytes, 0 … 255 in MNIST and 0 … 16 in the small set.
    new Rescaling({ scale: folder ? 1 / 255 : 1 / 16, inputShape: [height, width, 1] }),
    // Digits stay what they are when moved, turned or scaled a little. Each is, anew in every epoch; nothing is in tests.
    new RandomTranslation({ heightFactor: shift, widthFactor: shift, fillMode: 'constant' }),
    new RandomRotation({ factor: 0.03, fillMode: 'constant' }),
    new RandomZoom({ heightFactor: 0.1, widthFactor: 0.1, fillMode: 'constant' }),
    new Conv2D({ filters: 32, kernelSize: 3, padding, activation: 'relu' }),
    new MaxPooling2D({ poolSize: 2 }),
    new Conv2D({ filters: 64, kernelSize: 3, padding, activation: 'relu' }),
    new MaxPooling2D({ poolSize: 2 }),
    new Flatten(),
    new Dense({ units: 128, activation: 'relu' }),
    new Dropout({ rate: 0.3 }),
    new Dense({ units: 10, activation: 'softmax' }),
  ],
  { seed: 42 },
);
model.compile({
  optimizer: new Adam({ learningRate: 0.001 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
model.summary();

const epochs = Number(values.epochs ?? (folder ? 8 : 15));
const start = performance.now();
await model.fit(images(train.x), train.y, { epochs, batchSize: 32 });
const seconds = (performance.now() - start) / 1000;
console.log(`\n${Math.round((count * epochs) / seconds).toLocaleString('en')} images/s`);

const { loss, accuracy = Number.NaN } = await model.evaluate(images(test.x), test.y);
console.log(`On digits it has never seen: loss ${loss?.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(2)} %`);
console.log(`SHA-256 of the weights: ${await model.hash()}`);
const least = folder ? 0.98 : 0.97;
if (!(accuracy >= least)) {
  console.error(`expected an accuracy of at least ${100 * least} %`);
  process.exitCode = 1;
}
