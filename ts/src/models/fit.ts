// Training: epochs of steps over the rows of a user's data, in a seeded order, with callbacks and rules to stop. What can
// be refused is refused before anything changes; the steps themselves run in the engine, many per crossing.

import type { CallbackHooks } from '../callbacks/index.js';
import { CallbackList } from '../callbacks/list.js';
import { describeValue, fail } from '../errors.js';
import { boolean, wholeNumber } from '../numbers.js';
import type { Progress } from '../progress.js';
import { readStopWhen, type StopWhen } from '../stop.js';
import { assertOptions } from '../units.js';
import { assertTargets, buildFor } from './evaluate.js';
import type { History } from './history.js';
import type { Network } from './network.js';
import { type TracedWithLoss, traceEvaluate, traceTrain } from './plans.js';
import { type ArrayLikeData, assertSome, batchOf, inputsOf, part, type Rows, targetsOf } from './rows.js';
import { Training } from './training.js';
import { releaseAll, sendAll } from './upload.js';
import { checkSignal, progressOf, type Verbose } from './watch.js';

/** Options of `fit`. */
export interface FitOptions {
  /** Passes over the data. Default 1. */
  epochs?: number;
  /** Samples per step; the last step of an epoch may have fewer. Default 32. */
  batchSize?: number;
  /** The share of samples, the last ones, set aside before shuffling to measure each epoch by. Default 0. */
  validationSplit?: number;
  /** Samples and targets to measure each epoch by. */
  validationData?: readonly [x: ArrayLikeData, y: ArrayLikeData];
  /** Whether each epoch visits the samples in another order, drawn from the model's seed. Default true. */
  shuffle?: boolean;
  /** The number of the first epoch, for logs; `epochs` is the number after the last one. Default 0. */
  initialEpoch?: number;
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
  'verbose',
  'callbacks',
  'stopWhen',
  'signal',
];

/** Samples, targets, and the plan that runs over them. */
export interface Part {
  readonly inputs: Rows;
  readonly targets: Rows;
  readonly plan: TracedWithLoss;
}

/** `model.fit`. Everything up to the first `await` happens at the call: checks, tracing, copies of the data. */
export async function runFit(
  model: Network,
  x: ArrayLikeData,
  y: ArrayLikeData,
  options: FitOptions,
): Promise<History> {
  assertOptions('fit', options, OPTIONS);
  const compiled = model.compiled('fit');
  const settings = settingsOf(options);
  const all = inputsOf(x, model.built ? model.inputShape : undefined);
  assertSome(all);
  const targets = targetsOf(y, all.count);
  const cut = splitAt(all.count, options);
  const inputs = part(all, 0, cut);
  const batch = batchOf(options.batchSize ?? 32, inputs.count);
  const [train, validation] = buildFor(model, all, () => {
    const plan = traceTrain(model, compiled, targets.shape);
    assertTargets(model, compiled, plan, targets);
    return [{ inputs, targets: part(targets, 0, cut), plan }, validationOf(model, all, targets, cut, options)];
  });
  model.stopTraining = false;
  const parts = validation ? [train, validation] : [train];
  const uploads = sendAll(
    parts.flatMap(({ inputs, targets }) => [inputs, targets]),
    model.engine,
  );
  try {
    const work = {
      batch,
      train: { ...train, uploads: uploads.slice(0, 2) },
      validation: validation && { ...validation, uploads: uploads.slice(2) },
    };
    return await new Training(model, compiled, settings, work).run();
  } finally {
    releaseAll(uploads);
  }
}

/** Checked options. */
export interface Settings {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly shuffle: boolean;
  readonly stopWhen: StopWhen;
  readonly callbacks: CallbackList;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
}

function settingsOf(options: FitOptions): Settings {
  const { signal, verbose = 'auto' } = options;
  return {
    epochs: wholeNumber(options.epochs ?? 1, 'epochs', 0),
    initialEpoch: wholeNumber(options.initialEpoch ?? 0, 'initialEpoch', 0),
    shuffle: boolean(options.shuffle ?? true, 'shuffle'),
    stopWhen: readStopWhen(options.stopWhen ?? {}, 'fit'),
    callbacks: new CallbackList(options.callbacks ?? []),
    progress: progressOf(verbose),
    signal: checkSignal(signal),
  };
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

function validationOf(model: Network, x: Rows, y: Rows, cut: number, options: FitOptions): Part | undefined {
  const { validationData } = options;
  const compiled = model.compiled('fit');
  if (validationData === undefined) {
    if (cut === x.count) return undefined;
    const targets = part(y, cut, y.count);
    return { inputs: part(x, cut, x.count), targets, plan: traceEvaluate(model, compiled, y.shape) };
  }
  if (!Array.isArray(validationData) || validationData.length !== 2) {
    throw fail('INVALID_VALUE', 'validationData', '[x, y]', describeValue(validationData));
  }
  const inputs = inputsOf(validationData[0], model.inputShape);
  assertSome(inputs);
  const targets = targetsOf(validationData[1], inputs.count);
  const plan = traceEvaluate(model, compiled, targets.shape);
  assertTargets(model, compiled, plan, targets);
  return { inputs, targets, plan };
}
