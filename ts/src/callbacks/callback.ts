// What built-in callbacks are made of, and a start for one's own: a class that knows its model.

import { fail } from '../errors.js';
import type { Network } from '../models/network.js';
import { classNameOf } from '../units.js';
import type { CallbackHooks, CallbackParams } from './hooks.js';

/**
 * A callback with a model. Subclass it and write hooks such as `onEpochEnd(epoch, logs)`. Any object with hooks is a
 * callback as well; hooks for batches make `fit` stop after every step, so there are none here.
 */
export abstract class Callback implements CallbackHooks {
  #model: Network | undefined;
  #params: CallbackParams | undefined;

  /** The model in training. Throws INVALID_VALUE before `fit` has begun. */
  get model(): Network {
    return this.#model ?? this.#early('model');
  }

  /** What the run is like. Throws INVALID_VALUE before `fit` has begun. */
  get params(): CallbackParams {
    return this.#params ?? this.#early('params');
  }

  setModel(model: Network): void {
    this.#model = model;
  }

  setParams(params: CallbackParams): void {
    this.#params = params;
  }

  #early(what: string): never {
    throw fail('INVALID_VALUE', `${classNameOf(this)}.${what}`, 'a callback of a run', 'one that fit was not given');
  }
}
