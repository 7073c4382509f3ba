// Measures and saves with averaged weights, and trains with the others.

import { readOptions, readSwitch } from '../declaration.js';
import { fail } from '../errors.js';
import { Callback } from './callback.js';
import type { CallbackState } from './hooks.js';

/** Options of SwapEMAWeights. */
export interface SwapEMAWeightsOptions {
  /**
   * Whether the averages also stand in between epochs, for callbacks after this one, such as ModelCheckpoint. Default
   * false: only while validation runs.
   */
  swapOnEpoch?: boolean | undefined;
}

/** Puts an optimizer's averages in the place of the weights while the model is measured, and back for training. */
export class SwapEMAWeights extends Callback {
  readonly #onEpoch: boolean;
  #swapped = false;

  constructor(options: SwapEMAWeightsOptions = {}) {
    super();
    const given = readOptions('SwapEMAWeights', options, ['swapOnEpoch']);
    this.#onEpoch = readSwitch('SwapEMAWeights', 'swapOnEpoch', given.get('swapOnEpoch'), false);
  }

  onTrainBegin(): void {
    this.#swapped = false;
    this.#assertAverages();
  }

  async onTestBegin(): Promise<void> {
    await this.#swap(true);
  }

  async onTestEnd(): Promise<void> {
    await this.#swap(false);
  }

  async onEpochBegin(): Promise<void> {
    await this.#swap(false);
  }

  async onEpochEnd(): Promise<void> {
    if (this.#onEpoch) await this.#swap(true);
  }

  async onTrainEnd(): Promise<void> {
    await this.#swap(false);
  }

  stateDict(): CallbackState {
    return { swapped: this.#swapped };
  }

  loadStateDict({ swapped }: CallbackState): void {
    this.#swapped = swapped as boolean;
  }

  #assertAverages(): void {
    const { optimizer } = this.model;
    if (optimizer.averages) return;
    const hint = 'give it useEma: true';
    throw fail('INVALID_VALUE', 'SwapEMAWeights', 'an optimizer that averages weights', optimizer.className, hint);
  }

  async #swap(averages: boolean): Promise<void> {
    if (this.#swapped === averages) return;
    await this.model.optimizer.swapAverages(this.model.trainableWeights);
    this.#swapped = averages;
  }
}
