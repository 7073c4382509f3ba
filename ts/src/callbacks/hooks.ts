// The moments of training at which a user's code may run, and what a callback may do besides.

import type { Network } from '../models/network.js';
import type { Run } from '../models/standing.js';

/**
 * The loss and metrics so far, by their keys. What `onEpochEnd` adds to them, such as a `learning_rate`, the history and
 * later callbacks have as well.
 */
export type Logs = Record<string, number>;

/** What a run of `fit` is like, as callbacks are told before it begins. */
export interface CallbackParams {
  /** The number after the last epoch. */
  readonly epochs: number;
  /** Steps of an epoch, where that is known; the last one of a pass over the data may have fewer. */
  readonly steps: number | undefined;
  readonly verbose: number;
  /** Whether epochs are measured by other data: whether there are keys that begin with `val_`. */
  readonly validation: boolean;
}

/** What a callback remembers: JSON, with a Float32Array where there are many numbers. */
export type CallbackState = Record<string, unknown>;

/** What `fit` calls, where it is there. A promise is waited for. */
export interface CallbackHooks {
  /** Called first of all, with the model in training. */
  setModel?: ((model: Network) => unknown) | undefined;
  /** Called before `onTrainBegin`. */
  setParams?: ((params: CallbackParams) => unknown) | undefined;
  onTrainBegin?: (() => unknown) | undefined;
  onTrainEnd?: ((logs: Logs) => unknown) | undefined;
  /** Epochs count from 0. An epoch that a backup takes up in its middle does not begin again. */
  onEpochBegin?: ((epoch: number) => unknown) | undefined;
  onEpochEnd?: ((epoch: number, logs: Logs) => unknown) | undefined;
  /** Batches count from 0 in every epoch. */
  onBatchBegin?: ((batch: number) => unknown) | undefined;
  /** `logs` are means over the epoch so far. */
  onBatchEnd?: ((batch: number, logs: Logs) => unknown) | undefined;
  /** Another name of `onBatchBegin`. */
  onTrainBatchBegin?: ((batch: number) => unknown) | undefined;
  /** Another name of `onBatchEnd`. */
  onTrainBatchEnd?: ((batch: number, logs: Logs) => unknown) | undefined;
  /** Before the validation of an epoch. */
  onTestBegin?: (() => unknown) | undefined;
  /** After it, with what it measured. */
  onTestEnd?: ((logs: Logs) => unknown) | undefined;
  /** What a backup keeps of the callback, so that a resumed run goes on as if nothing had been. */
  stateDict?: (() => CallbackState) | undefined;
  /** Takes over what `stateDict` gave; called after `onTrainBegin`. */
  loadStateDict?: ((state: CallbackState) => unknown) | undefined;
  /** @internal */
  keeper?: Keeper | undefined;
}

/** Writes down where a run stands, and takes it up there again. */
export interface Keeper {
  /** After how many steps it wants to write; Infinity where only after epochs. */
  stepsLeft(): number;
  /** After every callback's `onTrainBegin`. */
  resume(run: Run): Promise<void>;
  /** At a step boundary, after all callbacks: `steps` were made since the last, or an epoch has ended. */
  keep(run: Run, steps: number | 'epoch'): Promise<void>;
  /** After every callback's `onTrainEnd`. */
  finish(): Promise<void>;
}

/** The hooks that are moments of training. */
export const HOOKS = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestEnd',
] as const;
/** The name of one. */
export type Hook = (typeof HOOKS)[number];
