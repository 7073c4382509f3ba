// A learning rate for every epoch, by a function of one's own.

import { readNumber, readOptions } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { Callback } from './callback.js';
import type { Logs } from './hooks.js';
import { rateOf } from './rate.js';

/** Options of LearningRateScheduler. */
export interface LearningRateSchedulerOptions {
  /** The rate of an epoch (counted from 0), from the rate before it. */
  schedule: (epoch: number, learningRate: number) => number;
  /** 1 prints a line for each epoch. Default 0. */
  verbose?: number | undefined;
}

/**
 * Sets the optimizer's learning rate when an epoch begins, and logs it as `learning_rate`. For rates that follow the
 * steps, and for those that are known beforehand, a schedule as the optimizer's `learningRate` is faster.
 */
export class LearningRateScheduler extends Callback {
  readonly #schedule: LearningRateSchedulerOptions['schedule'];
  readonly #verbose: number;

  constructor(options: LearningRateSchedulerOptions) {
    super();
    const what = 'LearningRateScheduler';
    const given = readOptions(what, options, ['schedule', 'verbose']);
    const schedule = given.get('schedule');
    if (typeof schedule !== 'function') {
      throw fail('INVALID_VALUE', `${what}: schedule`, 'a function of epoch and rate', describeValue(schedule));
    }
    this.#schedule = schedule as LearningRateSchedulerOptions['schedule'];
    this.#verbose = readNumber(what, { name: 'verbose', default: 0, range: '[0, 2]' }, given.get('verbose')) as number;
  }

  onTrainBegin(): void {
    rateOf(this.model, 'LearningRateScheduler');
  }

  onEpochBegin(epoch: number): void {
    const rate: unknown = this.#schedule(epoch, rateOf(this.model, 'LearningRateScheduler'));
    if (typeof rate !== 'number') {
      throw fail('INVALID_VALUE', `LearningRateScheduler: epoch ${epoch}`, 'a number', describeValue(rate));
    }
    this.model.optimizer.learningRate = rate;
    if (this.#verbose > 0) console.log(`Epoch ${epoch + 1}: learning rate ${rate}`);
  }

  onEpochEnd(_: number, logs: Logs): void {
    logs.learning_rate = rateOf(this.model, 'LearningRateScheduler');
  }
}
