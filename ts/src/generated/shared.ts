// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { Hyper } from '../declaration.js';
import type { HyperValue } from '../optimizers/hyper.js';

/** The numbers that every optimizer takes; each has a `learningRate` of its own besides. */
export interface SharedOptions {
  /**
   * Weight decay: unless told otherwise by `weightDecayMode` or `parity`, before each update
   * `w -= learningRate * weightDecay * w`.
   * Off unless given. Range: [0, Infinity).
   */
  weightDecay?: HyperValue | null | undefined;
  /**
   * Each gradient is scaled down to at most this L2 norm.
   * Off unless given. Range: (0, Infinity).
   */
  clipnorm?: HyperValue | null | undefined;
  /**
   * Each element of a gradient is clamped to ± this.
   * Off unless given. Range: (0, Infinity).
   */
  clipvalue?: HyperValue | null | undefined;
  /**
   * All gradients together are scaled down to at most this L2 norm.
   * Off unless given. Range: (0, Infinity).
   */
  globalClipnorm?: HyperValue | null | undefined;
}

/** All that are shared, in the order in which the engine wants them: before the optimizer's own. */
export const SHARED: readonly Hyper[] = [
  { name: 'learningRate', range: '[0, Infinity)' },
  { name: 'weightDecay', default: null, range: '[0, Infinity)' },
  { name: 'clipnorm', default: null, range: '(0, Infinity)' },
  { name: 'clipvalue', default: null, range: '(0, Infinity)' },
  { name: 'globalClipnorm', default: null, range: '(0, Infinity)' },
];

/** The names of all optimizers, between spaces: for those whose classes are not at hand. */
export const OPTIMIZER_NAMES =
  'SGD Momentum RMSprop Adam AdamW SparseAdam Adadelta Adagrad Adamax Nadam Ftrl Lion ScheduleFreeAdamW ScheduleFreeSGD RAdam ASGD Rprop AdaBelief Yogi Adan ADOPT AdEMAMix SimplifiedAdEMAMix SignSGD Signum MADGRAD OptimisticGradientDescent OptimisticAdam COCOB Lamb LARS NovoGrad Fromage Adafactor SM3 StableAdamW Muon SOAP DoG DoWG Prodigy DAdaptAdamW PolyakSGD MoMo MoMoAdam LBFGS Sophia';
