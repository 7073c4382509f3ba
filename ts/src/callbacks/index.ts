// What the public namespace `callbacks` holds: what a user runs during training. While a callback runs the model stands
// at a step boundary: it may be saved, read, evaluated and stopped.

import { assertOptions } from '../units.js';
import { type CallbackHooks, HOOKS } from './hooks.js';

export type { CallbackHooks, Logs } from './hooks.js';

/** A callback made of functions: `new callbacks.LambdaCallback({ onEpochEnd: (epoch, logs) => … })`. */
export class LambdaCallback implements CallbackHooks {
  onTrainBegin?: CallbackHooks['onTrainBegin'];
  onTrainEnd?: CallbackHooks['onTrainEnd'];
  onEpochBegin?: CallbackHooks['onEpochBegin'];
  onEpochEnd?: CallbackHooks['onEpochEnd'];
  onBatchBegin?: CallbackHooks['onBatchBegin'];
  onBatchEnd?: CallbackHooks['onBatchEnd'];

  constructor(hooks: CallbackHooks) {
    assertOptions('LambdaCallback', hooks, HOOKS);
    Object.assign(this, hooks);
  }
}
