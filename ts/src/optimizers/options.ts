// The options that every optimizer takes besides numbers.

import type { SharedOptions } from '../generated/shared.js';
import type { Wrapper } from '../wrappers/wrapper.js';
import type { StateDtype } from './coded.js';
import type { HyperValue } from './hyper.js';
import type { Optimizer } from './optimizer.js';
import type { OnNonFinite } from './read.js';

/** Names of variables: those that contain a text, match a pattern, or of which a function says true. */
export type NamePattern = string | RegExp | ((name: string) => boolean);

/** What weight decay is. */
export type WeightDecayMode = 'decoupled' | 'coupled' | 'independent';

/** An optimizer's options as plain data, for JSON. */
export type OptimizerConfig = Record<string, unknown>;

/** The options that every optimizer takes. At most one of `clipnorm`, `clipvalue`, `globalClipnorm` may be given. */
export interface OptimizerOptions extends SharedOptions {
  /** A name for the optimizer. Unless given: its class in lower case. */
  name?: string | undefined;
  /** Variables without weight decay, by their names. */
  excludeFromWeightDecay?: readonly NamePattern[] | undefined;
  /**
   * What happens when a gradient is NaN or infinite. `'throw'` refuses the step with an error that names the variable,
   * `'skip'` leaves the step out, `'propagate'` goes on as Keras does. In the first two nothing was changed.
   * Unless given: `'throw'`.
   */
  onNonFinite?: OnNonFinite | undefined;
  /** Goes up instead of down: gradients change their sign before anything else. Unless given: false. */
  maximize?: boolean | undefined;
  /**
   * What weight decay is: `'decoupled'` takes `learningRate * weightDecay` of a variable away before each update,
   * `'independent'` takes `weightDecay`, `'coupled'` adds `weightDecay * w` to the gradient, after clipping (L2
   * regularisation). Unless given: what the rule or `parity` has.
   */
  weightDecayMode?: WeightDecayMode | undefined;
  /**
   * How the rule's state of a variable's size is kept: `'float32'`, `'bfloat16'` (half the memory), or `'int8'` (a byte each
   * and a scale for each 256: a quarter). Fewer bits are rounded at random, so that small changes of a mean count in the
   * long run; the same numbers on every engine. For rules that go element by element, and meant for means of gradients:
   * state that is itself weights (of ASGD, ScheduleFreeAdamW, MADGRAD) needs all its digits. Unless given: `'float32'`.
   * Dettmers et al. 2022, https://arxiv.org/abs/2110.02861; here a byte is a small float, and all state is rounded at random.
   */
  stateDtype?: StateDtype | undefined;
  /**
   * What a gradient of rows (`{ indices, values }`, or that of an `ops.gather` of the variable) does to the other rows: with
   * `true` they and their state stay as they are, weight decay included; else all is as with the dense gradient, bit for bit.
   * For rules that go element by element, and not together with `gradientAccumulationSteps` or wrappers other than means of
   * weights. Unless given: false, but true of `SparseAdam`.
   */
  lazy?: boolean | undefined;
  /**
   * Keeps a running mean of the weights, which they become at the end of `fit`: short for the last of `wrappers` being an
   * `ExponentialMovingAverage`. Unless given: false.
   */
  useEma?: boolean | undefined;
  /** Part of the mean that stays. Unless given: 0.99. Range: [0, 1]. */
  emaMomentum?: HyperValue | undefined;
  /** After every so many updates the weights become the mean. Off unless given. Range: [1, Infinity). */
  emaOverwriteFrequency?: HyperValue | null | undefined;
  /**
   * Steps whose gradients, averaged, make one update. `iterations`, schedules and means count updates; in Keras schedules
   * and means count steps (see `countMicroSteps`). Off unless given; 2 or more.
   */
  gradientAccumulationSteps?: number | null | undefined;
  /** Whether schedules and the mean of the weights count steps that make no update, as in Keras. Unless given: false. */
  countMicroSteps?: boolean | undefined;
  /**
   * The loss is multiplied by this before its gradients are taken, and these are divided by it: those given to
   * `applyGradients` must be of such a loss. Off unless given. Range: (0, Infinity).
   */
  lossScaleFactor?: number | null | undefined;
  /**
   * The same with a factor that adapts: true, or how. A step whose gradients overflow is left out and lowers the factor.
   * As Keras's `LossScaleOptimizer`. Unless given: false.
   */
  dynamicLossScale?: boolean | LossScaleOptions | null | undefined;
  /** Whether `updateNorm` is measured, which costs a copy of the variables and two passes. Unless given: false. */
  measureUpdates?: boolean | undefined;
  /** What lies around the rule, in order: `[new wrappers.Lookahead()]`. Each at most once. */
  wrappers?: readonly Wrapper[] | undefined;
  /** Variables with numbers, or an optimizer, of their own. A variable is in the first group that matches it, or in none. */
  groups?: readonly OptimizerGroup[] | undefined;
}

/** How a loss scale adapts. */
export interface LossScaleOptions {
  /** The first factor. Unless given: 32768. */
  initialScale?: number | undefined;
  /** Good steps one after the other after which the factor grows. Unless given: 2000. */
  growthSteps?: number | undefined;
  /** What it grows by. Unless given: 2. */
  growth?: number | undefined;
  /** What it is multiplied with after gradients that are not finite. Unless given: 0.5. */
  backoff?: number | undefined;
  /** Its least value, at which gradients that are not finite meet `onNonFinite`. Unless given: 1 (Keras: none). */
  minimum?: number | undefined;
  /** Its largest value. Unless given: 16777216 (Keras: none). */
  maximum?: number | undefined;
}

/** Variables that are treated in a way of their own. */
export interface OptimizerGroup {
  /** Which variables, by their names. */
  match: NamePattern | readonly NamePattern[];
  /** Whether they stay as they are. Unless given: false. */
  frozen?: boolean | undefined;
  /** Another optimizer for them; its own `groups`, accumulation and loss scale do not count. */
  optimizer?: Optimizer | undefined;
  /** Numbers that differ from the optimizer's, such as `learningRate` or `weightDecay`. */
  [number: string]: unknown;
}
