// Training: epochs of steps over the rows of a user's data, in a seeded order, with callbacks and rules to stop. What can
// be refused is refused before anything changes; the steps themselves run in the engine, many per crossing.

import type { CallbackHooks } from '../callbacks/index.js';
import { CallbackList } from '../callbacks/list.js';
import { describeValue, fail } from '../errors.js';
import { boolean, wholeNumber } from '../numbers.js';
import type { Progress } from '../progress.js';
import { readStopWhen, type StopWhen } from '../stop.js';
import { assertOptions } from '../units.js';
import { type Batches, isStream } from './batches.js';
import { assertLeftOut, buildFor, OWN_BATCHES, prepareStream } from './evaluate.js';
import { ArrayFeed, type Feed } from './feed.js';
import type { History } from './history.js';
import type { Network } from './network.js';
import { type TracedWithLoss, traceEvaluate, traceTrain } from './plans.js';
import type { ArraysLikeData } from './rows.js';
import { assertSome, batchOf, part, type Rows } from './rows.js';
import type { SampleWeights } from './sample-weights.js';
import { assertTargets, countOfRows, mapRows, rowsOfAll, type Samples, samplesOf, targetShapes } from './samples.js';
import { Training } from './training.js';
import { checkSignal, progressOf, type Verbose } from './watch.js';

/** Options of `fit`. */
export interface FitOptions extends SampleWeights {
  /** Passes over the data. Default 1. */
  epochs?: number;
  /** Samples per step; the last step of an epoch may have fewer. Default 32. */
  batchSize?: number;
  /** The share of samples, the last ones, set aside before shuffling to measure each epoch by. Default 0. */
  validationSplit?: number;
  /**
   * Samples and targets to measure each epoch by, and the samples' weights if they have any; or a stream of such batches,
   * in the order of its epoch 0 each time.
   */
  validationData?: readonly [x: ArraysLikeData, y: ArraysLikeData, sampleWeight?: ArraysLikeData] | Batches;
  /** Whether each epoch visits the samples in another order, drawn from the model's seed. Default true. */
  shuffle?: boolean;
  /** The number of the first epoch, for logs; `epochs` is the number after the last one. Default 0. */
  initialEpoch?: number;
  /**
   * Steps after which an epoch ends. The next one goes on in the same pass over the data, and shuffling is done for each
   * pass; the last epoch of a pass has the steps that are left. A stream may have fewer or no end: where it ends, so does
   * the epoch. Default: as many as a pass has.
   */
  stepsPerEpoch?: number;
  /** Samples at a time while measuring an epoch. Default `batchSize`. */
  validationBatchSize?: number;
  /** Batches of the validation data to measure by, the first ones. Default: all. */
  validationSteps?: number;
  /** After how many epochs to measure, or the numbers of the epochs (counted from 1) to measure after. Default 1. */
  validationFreq?: number | readonly number[];
  /** 0 silent; 1 (the default, also 'auto') a live line on a terminal, else one line per epoch; 2 always the latter. */
  verbose?: Verbose;
  callbacks?: readonly CallbackHooks[];
  /** When to stop before the epochs are over. */
  stopWhen?: StopWhen;
  /** Aborts the run; what has been learned by then stays. */
  signal?: AbortSignal;
}

const OPTIONS = [
  'epochs',
  'batchSize',
  'validationSplit',
  'validationData',
  'shuffle',
  'initialEpoch',
  'stepsPerEpoch',
  'validationBatchSize',
  'validationSteps',
  'validationFreq',
  'verbose',
  'callbacks',
  'stopWhen',
  'signal',
  'sampleWeight',
  'classWeight',
];

/** What is visited, and the plan that runs over it. */
export interface Part {
  readonly plan: TracedWithLoss;
  readonly feed: Feed;
}

/** What a run visits. */
export interface Work {
  readonly train: Part;
  readonly validation: Part | undefined;
}

/** `model.fit`. For arrays, all up to the first `await` happens at the call: checks, tracing, copies of the data. */
export async function runFit(model: Network, x: unknown, y: unknown, options: FitOptions): Promise<History> {
  assertOptions('fit', options, OPTIONS);
  const settings = settingsOf(options);
  const { built } = model;
  const parts: Part[] = [];
  try {
    if (isStream(x)) parts.push(await streamPart(model, x, options));
    else parts.push(...arrayParts(model, x, y, options, settings));
    const { validationData } = options;
    const { signal } = settings;
    if (isStream(validationData)) {
      assertLeftOut(options, ['validationBatchSize'], OWN_BATCHES);
      parts.push(await prepareStream(model, 'validationData', traceEvaluate, validationData, { signal }));
    } else if (isStream(x) && validationData !== undefined) {
      parts.push(validationPart(model, validationData, options));
    }
  } catch (error) {
    for (const { feed } of parts) await feed.release();
    if (!built && model.built) model.unbuild();
    throw error;
  }
  model.stopTraining = false;
  try {
    const [train, validation] = parts as [Part, Part?];
    return await new Training(model, model.compiled('fit'), settings, { train, validation }).run();
  } finally {
    for (const { feed } of parts) await feed.release();
  }
}

async function streamPart(model: Network, source: Batches, options: FitOptions): Promise<Part> {
  assertLeftOut(options, ['batchSize', 'sampleWeight'], `${OWN_BATCHES}, and are [x, y, sampleWeight]`);
  assertLeftOut(options, ['validationSplit'], 'divide it yourself: Dataset.take and skip');
  if (options.shuffle === true) assertLeftOut(options, ['shuffle'], 'it has an order of its own: Dataset.shuffle()');
  const { classWeight, signal } = options;
  const pass = model.position.epochs;
  return await prepareStream(model, 'fit', traceTrain, source, { classWeight, pass, signal });
}

