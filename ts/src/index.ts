// The public API, the same for every runtime. An entry (index.node, index.browser …) says how engines are loaded.

export * as callbacks from './callbacks/index.js';
export {
  type CheckGradientsOptions,
  checkGradients,
  type GradientReport,
} from './check-gradients.js';
export * as constraints from './constraints/index.js';
export * as datasets from './data/index.js';
export type { EngineInfo } from './engine/engine.js';
export {
  engineInfo,
  type ReadyOptions,
  ready,
  type WasmPart,
  type WasmSource,
  type WorkerLike,
} from './engine/load.js';
export { CODES, DescendError, type ErrorCode } from './errors.js';
export {
  type Gradient,
  grad,
  type LossFunction,
  type MinimizeOptions,
  type MinimizeResult,
  type MinimizeStep,
  minimize,
  type RandomOptions,
  valueAndGrad,
} from './functions.js';
export * from './generated/more-optimizers.js';
export * from './generated/optimizers.js';
export type { Axes } from './graph/axes.js';
export type { CrossEntropyOptions } from './graph/classes.js';
export type { ConvOptions, Padding, Sizes, WindowOptions } from './graph/convolution.js';
export type { GradientRule } from './graph/custom.js';
export type { Batch, Dim, Shape } from './graph/dims.js';
export type { Binary, Unary } from './graph/elementwise.js';
export * as ops from './graph/ops.js';
export type { ScanBody, ScanOptions } from './graph/scan.js';
export type { Captured, DType, Nested, Operand, Stored, Tensor } from './graph/tensor.js';
export * as initializers from './initializers/index.js';
export type { Source } from './io/file.js';
export * from './layers/index.js';
export * as losses from './losses/index.js';
export { type Floats, type Numbers, variable } from './make-variable.js';
export * as metrics from './metrics/index.js';
export * from './models/index.js';
export type { Verbose } from './models/watch.js';
export type { ApplyOptions, GradientPair, StepReport } from './optimizers/apply.js';
export type { Values } from './optimizers/averages.js';
export type { StateDtype } from './optimizers/coded.js';
export type { AfterStep, BeforeStep } from './optimizers/hooks.js';
export * as optimizers from './optimizers/index.js';
export type { Optimizer } from './optimizers/optimizer.js';
export type {
  LossScaleOptions,
  NamePattern,
  OptimizerConfig,
  OptimizerGroup,
  OptimizerOptions,
} from './optimizers/options.js';
export type { RowGradient } from './optimizers/rows.js';
export type { StateDict, StatePieces } from './optimizers/state.js';
export { hessianVectorProduct, jacobianVectorProduct } from './products.js';
export type { Verbosity } from './progress.js';
export * as regularizers from './regularizers/index.js';
export * as schedules from './schedules/index.js';
export { setSeed } from './seed.js';
export type { StopWhen } from './stop.js';
export type { Config, Serialized, Unit } from './units.js';
export type { Elements, Variable, VariableOptions } from './variable.js';
export * as wrappers from './wrappers/index.js';
