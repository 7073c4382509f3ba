// Saves the model while it trains: after epochs or batches, all of them or only the best.

import { readNumber, readOptions, readSwitch } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { folderOf, makeFolder } from '../io/folder.js';
import { Callback } from './callback.js';
import { readFrequency } from './frequency.js';
import type { CallbackHooks, CallbackState, Logs } from './hooks.js';
import { MONITOR_OPTIONS, Monitor, type MonitorOptions } from './monitor.js';
import { fillPath } from './path-template.js';

/** Options of ModelCheckpoint. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /**
   * Where to save. `{epoch}` (counted from 1), `{batch}` (with `saveFreq` in batches) and the keys of logs are filled in,
   * also in Python's formats: `'{epoch:02d}-{val_loss:.2f}.safetensors'`. Folders are made if need be.
   */
  filepath: string;
  /** Whether to save only what is better than all before; what was not measured is not. Default false. */
  saveBestOnly?: boolean | undefined;
  /** Whether to save the weights alone, for `loadWeights`, instead of a model for `loadModel`. Default false. */
  saveWeightsOnly?: boolean | undefined;
  /** After how many batches to save, or 'epoch' (the default). */
  saveFreq?: number | 'epoch' | undefined;
  /** What the first saved model must be better than, under `saveBestOnly`. Default none. */
  initialValueThreshold?: number | null | undefined;
}

const OWN = ['filepath', 'saveBestOnly', 'saveWeightsOnly', 'saveFreq', 'initialValueThreshold'];

/**
 * Saves the model or its weights. A file is replaced in one moment, so that a whole one is there whenever the process ends;
 * when saving fails (a full disk) `fit` rejects with FILE_IO and the file before stays. Files carry a checksum.
 */
export class ModelCheckpoint extends Callback {
  readonly #path: string;
  readonly #every: number | undefined;
  readonly #monitor: Monitor | undefined;
  readonly #weightsOnly: boolean;
  readonly #verbose: number;
  #best: number | null;
  #since = 0;
  #epoch = 0;
  onBatchEnd: CallbackHooks['onBatchEnd'];

  constructor(options: ModelCheckpointOptions) {
    super();
    const what = 'ModelCheckpoint';
    const given = readOptions(what, options, [...OWN, ...MONITOR_OPTIONS]);
    const path = given.get('filepath');
    if (typeof path !== 'string' || path === '') {
      throw fail('INVALID_VALUE', `${what}: filepath`, 'a path', describeValue(path));
    }
    this.#path = path;
    this.#every = readFrequency(what, given.get('saveFreq'));
    this.#verbose = readNumber(what, { name: 'verbose', default: 0, range: '[0, 2]' }, given.get('verbose')) as number;
    if (readSwitch(what, 'saveBestOnly', given.get('saveBestOnly'), false)) this.#monitor = new Monitor(what, given);
    this.#weightsOnly = readSwitch(what, 'saveWeightsOnly', given.get('saveWeightsOnly'), false);
    const threshold = { name: 'initialValueThreshold', default: null, range: '(-Infinity, Infinity)' };
    this.#best = readNumber(what, threshold, given.get('initialValueThreshold'));
    // Without the hook, `fit` need not stop after every step.
    if (this.#every !== undefined) this.onBatchEnd = this.#onBatchEnd;
  }

  onTrainBegin(): void {
    this.#monitor?.enter(this.params);
  }

  onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#every === undefined) await this.#save(epoch, { ...logs, epoch: epoch + 1 }, logs);
  }

  async #onBatchEnd(batch: number, logs: Logs): Promise<void> {
    this.#since++;
    if (this.#since < (this.#every as number)) return;
    this.#since = 0;
    await this.#save(this.#epoch, { ...logs, epoch: this.#epoch + 1, batch: batch + 1 }, logs);
  }

  async #save(epoch: number, places: Logs, logs: Logs): Promise<void> {
    const path = fillPath(this.#path, places);
    const value = this.#monitor?.value(logs);
    // What was not measured is no best. Keras saves it in the place of the best one.
    if (this.#monitor && (value === undefined || !this.#monitor.improves(value, this.#best))) {
      this.#monitor.say(`Epoch ${epoch + 1}: ${this.#monitor.key} did not improve from ${this.#best}`);
      return;
    }
    await makeFolder(folderOf(path));
    if (this.#weightsOnly) await this.model.saveWeights(path);
    else await this.model.save(path);
    this.#best = value ?? this.#best;
    if (this.#verbose > 0) console.log(`Epoch ${epoch + 1}: saved ${path}`);
  }

  stateDict(): CallbackState {
    return { best: this.#best, since: this.#since, epoch: this.#epoch };
  }

  loadStateDict({ best, since, epoch }: CallbackState): void {
    this.#best = best as number | null;
    this.#since = since as number;
    this.#epoch = epoch as number;
  }
}
