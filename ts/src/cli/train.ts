// `descend train`: a model of dense layers from a folder of images or a table, saved with all it needs to be used on raw data.

import type { Samples } from '../data/split.js';
import { Dense, engineInfo, optimizers, ready, Sequential } from '../index.node.js';
import { writeFileAtomic } from '../io/atomic.js';
import { checkSeed } from '../seed.js';
import { choiceOf, listOf, numberOf, readArguments, sizesOf, textOf, wholeOf } from './arguments.js';
import { tableProblem } from './columns.js';
import { imageProblem, isFolder } from './images.js';
import { withNote } from './note.js';
import { bytes, grouped, percent, print, short } from './print.js';
import type { Choices, Problem, Scale } from './problem.js';

export const usage = `Usage: descend train DIR|FILE.csv [options]

DIR holds IDX files: images and labels of train… and t10k… as MNIST has them, or one pair of them.
FILE.csv has one sample per row; with text or few whole numbers in the target column classes are told apart,
with other numbers an amount is predicted. The model takes the columns as they are, in their own units.

  --target COLUMN         what to predict; the last column unless given
  --ignore A,B            columns to leave out
  --task KIND             classification or regression, where the guess is wrong
  --hidden 128,64         units of the hidden layers, or none; 64 unless given
  --optimizer NAME        adam unless given; sgd, momentum, rmsprop, adamw, …
  --learning-rate X       the optimizer's own unless given
  --epochs N              passes over the data; 20 unless given
  --batch-size N          samples per step; 32 unless given
  --validation-split X    share set aside to measure by; 0.1 unless given
  --seed N                one seed gives one model, bit for bit; 0 unless given
  --out FILE.safetensors  where to save the model
  --engine NAME           native or wasm

Ctrl-C ends training early; the model is then measured and saved as it stands.`;

const OPTIONS = Object.fromEntries(
  ['target', 'ignore', 'task', 'hidden', 'optimizer', 'learning-rate', 'epochs', 'batch-size']
    .concat(['validation-split', 'seed', 'out', 'engine'])
    .map((name) => [name, { type: 'string' as const }]),
);

/** Samples at a time where nothing is learned. */
const MANY = 1024;

interface Settings extends Choices {
  readonly hidden: readonly number[];
  readonly optimizer: string;
  readonly learningRate: number | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly out: string | undefined;
}

/** Runs the command. */
export async function run(words: readonly string[]): Promise<number> {
  const given = readArguments(words, OPTIONS, ['DIR or FILE.csv']);
  const settings: Settings = {
    target: textOf(given, 'target'),
    ignore: listOf(given, 'ignore'),
    task: choiceOf(given, 'task', ['classification', 'regression']),
    hidden: sizesOf(given, 'hidden') ?? [64],
    optimizer: textOf(given, 'optimizer') ?? 'adam',
    learningRate: numberOf(given, 'learning-rate', 'a number above 0', (value) => value > 0),
    epochs: wholeOf(given, 'epochs', 1) ?? 20,
    batchSize: wholeOf(given, 'batch-size', 1) ?? 32,
    validationSplit: numberOf(given, 'validation-split', 'a share from 0 to below 1', (x) => x >= 0 && x < 1) ?? 0.1,
    seed: checkSeed(wholeOf(given, 'seed', 0) ?? 0, '--seed'),
    out: textOf(given, 'out'),
  };
  const engine = choiceOf(given, 'engine', ['native', 'wasm']);
  await ready(engine ? { engine } : {});
  const problem = await problemOf(given.names[0] as string, settings);
  const model = modelFor(problem, settings);
  await introduce(problem, model, settings);
  await learn(problem, model, settings);
  await finish(problem, model, settings);
  return 0;
}

async function problemOf(path: string, choices: Choices): Promise<Problem> {
  return (await isFolder(path)) ? await imageProblem(path, choices) : await tableProblem(path, choices);
}

