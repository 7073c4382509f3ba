// Whole training runs against Keras, in float64 and float32: the loss of every step, the weights, what fit and evaluate
// report.

import * as descend from 'descend';
import { datasets, type Layer, losses, optimizers, Sequential } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface Run {
  losses: number[];
  finalWeights: (Omit<Golden, 'data'> & { sum: number; sumOfSquares: number; first: number[] })[];
  predictFirst4: Golden;
}

interface Case {
  name: string;
  model: { className: string; config: object }[];
  optimizer: { className: string; config: object };
  loss: { className: string; config: object };
  x?: Golden;
  y?: Golden;
  batchSize: number;
  epochs: number;
  weights: Golden[];
  runs: { float64: Run; float32: Run };
  /** Where not all epochs are run. */
  steps?: number;
  fit?: { history: Record<string, number[]>; evaluate: Record<string, number> };
}

const folder = new URL('../../datasets/digits/', import.meta.url);

async function dataOf({ x, y }: Case): Promise<{ x: Golden; y: Golden; scale: number }> {
  if (x && y) return { x, y, scale: 1 };
  const images = await datasets.readIdx(new URL('images-idx3-ubyte.gz', folder));
  const labels = await datasets.readIdx(new URL('labels-idx1-ubyte.gz', folder));
  const pixels = Array.from(images.data.subarray(0, 512 * 64), (value) => value / 16);
  return {
    x: { data: pixels, shape: [512, 64] },
    y: { data: [...labels.data.subarray(0, 512)], shape: [512] },
    scale: 1,
  };
}

function flat({ data, shape }: Golden) {
  return { data: Float32Array.from(data), shape };
}

describe.each([
  // How far our float32 may be from Keras's float64: a few times as far as Keras's own float32 was measured to be.
  { file: 'linear-regression.json', bound: 2e-6 },
  { file: 'softmax-regression.json', bound: 2e-5 },
  { file: 'mlp-rmsprop.json', bound: 2e-4 },
  { file: 'mlp-batchnorm-sgd.json', bound: 2e-4 },
  { file: 'cnn-adam.json', bound: 2e-4, sample: [8, 8, 1] },
  { file: 'lstm-adam-clipnorm.json', bound: 2e-4 },
])('$file', ({ file, bound, sample }: { file: string; bound: number; sample?: number[] }) => {
  const [golden] = cases<Case>(file) as [Case];

  test('the run', async () => {
    const { x, y } = await dataOf(golden);
    const inputShape = sample ?? x.shape.slice(1);
    const input = { ...flat(x), shape: [x.shape[0] as number, ...inputShape] };
    const classes = descend as unknown as Record<string, new (options: object) => Layer>;
    const model = new Sequential(
      golden.model.map(({ className, config }, i) => {
        return new (classes[className] as (typeof classes)[0])({ ...config, ...(i === 0 && { inputShape }) });
      }),
    );
    const metrics = Object.keys(golden.fit?.history ?? {}).includes('accuracy') ? ['accuracy'] : [];
    const Loss = losses[golden.loss.className as 'MeanSquaredError'];
    model.compile({ optimizer: optimizers.get(golden.optimizer), loss: new Loss(golden.loss.config), metrics });
    await model.setWeights(golden.weights.map(flat));
    const means: number[] = [];
    const { batchSize, epochs, steps } = golden;
    const { history } = await model.fit(input, flat(y), {
      batchSize,
      epochs,
      ...(steps && { stopWhen: { maxSteps: steps } }),
      shuffle: false,
      verbose: 0,
      callbacks: [{ onBatchEnd: (_, { loss }) => means.push(loss as number) }],
    });

    const { float64 } = golden.runs;
    expectClose(stepLosses(means, x.shape[0] as number, batchSize), float64.losses, bound, 'loss');
    const weights = await model.getWeights();
    float64.finalWeights.forEach(({ shape, first, sum, sumOfSquares }, i) => {
      const { data } = weights[i] as (typeof weights)[0];
      expect(weights[i]?.shape).toEqual(shape);
      expectClose(data.subarray(0, first.length), first, bound, `weight ${i}`);
      expectClose([data.reduce((a, b) => a + b, 0)], [sum], bound * Math.sqrt(data.length), `sum ${i}`);
      const squares = data.reduce((a, b) => a + b * b, 0);
      expectClose([squares], [sumOfSquares], bound * Math.sqrt(data.length), `sum of squares ${i}`);
    });
    if (golden.fit) {
      for (const key of ['loss', ...metrics]) {
        expectClose(history[key] ?? [], golden.fit.history[key] ?? [], bound, `history.${key}`);
      }
      const measured = await model.evaluate(input, flat(y));
      for (const key of ['loss', ...metrics]) {
        expectClose([measured[key] as number], [golden.fit.evaluate[key] as number], bound, `evaluate ${key}`);
      }
    }
    const { data } = await model.predict(input);
    const { predictFirst4 } = float64;
    expectClose(data.subarray(0, predictFirst4.data.length), predictFirst4.data, bound, 'predictions');
  });
});

/** The loss of each step, from the running means over the rows of an epoch that callbacks see. */
function stepLosses(means: readonly number[], rows: number, batchSize: number): number[] {
  const steps = Math.ceil(rows / batchSize);
  return means.map((mean, i) => {
    const step = i % steps;
    const seen = Math.min(rows, (step + 1) * batchSize);
    const before = step * batchSize;
    return (mean * seen - (step === 0 ? 0 : (means[i - 1] as number) * before)) / (seen - before);
  });
}
