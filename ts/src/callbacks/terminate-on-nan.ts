// Ends training when the loss is no longer a number.

import { readOptions, readSwitch } from '../declaration.js';
import { fail } from '../errors.js';
import { Callback } from './callback.js';
import type { Logs } from './hooks.js';

/** Options of TerminateOnNaN. */
export interface TerminateOnNaNOptions {
  /** Whether `fit` rejects with NON_FINITE, so that no callback's `onTrainEnd` is called. Default false. */
  raiseError?: boolean | undefined;
}

/**
 * Ends training after the step whose loss is NaN or infinite. An optimizer's `onNonFinite` comes before it: unless that
 * is 'propagate', a step with such gradients is refused ('throw', the default) or left out ('skip').
 */
export class TerminateOnNaN extends Callback {
  readonly #raises: boolean;

  constructor(options: TerminateOnNaNOptions = {}) {
    super();
    const given = readOptions('TerminateOnNaN', options, ['raiseError']);
    this.#raises = readSwitch('TerminateOnNaN', 'raiseError', given.get('raiseError'), false);
  }

  onBatchEnd(batch: number, { loss }: Logs): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.#raises) throw fail('NON_FINITE', `TerminateOnNaN: batch ${batch}`, 'a finite loss', String(loss));
    console.log(`Batch ${batch}: loss ${loss}, training ends`);
    this.model.stopTraining = true;
  }
}
