// A callback out of single functions.

import { assertOptions } from '../units.js';
import { type CallbackHooks, HOOKS } from './hooks.js';

/** The functions of a LambdaCallback: every hook that is a moment of training. */
export type LambdaCallbackOptions = Omit<
  CallbackHooks,
  'setModel' | 'setParams' | 'stateDict' | 'loadStateDict' | 'keeper'
>;

/** A callback made of functions: `new callbacks.LambdaCallback({ onEpochEnd: (epoch, logs) => … })`. */
export class LambdaCallback implements CallbackHooks {
  onTrainBegin?: CallbackHooks['onTrainBegin'];
  onTrainEnd?: CallbackHooks['onTrainEnd'];
  onEpochBegin?: CallbackHooks['onEpochBegin'];
  onEpochEnd?: CallbackHooks['onEpochEnd'];
  onBatchBegin?: CallbackHooks['onBatchBegin'];
  onBatchEnd?: CallbackHooks['onBatchEnd'];
  onTrainBatchBegin?: CallbackHooks['onTrainBatchBegin'];
  onTrainBatchEnd?: CallbackHooks['onTrainBatchEnd'];
  onTestBegin?: CallbackHooks['onTestBegin'];
  onTestEnd?: CallbackHooks['onTestEnd'];

  constructor(hooks: LambdaCallbackOptions) {
    assertOptions('LambdaCallback', hooks, HOOKS);
    Object.assign(this, hooks);
  }
}
