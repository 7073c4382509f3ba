// Models: what `index.ts` passes on.

export type { Batches, SampleBatch, SampleBatches, TrainingBatch } from './batches.js';
export type { CompileOptions } from './compiled.js';
export type { Composite, NetworkOptions } from './composite.js';
export type { SaveOptions } from './encode.js';
export type { EvaluateOptions } from './evaluate.js';
export type { FitOptions } from './fit.js';
export type { History, StopReason } from './history.js';
export { type LoadOptions, loadModel, modelFromConfig } from './load.js';
export type { MemoryEstimate, MemoryOptions } from './memory.js';
export {
  type Ends,
  type Metrics,
  Model,
  type ModelCompileOptions,
  type ModelOptions,
  type Predictions,
} from './model.js';
export type { Network } from './network.js';
export type { Prediction, PredictOptions } from './predict.js';
export type { ArrayLikeData, ArraysLikeData } from './rows.js';
export type { ClassWeight, SampleWeights } from './sample-weights.js';
export { Sequential, type SequentialOptions } from './sequential.js';
export type { Structure } from './structure.js';
export type { WeightData } from './weights.js';
export { loadWeights } from './weights-file.js';
