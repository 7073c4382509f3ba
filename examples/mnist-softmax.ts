// The shortest way to recognise digits: one layer and softmax, as the first chapter of every course has it. On MNIST where a
// folder of its files is given, or lies beside the repository; else on the 1,797 digits of 8x8 pixels in it.
//
//   node examples/mnist-softmax.ts --data ~/mnist
//   node examples/mnist-softmax.ts --small
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Dense, datasets, Flatten, Momentum, Rescaling, Sequential } from 'descend';

const { values } = parseArgs({ options: { data: { type: 'string' }, small: { type: 'boolean' } } });
const beside = fileURLToPath(new URL('../../shared/data/mnist', import.meta.url));
const folder = values.data ?? (existsSync(beside) && !values.small ? beside : undefined);
if (!folder) console.log('No folder with MNIST: the small digits are taken instead.');
const { train, test } = folder ? await datasets.loadMnist(folder) : await datasets.loadDigits({ seed: 0 });
const [count, height, width] = train.x.shape as [number, number, number];
console.log(`${count} digits of ${height}x${width} pixels to learn from, ${test.x.shape[0]} to be tested on`);

const model = new Sequential(
  [
    // Pixels are bytes, 0 … 255 in MNIST and 0 … 16 in the small set.
    new Rescaling({ scale: folder ? 1 / 255 : 1 / 16, inputShape: [height, width] }),
    new Flatten(),
    // Zeros will do for a start: where there is only one layer, nothing needs to be told apart at random.
    new Dense({ units: 10, activation: 'softmax', kernelInitializer: 'zeros', name: 'digits' }),
  ],
  { seed: 42 },
);
model.compile({
  optimizer: new Momentum({ learningRate: 0.05 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
await model.fit(train.x, train.y, { epochs: folder ? 10 : 60, batchSize: 64, verbose: 0 });

const { loss, accuracy = Number.NaN } = await model.evaluate(test.x, test.y);
await show(3);
console.log(`On digits it has never seen: loss ${loss?.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(2)} %`);
const target = folder ? 0.9 : 0.94;
if (!(accuracy >= target)) {
  console.error(`expected an accuracy of at least ${100 * target} %`);
  process.exitCode = 1;
}

/** Draws what speaks for a digit (█) and against it (░): a column of the weights, as an image. */
async function show(digit: number): Promise<void> {
  const [kernel] = await model.getWeights();
  const weights = Array.from({ length: height * width }, (_, pixel) => kernel?.data[10 * pixel + digit] as number);
  const most = Math.max(...weights.map(Math.abs));
  console.log(`\nWhat makes a ${digit}:\n`);
  for (let row = 0; row < height; row++) {
    const line = weights.slice(row * width, (row + 1) * width).map((weight) => shade(weight / most));
    console.log(`  ${line.join('')}`);
  }
  console.log('');
}

function shade(weight: number): string {
  const mark = weight < -0.3 ? '░' : weight > 0.3 ? '█' : ' ';
  return mark.repeat(2);
}
