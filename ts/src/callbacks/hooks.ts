// The moments of training at which a user's code may run.

/** The loss and metrics so far, by their keys. */
export type Logs = Readonly<Record<string, number>>;

/** What `fit` calls, where it is there. A promise is waited for. */
export interface CallbackHooks {
  onTrainBegin?: (() => unknown) | undefined;
  onTrainEnd?: ((logs: Logs) => unknown) | undefined;
  /** Epochs count from 0. */
  onEpochBegin?: ((epoch: number) => unknown) | undefined;
  onEpochEnd?: ((epoch: number, logs: Logs) => unknown) | undefined;
  /** Batches count from 0 in every epoch. */
  onBatchBegin?: ((batch: number) => unknown) | undefined;
  /** `logs` are means over the epoch so far. */
  onBatchEnd?: ((batch: number, logs: Logs) => unknown) | undefined;
}

/** The name of a hook. */
export type Hook = keyof CallbackHooks;
/** All of them. */
export const HOOKS: readonly Hook[] = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
];
