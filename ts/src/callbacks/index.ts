// What the public namespace `callbacks` holds: what a user runs during training. While a callback runs the model stands
// at a step boundary: it may be saved, read, evaluated and stopped.

export { BackupAndRestore, type BackupAndRestoreOptions } from './backup-and-restore.js';
export { Callback } from './callback.js';
export { CSVLogger, type CSVLoggerOptions } from './csv-logger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js';
export type { CallbackHooks, CallbackParams, CallbackState, Logs } from './hooks.js';
export { LambdaCallback, type LambdaCallbackOptions } from './lambda.js';
export { LearningRateScheduler, type LearningRateSchedulerOptions } from './learning-rate-scheduler.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js';
export type { Mode, MonitorOptions } from './monitor.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.js';
export { SwapEMAWeights, type SwapEMAWeightsOptions } from './swap-ema-weights.js';
export { TensorBoard, type TensorBoardOptions } from './tensor-board/tensor-board.js';
export { TerminateOnNaN, type TerminateOnNaNOptions } from './terminate-on-nan.js';