function modelFor({ first, note }: Problem, { hidden, seed, optimizer, learningRate }: Settings): Sequential {
  const { classes } = note;
  const last = classes ? { units: classes.length, activation: 'softmax' as const } : { units: 1 };
  const layers = [...first, ...hidden.map((units) => new Dense({ units, activation: 'relu' })), new Dense(last)];
  const model = new Sequential(layers, { seed });
  model.compile({
    optimizer: optimizers.get({ className: optimizer, config: learningRate === undefined ? {} : { learningRate } }),
    loss: classes ? 'sparseCategoricalCrossentropy' : 'meanSquaredError',
    metrics: classes ? ['accuracy'] : [],
  });
  return model;
}

async function introduce(problem: Problem, model: Sequential, settings: Settings): Promise<void> {
  const { name, simd, threads } = engineInfo();
  const { className, learningRate } = model.optimizer;
  const sizes = [model.inputShape.join('x'), ...settings.hidden, model.outputShapes.at(-1)?.[0]].join(' → ');
  const rate = typeof learningRate === 'number' ? `, learning rate ${short(learningRate)}` : '';
  const held = problem.validation?.x.shape[0] ?? 0;
  print('Engine', `${name}, ${simd}, ${threads === 1 ? '1 thread' : `${threads} threads`}`);
  for (const [title, text] of problem.words) print(title, text);
  print('Split', `${problem.train.x.shape[0]} to learn from, ${held} to measure by`);
  print('Model', `${sizes}, ${grouped(model.countParams())} parameters, ${className}${rate}`);
  process.stdout.write('\n');
}

async function learn({ train, validation }: Problem, model: Sequential, settings: Settings): Promise<void> {
  const { epochs, batchSize } = settings;
  const interrupt = (): void => {
    model.stopTraining = true;
  };
  // A second Ctrl-C ends the program as usual.
  process.once('SIGINT', interrupt);
  const options = validation ? { validationData: [validation.x, validation.y] as const } : {};
  const { stopReason } = await model.fit(train.x, train.y, { epochs, batchSize, ...options });
  process.removeListener('SIGINT', interrupt);
  process.stdout.write('\n');
  if (stopReason === 'stopped') print('Stopped', 'by Ctrl-C, after the last completed step');
}

async function finish(problem: Problem, model: Sequential, { out }: Settings): Promise<void> {
  const { train, validation, test, scale, note } = problem;
  for (const [title, part] of Object.entries({ Training: train, Validation: validation, Test: test })) {
    if (part) print(title, scale ? await missedBy(model, part, scale) : await accuracyOf(model, part));
  }
  if (scale) await foldInto(model, scale);
  if (out === undefined) {
    print('Not saved', 'for want of --out FILE.safetensors');
  } else {
    // The state of an optimizer says nothing about weights that were changed behind its back.
    const file = withNote(await model.toBytes({ includeOptimizer: scale === undefined }), note);
    await writeFileAtomic(out, file);
    print('Saved', `${out}, ${bytes(file.length)}`);
  }
  print('SHA-256', `${await model.hash()} (of the weights)`);
}

async function accuracyOf(model: Sequential, { x, y }: Samples): Promise<string> {
  const { loss, accuracy } = await model.evaluate(x, y, { batchSize: MANY });
  return `loss ${short(loss as number)}, accuracy ${percent(accuracy as number)}`;
}

async function missedBy(model: Sequential, { x, y }: Samples, { deviation }: Scale): Promise<string> {
  const { data } = await model.predict(x, { batchSize: MANY });
  const errors = Float64Array.from(data, (value, i) => deviation * Math.abs(value - (y.data[i] as number)));
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const square = errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
  // The deviation is the error of always predicting the mean.
  return `error ${short(mean)} on average, ${short(Math.sqrt(square))} root mean square (${short(deviation)} without a model)`;
}

/** Makes the last layer give amounts in the target's own units: w·d and b·d + m instead of w and b. */
async function foldInto(model: Sequential, { mean, deviation }: Scale): Promise<void> {
  const weights = await model.getWeights();
  const [kernel, bias] = weights.slice(-2).map(({ data }) => data) as [Float32Array, Float32Array];
  kernel.forEach((value, i) => {
    kernel[i] = value * deviation;
  });
  bias.forEach((value, i) => {
    bias[i] = value * deviation + mean;
  });
  await model.setWeights(weights);
}