// Samples to learn from and, where there are any in arrays, to measure by.
function arrayParts(model: Network, x: unknown, y: unknown, options: FitOptions, settings: Settings): Part[] {
  const compiled = model.compiled('fit');
  const all = model.readInputs(x);
  assertSome(all);
  const count = countOfRows(all);
  const targets = model.readTargets(y, count);
  const cut = splitAt(count, options);
  const batch = batchOf(options.batchSize ?? 32, cut);
  assertSteps(settings, Math.ceil(cut / batch));
  return buildFor(model, all, () => {
    const samples = samplesOf(model, all, targets, options);
    const plan = traceTrain(model, compiled, targetShapes(samples));
    assertTargets(model, compiled, plan, samples);
    const { validationData } = options;
    const aside = isStream(validationData) ? undefined : validationOf(model, all, targets, cut, options);
    const seen = rowsOfAll(samples).map((x) => part(x, 0, cut));
    const train = { plan, feed: new ArrayFeed(seen, batch, model.engine) };
    return aside ? [train, aside] : [train];
  });
}

/** Checked options. */
export interface Settings {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly stepsPerEpoch: number | undefined;
  readonly validationSteps: number | undefined;
  /** Whether to measure after the epoch of this number, counted from 0. */
  validates(epoch: number): boolean;
  readonly shuffle: boolean;
  readonly stopWhen: StopWhen;
  readonly callbacks: CallbackList;
  readonly progress: Progress;
  readonly verbose: number;
  readonly signal: AbortSignal | undefined;
}

function settingsOf(options: FitOptions): Settings {
  const { signal, verbose = 'auto' } = options;
  return {
    epochs: wholeNumber(options.epochs ?? 1, 'epochs', 0),
    initialEpoch: wholeNumber(options.initialEpoch ?? 0, 'initialEpoch', 0),
    stepsPerEpoch: optionalCount(options.stepsPerEpoch, 'stepsPerEpoch'),
    validationSteps: optionalCount(options.validationSteps, 'validationSteps'),
    validates: readFrequency(options.validationFreq ?? 1),
    shuffle: boolean(options.shuffle ?? true, 'shuffle'),
    stopWhen: readStopWhen(options.stopWhen ?? {}, 'fit'),
    callbacks: new CallbackList(options.callbacks ?? []),
    progress: progressOf(verbose),
    verbose: verbose === 'auto' ? 1 : verbose,
    signal: checkSignal(signal),
  };
}

function optionalCount(value: number | undefined, what: string): number | undefined {
  return value === undefined ? undefined : wholeNumber(value, what, 1);
}

function readFrequency(value: number | readonly number[]): (epoch: number) => boolean {
  if (!Array.isArray(value)) {
    const frequency = wholeNumber(value, 'validationFreq', 1);
    return (epoch) => (epoch + 1) % frequency === 0;
  }
  const epochs = new Set(value.map((epoch) => wholeNumber(epoch, 'validationFreq', 1)));
  return (epoch) => epochs.has(epoch + 1);
}

// Keras warns and has shorter epochs than were asked for.
function assertSteps({ stepsPerEpoch = 1 }: Settings, batches: number): void {
  if (stepsPerEpoch <= batches) return;
  throw fail('INVALID_VALUE', 'stepsPerEpoch', `at most ${batches}, the batches of the data`, String(stepsPerEpoch));
}

// As in Keras the last rows are set aside, before any shuffling.
function splitAt(count: number, { validationSplit = 0, validationData }: FitOptions): number {
  if (!(typeof validationSplit === 'number' && validationSplit >= 0 && validationSplit < 1)) {
    const expected = 'a number from 0 up to, not including, 1';
    throw fail('INVALID_VALUE', 'validationSplit', expected, describeValue(validationSplit));
  }
  if (validationSplit === 0 || validationData !== undefined) return count;
  const cut = Math.floor(count * (1 - validationSplit));
  if (cut > 0 && cut < count) return cut;
  const got = `${cut} of ${count} left for training`;
  throw fail('INVALID_VALUE', 'validationSplit', 'samples on both sides of the split', got);
}

function validationOf(
  model: Network,
  x: readonly Rows[],
  y: readonly (Rows | undefined)[],
  cut: number,
  options: FitOptions,
): Part | undefined {
  const { validationData, sampleWeight } = options;
  if (validationData !== undefined) return validationPart(model, validationData, options);
  const count = countOfRows(x);
  if (cut === count) return undefined;
  // As in Keras the weights of classes are for training alone.
  const samples = samplesOf(model, x, y, { sampleWeight });
  return partToMeasure(
    model,
    mapRows(samples, (all) => part(all, cut, count)),
    options,
  );
}

function validationPart(model: Network, data: unknown, options: FitOptions): Part {
  if (!Array.isArray(data) || data.length < 2 || data.length > 3) {
    throw fail('INVALID_VALUE', 'validationData', '[x, y], [x, y, sampleWeight] or a stream', describeValue(data));
  }
  const inputs = model.readInputs(data[0]);
  assertSome(inputs);
  const targets = model.readTargets(data[1], countOfRows(inputs));
  return partToMeasure(model, samplesOf(model, inputs, targets, { sampleWeight: data[2] }), options);
}

function partToMeasure(model: Network, samples: Samples, options: FitOptions): Part {
  const compiled = model.compiled('fit');
  const { batchSize = 32, validationBatchSize = batchSize } = options;
  const plan = traceEvaluate(model, compiled, targetShapes(samples));
  assertTargets(model, compiled, plan, samples);
  const batch = batchOf(validationBatchSize, countOfRows(samples.inputs));
  return { plan, feed: new ArrayFeed(rowsOfAll(samples), batch, model.engine) };
}
