// Training with every loss, every metric and every initializer: the same bits on every engine and with any number of
// threads.

import { Dense, initializers, Layer, type losses, metrics, ready, regularizers, Sequential, SGD } from 'descend';
import { describe, test } from 'vitest';
import { noise } from '../noise.js';
import { Committed, ENGINE, THREADS } from './committed.js';
import { sha256 } from './sha256.js';

const committed = new Committed('losses');
const [ROWS, INPUTS, CLASSES] = [333, 17, 5];

const x = { data: noise(ROWS * INPUTS, 1), shape: [ROWS, INPUTS] };
const sampleWeight = noise(ROWS, 2).map((v) => 1 + v);
const labels = Uint8Array.from({ length: ROWS }, (_, row) => (row * 7 + (row >> 3)) % CLASSES);
const oneHot = {
  data: Float32Array.from({ length: ROWS * CLASSES }, (_, i) =>
    labels[Math.floor(i / CLASSES)] === i % CLASSES ? 1 : 0,
  ),
  shape: [ROWS, CLASSES],
};
const positive = { data: noise(ROWS * CLASSES, 3).map((v) => 1.1 + v), shape: [ROWS, CLASSES] };

type Case = readonly [loss: losses.LossLike & string, targets: typeof oneHot | Uint8Array, activation: string];

const LOSSES: readonly Case[] = [
  ['binary_crossentropy', oneHot, 'sigmoid'],
  ['binary_focal_crossentropy', oneHot, 'sigmoid'],
  ['categorical_crossentropy', oneHot, 'softmax'],
  ['categorical_focal_crossentropy', oneHot, 'softmax'],
  ['categorical_generalized_cross_entropy', labels, 'softmax'],
  ['categorical_hinge', oneHot, 'tanh'],
  ['cosine_similarity', positive, 'linear'],
  ['dice', oneHot, 'sigmoid'],
  ['hinge', oneHot, 'tanh'],
  ['huber', positive, 'linear'],
  ['kl_divergence', positive, 'softmax'],
  ['log_cosh', positive, 'linear'],
  ['mean_absolute_error', positive, 'linear'],
  ['mean_absolute_percentage_error', positive, 'linear'],
  ['mean_squared_error', positive, 'linear'],
  ['mean_squared_logarithmic_error', positive, 'softplus'],
  ['poisson', positive, 'softplus'],
  ['sparse_categorical_crossentropy', labels, 'softmax'],
  ['squared_hinge', oneHot, 'tanh'],
  ['tversky', oneHot, 'sigmoid'],
];

// Dice and Tversky make one number of a whole batch, which has no samples to weigh.
const WHOLE = ['dice', 'tversky'];

function model(activation: string): Sequential {
  const kernelRegularizer = new regularizers.L1L2({ l1: 1e-3, l2: 1e-3 });
  return new Sequential(
    [
      new Dense({ units: 33, activation: 'tanh', inputShape: [INPUTS], kernelRegularizer }),
      new Dense({ units: CLASSES, activation, kernelRegularizer: 'orthogonal_regularizer' }),
    ],
    { seed: 4 },
  );
}

describe.each(THREADS.slice(0, 2))('after 2 epochs, %i threads', (threads) => {
  test.each(LOSSES)('%s', async (loss, y, activation) => {
    await ready({ engine: ENGINE, threads });
    const made = model(activation);
    made.compile({ optimizer: new SGD({ learningRate: 0.05 }), loss });
    const weights = WHOLE.includes(loss) ? {} : { sampleWeight };
    const { history } = await made.fit(x, y, { epochs: 2, batchSize: 32, verbose: 0, ...weights });
    const { data } = { data: new Float64Array(history.loss ?? []) };
    committed.expect(loss, `${await made.hash()} ${await sha256([Float32Array.from(data)])}`);
    made.dispose();
  });
});

test.each(THREADS.slice(0, 2))('every metric, %i threads', async (threads) => {
  await ready({ engine: ENGINE, threads });
  const made = model('softmax');
  const options = { numClasses: CLASSES, recall: 0.3, precision: 0.3, specificity: 0.3, sensitivity: 0.3 };
  const classes = Object.entries(metrics).filter(([name]) => !/^(Mean)?Metric$|^Sparse/.test(name));
  const all = classes.map(([name, Class]) => {
    const given = Object.fromEntries(Object.entries(options).filter(([key]) => needs(name) === key));
    const rest = name === 'IoU' || name === 'OneHotIoU' ? { targetClassIds: [0, 2] } : {};
    const labelled = name === 'IoU' || name === 'MeanIoU' ? { sparseYTrue: false, sparseYPred: false } : {};
    return new (Class as new (options: object) => metrics.Metric)({ ...given, ...rest, ...labelled });
  });
  made.compile({ loss: 'categorical_crossentropy', weightedMetrics: all });
  const logs = await made.evaluate(x, oneHot, { batchSize: 32, sampleWeight });
  for (const [name, value] of Object.entries(logs)) {
    committed.expect(`metric ${name}`, await sha256([new Float32Array(new Float64Array([value]).buffer)]));
  }
});

/** The option that a metric has no default for. */
function needs(name: string): string {
  if (/IoU$/.test(name)) return name === 'BinaryIoU' ? '' : 'numClasses';
  return /At(.*)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** A layer that is one weight. */
class Holder extends Layer {
  readonly #initializer: initializers.InitializerLike;

  constructor(initializer: initializers.InitializerLike) {
    super({ name: 'holder', inputShape: [1] });
    this.#initializer = initializer;
  }

  override build(): void {
    this.addWeight({ name: 'weight', shape: [31, 63], initializer: this.#initializer });
  }

  override call(input: Parameters<Layer['call']>[0]) {
    return input;
  }
}

const INITIALIZERS = Object.entries(initializers).filter(([name]) => name !== 'Initializer');

test.each(INITIALIZERS)('%s', async (name, Class) => {
  await ready({ engine: ENGINE });
  const made = new Sequential([new Holder(new (Class as new () => initializers.Initializer)())], { seed: 6 });
  committed.expect(`initializer ${name}`, await made.hash());
});
