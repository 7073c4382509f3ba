// Lowers the learning rate when a number has stopped getting better.

import { readNumber, readOptions, readWord } from '../declaration.js';
import { wholeNumber } from '../numbers.js';
import { Callback } from './callback.js';
import type { CallbackState, Logs } from './hooks.js';
import { MONITOR_OPTIONS, Monitor, type MonitorOptions } from './monitor.js';
import { rateOf } from './rate.js';

/** Options of ReduceLROnPlateau. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number | undefined;
  /** The number of epochs in a row without a better one that lowers the rate. Default 10. */
  patience?: number | undefined;
  /** By how much better a number must be to count as better. Default 1e-4. */
  minDelta?: number | undefined;
  /** Epochs after a reduction that are not counted. Default 0. */
  cooldown?: number | undefined;
  /** The rate never goes below this. Default 0. */
  minLr?: number | undefined;
  /** 'abs': `minDelta` is a difference; 'rel': a share of the best number. Default 'abs', PyTorch's is 'rel'. */
  thresholdMode?: 'abs' | 'rel' | undefined;
  /**
   * 'keras' (the default) lowers the rate in the epoch that makes `patience` bad ones; 'torch' in the one after it, and
   * not at all by less than 1e-8. Their counts during a cooldown differ by one epoch as well.
   */
  parity?: 'keras' | 'torch' | undefined;
}

const OPTIONS = ['factor', 'patience', 'minDelta', 'cooldown', 'minLr', 'thresholdMode', 'parity', ...MONITOR_OPTIONS];

/**
 * Multiplies the learning rate by `factor` when the monitored number has not become better for `patience` epochs, and
 * logs the rate as `learning_rate`. The rate must be a number, not a schedule.
 */
export class ReduceLROnPlateau extends Callback {
  readonly #monitor: Monitor;
  readonly #factor: number;
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #cooldown: number;
  readonly #minRate: number;
  readonly #relative: boolean;
  readonly #torch: boolean;
  #best: number | null = null;
  #wait = 0;
  #cooling = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    super();
    const what = 'ReduceLROnPlateau';
    const given = readOptions(what, options, OPTIONS);
    const number = (name: string, initial: number, range: string): number =>
      readNumber(what, { name, default: initial, range }, given.get(name)) as number;
    this.#monitor = new Monitor(what, given);
    this.#factor = number('factor', 0.1, '(0, 1)');
    this.#patience = wholeNumber(given.get('patience') ?? 10, `${what}: patience`, 0);
    this.#cooldown = wholeNumber(given.get('cooldown') ?? 0, `${what}: cooldown`, 0);
    // The sign does not matter, as in Keras.
    this.#minDelta = Math.abs(number('minDelta', 1e-4, '(-Infinity, Infinity)'));
    this.#minRate = number('minLr', 0, '[0, Infinity)');
    this.#torch = readWord(what, 'parity', ['keras', 'torch'], given.get('parity')) === 'torch';
    const modes = this.#torch ? ['rel', 'abs'] : ['abs', 'rel'];
    this.#relative = readWord(what, 'thresholdMode', modes, given.get('thresholdMode')) === 'rel';
  }

  onTrainBegin(): void {
    this.#monitor.enter(this.params);
    rateOf(this.model, 'ReduceLROnPlateau');
    this.#best = null;
    this.#wait = 0;
    this.#cooling = 0;
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const rate = rateOf(this.model, 'ReduceLROnPlateau');
    logs.learning_rate = rate;
    const value = this.#monitor.value(logs);
    if (value === undefined) return;
    const plateau = this.#torch ? this.#countAsTorch(value) : this.#count(value);
    if (!plateau) return;
    const lower = Math.max(rate * this.#factor, this.#minRate);
    const least = this.#torch ? 1e-8 : 0;
    if (rate - lower > least) {
      this.model.optimizer.learningRate = lower;
      this.#monitor.say(`Epoch ${epoch + 1}: learning rate reduced to ${lower}`);
    } else if (!this.#torch) {
      return;
    }
    this.#cooling = this.#cooldown;
    this.#wait = 0;
  }

  // Whether the patience is over. The epoch that ends a cooldown counts already.
  #count(value: number): boolean {
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#wait = 0;
    }
    if (this.#isBetter(value)) this.#wait = 0;
    else if (this.#cooling === 0) this.#wait++;
    else return false;
    return this.#wait >= Math.max(1, this.#patience);
  }

  #countAsTorch(value: number): boolean {
    this.#wait = this.#isBetter(value) ? 0 : this.#wait + 1;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#wait = 0;
    }
    return this.#wait > this.#patience;
  }

  #isBetter(value: number): boolean {
    const best = this.#best;
    // Relative to the best number itself, whose sign PyTorch does not look at either.
    const delta = this.#relative && best !== null ? this.#minDelta * best : this.#minDelta;
    if (!this.#monitor.improves(value, best, delta)) return false;
    this.#best = value;
    return true;
  }

  stateDict(): CallbackState {
    return { best: this.#best, wait: this.#wait, cooling: this.#cooling };
  }

  loadStateDict({ best, wait, cooling }: CallbackState): void {
    this.#best = best as number | null;
    this.#wait = wait as number;
    this.#cooling = cooling as number;
  }
}
