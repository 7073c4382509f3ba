// Networks learn from real data what they should: the digits of this repository, and MNIST where it is at hand.

import {
  Adam,
  Dense,
  Dropout,
  datasets,
  Flatten,
  type Layer,
  Momentum,
  Rescaling,
  RMSprop,
  Sequential,
  SGD,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { sharedPath } from '../shared.js';

const silent = { verbose: 0 } as const;
const loss = 'sparseCategoricalCrossentropy';
const metrics = ['accuracy'];

/** A classifier of images of bytes up to `brightest`. */
function classifier(side: number, brightest: number, ...hidden: Layer[]): Sequential {
  const layers = [
    new Rescaling({ scale: 1 / brightest, inputShape: [side, side] }),
    new Flatten(),
    ...hidden,
    new Dense({ units: 10, activation: 'softmax' }),
  ];
  return new Sequential(layers, { seed: 42 });
}

describe('the 8x8 digits', () => {
  test.each([0, 1, 2])('split by seed %i: 97 % of the held-out fifth within 60 epochs', async (seed) => {
    const { train, test } = await datasets.loadDigits({ seed });
    const model = classifier(8, 16, new Dense({ units: 128, activation: 'relu' }), new Dropout({ rate: 0.5 }));
    model.compile({ optimizer: new Adam({ learningRate: 0.002 }), loss, metrics });
    await model.fit(train.x, train.y, { ...silent, epochs: 60 });
    const { accuracy } = await model.evaluate(test.x, test.y);
    expect(accuracy).toBeGreaterThanOrEqual(0.97);
    model.dispose();
  });

  // The chapter's six: the first three are one rule, with all samples, one, or 32 to a step.
  test.each([
    { name: 'gradient descent', batchSize: 1438, optimizer: new SGD({ learningRate: 0.5 }), epochs: 200 },
    { name: 'SGD', batchSize: 1, optimizer: new SGD({ learningRate: 0.01 }), epochs: 10 },
    { name: 'mini-batch', batchSize: 32, optimizer: new SGD({ learningRate: 0.1 }), epochs: 30 },
    { name: 'Momentum', batchSize: 32, optimizer: new Momentum({ learningRate: 0.05 }), epochs: 10 },
    { name: 'RMSprop', batchSize: 32, optimizer: new RMSprop({ learningRate: 0.002 }), epochs: 30 },
    { name: 'Adam', batchSize: 32, optimizer: new Adam({ learningRate: 0.002 }), epochs: 30 },
  ])('$name: a loss below 0.2 within $epochs epochs', async ({ batchSize, optimizer, epochs }) => {
    const { train } = await datasets.loadDigits({ seed: 0 });
    const model = classifier(8, 16, new Dense({ units: 32, activation: 'relu' }));
    model.compile({ optimizer, loss });
    const stopWhen = { lossBelow: 0.2 };
    const result = await model.fit(train.x, train.y, { ...silent, epochs, batchSize, stopWhen });
    expect(result.stopReason).toBe('lossBelow');
    expect(result.steps).toBe(result.epoch.length * Math.ceil(1438 / batchSize));
    model.dispose();
  });
});

const mnist = sharedPath('data/mnist');

describe.skipIf(!mnist)('MNIST, 10,000 to learn from and 10,000 others', () => {
  test('softmax regression: 90 %', async () => {
    const { train, test } = await datasets.loadMnist(mnist!);
    const model = classifier(28, 255);
    model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss, metrics });
    await model.fit(train.x, train.y, { ...silent, epochs: 10 });
    const { accuracy } = await model.evaluate(test.x, test.y);
    expect(accuracy).toBeGreaterThanOrEqual(0.9);
    model.dispose();
  });

  test('784-128-10 with Adam in batches of 32: 95 % within 10 epochs', async () => {
    const { train, test } = await datasets.loadMnist(mnist!);
    const model = classifier(28, 255, new Dense({ units: 128, activation: 'relu' }));
    model.compile({ optimizer: new Adam({ learningRate: 0.001 }), loss, metrics });
    await model.fit(train.x, train.y, { ...silent, epochs: 10, batchSize: 32 });
    const { accuracy } = await model.evaluate(test.x, test.y);
    expect(accuracy).toBeGreaterThanOrEqual(0.95);
    model.dispose();
  });
});
