// Ends training when a number has stopped getting better.

import { readNumber, readOptions, readSwitch } from '../declaration.js';
import { wholeNumber } from '../numbers.js';
import { Callback } from './callback.js';
import type { CallbackState, Logs } from './hooks.js';
import { MONITOR_OPTIONS, Monitor, type MonitorOptions } from './monitor.js';

/** Options of EarlyStopping. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** By how much better a number must be to count as better. Default 0. */
  minDelta?: number | undefined;
  /** After how many epochs in a row without a better one to stop. Default 0: after the first. */
  patience?: number | undefined;
  /** What must be beaten besides the best epoch so far. Default none. */
  baseline?: number | null | undefined;
  /** Whether the weights become those of the best epoch at the end, whatever ended training. Default false. */
  restoreBestWeights?: boolean | undefined;
  /** The number of the first epoch to look at, counted from 0. Default 0. */
  startFromEpoch?: number | undefined;
}

const OPTIONS = ['minDelta', 'patience', 'baseline', 'restoreBestWeights', 'startFromEpoch', ...MONITOR_OPTIONS];

/** Stops training when the monitored number has stopped getting better (Keras 3's rule; NaN is never better). */
export class EarlyStopping extends Callback {
  readonly #monitor: Monitor;
  readonly #minDelta: number;
  readonly #patience: number;
  readonly #baseline: number | null;
  readonly #restores: boolean;
  readonly #start: number;
  #wait = 0;
  #best: number | null = null;
  #bestEpoch = 0;
  #bestWeights: Float32Array | null = null;
  /** The epoch after which it stopped training, or 0. */
  stoppedEpoch = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    const what = 'EarlyStopping';
    const given = readOptions(what, options, OPTIONS);
    this.#monitor = new Monitor(what, given);
    // The sign does not matter, as in Keras.
    const delta = { name: 'minDelta', default: 0, range: '(-Infinity, Infinity)' };
    this.#minDelta = Math.abs(readNumber(what, delta, given.get('minDelta')) as number);
    this.#patience = wholeNumber(given.get('patience') ?? 0, `${what}: patience`, 0);
    const baseline = { name: 'baseline', default: null, range: '(-Infinity, Infinity)' };
    this.#baseline = readNumber(what, baseline, given.get('baseline'));
    this.#restores = readSwitch(what, 'restoreBestWeights', given.get('restoreBestWeights'), false);
    this.#start = wholeNumber(given.get('startFromEpoch') ?? 0, `${what}: startFromEpoch`, 0);
  }

  onTrainBegin(): void {
    this.#monitor.enter(this.params);
    this.#wait = 0;
    this.#best = null;
    this.#bestEpoch = 0;
    this.#bestWeights = null;
    this.stoppedEpoch = 0;
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const value = this.#monitor.value(logs);
    if (value === undefined || epoch < this.#start) return;
    this.#wait++;
    const better = this.#monitor.improves(value, this.#best, this.#minDelta);
    if (this.#restores && (better || this.#bestWeights === null)) {
      this.#bestWeights = flat((await this.model.getWeights()).map(({ data }) => data));
      this.#bestEpoch = epoch;
    }
    if (better) {
      this.#best = value;
      this.#bestEpoch = epoch;
      if (this.#monitor.improves(value, this.#baseline, this.#minDelta)) this.#wait = 0;
    } else if (this.#wait >= this.#patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  async onTrainEnd(): Promise<void> {
    if (this.stoppedEpoch > 0) this.#monitor.say(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.#bestWeights === null) return;
    this.#monitor.say(`EarlyStopping: back to the weights of epoch ${this.#bestEpoch + 1}`);
    await this.model.setWeights(pieces(this.#bestWeights, this.model.weights));
  }

  stateDict(): CallbackState {
    const [wait, best, bestEpoch] = [this.#wait, this.#best, this.#bestEpoch];
    return { wait, best, bestEpoch, bestWeights: this.#bestWeights, stoppedEpoch: this.stoppedEpoch };
  }

  loadStateDict({ wait, best, bestEpoch, bestWeights, stoppedEpoch }: CallbackState): void {
    this.#wait = wait as number;
    this.#best = best as number | null;
    this.#bestEpoch = bestEpoch as number;
    this.#bestWeights = bestWeights as Float32Array | null;
    this.stoppedEpoch = stoppedEpoch as number;
  }
}

function flat(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let from = 0;
  for (const array of arrays) {
    all.set(array, from);
    from += array.length;
  }
  return all;
}

function pieces(all: Float32Array, weights: readonly { readonly shape: readonly number[]; readonly size: number }[]) {
  let from = 0;
  return weights.map(({ shape, size }) => {
    from += size;
    return { data: all.subarray(from - size, from), shape };
  });
}
