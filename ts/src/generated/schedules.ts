// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { Declaration } from '../declaration.js';
import { Schedule } from '../schedules/schedule.js';

/** Options of {@link ExponentialDecay}. */
export interface ExponentialDecayOptions {
  /**
   * The rate of the first step.
   * Required. Range: [0, Infinity).
   */
  initialLearningRate: number;
  /**
   * Steps over which the rate falls by one factor.
   * Required. Range: (0, Infinity).
   */
  decaySteps: number;
  /**
   * The factor.
   * Required. Range: [0, Infinity).
   */
  decayRate: number;
  /**
   * Where the rate stays once it has got there.
   * Off unless given. Range: [0, Infinity).
   */
  endLearningRate?: number | null | undefined;
  /**
   * Falls at once at the end of every `decaySteps` steps instead of a little at each.
   * Unless given: false.
   */
  staircase?: boolean | undefined;
}

/**
 * The rate falls by a constant factor every `decaySteps` steps: `initial · decayRate^(step / decaySteps)`.
 *
 * Keras's rule, where steps are counted from 0; `endLearningRate` is Optax's `end_value`.
 */
export class ExponentialDecay extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'ExponentialDecay',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'decaySteps', range: '(0, Infinity)' },
      { name: 'decayRate', range: '[0, Infinity)' },
      { name: 'endLearningRate', default: null, range: '[0, Infinity)' },
    ],
    options: { staircase: false },
  };

  constructor(options: ExponentialDecayOptions) {
    super(ExponentialDecay.declaration, options);
  }
}

/** Options of {@link InverseTimeDecay}. */
export interface InverseTimeDecayOptions {
  /**
   * The rate of the first step.
   * Required. Range: [0, Infinity).
   */
  initialLearningRate: number;
  /**
   * Steps that count as one unit of time.
   * Required. Range: (0, Infinity).
   */
  decaySteps: number;
  /**
   * How fast it falls.
   * Required. Range: [0, Infinity).
   */
  decayRate: number;
  /**
   * Falls at once at the end of every `decaySteps` steps instead of a little at each.
   * Unless given: false.
   */
  staircase?: boolean | undefined;
}

/**
 * The rate falls as one over the time: `initial / (1 + decayRate · step / decaySteps)`.
 *
 * Keras's rule, where steps are counted from 0.
 */
export class InverseTimeDecay extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'InverseTimeDecay',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'decaySteps', range: '(0, Infinity)' },
      { name: 'decayRate', range: '[0, Infinity)' },
    ],
    options: { staircase: false },
  };

  constructor(options: InverseTimeDecayOptions) {
    super(InverseTimeDecay.declaration, options);
  }
}

/** Options of {@link PolynomialDecay}. */
export interface PolynomialDecayOptions {
  /**
   * The rate of the first step.
   * Required. Range: [0, Infinity).
   */
  initialLearningRate: number;
  /**
   * Steps of the fall.
   * Required. Range: (0, Infinity).
   */
  decaySteps: number;
  /**
   * The last rate.
   * Unless given: 0.0001. Range: [0, Infinity).
   */
  endLearningRate?: number | undefined;
  /**
   * 1 is a straight line.
   * Unless given: 1. Range: [0, Infinity).
   */
  power?: number | undefined;
  /**
   * Starts to fall again, ever more slowly, instead of staying at the last rate.
   * Unless given: false.
   */
  cycle?: boolean | undefined;
}

/**
 * The rate falls as a power of the time that is left: `(initial − end) · (1 − step / decaySteps)^power + end`, and stays.
 *
 * With `cycle`, `decaySteps` becomes its next multiple whenever it is reached.
 * Keras's rule, where steps are counted from 0. PyTorch's `PolynomialLR` ends at 0 after 5 steps unless told.
 */
export class PolynomialDecay extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'PolynomialDecay',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'decaySteps', range: '(0, Infinity)' },
      { name: 'endLearningRate', default: 0.0001, range: '[0, Infinity)' },
      { name: 'power', default: 1, range: '[0, Infinity)' },
    ],
    options: { cycle: false },
  };

  constructor(options: PolynomialDecayOptions) {
    super(PolynomialDecay.declaration, options);
  }
}

/** Options of {@link CosineDecay}. */
export interface CosineDecayOptions {
  /**
   * The rate of the first step.
   * Required. Range: [0, Infinity).
   */
  initialLearningRate: number;
  /**
   * Steps of the fall, the warm-up not counted.
   * Required. Range: (0, Infinity).
   */
  decaySteps: number;
  /**
   * The last rate as a part of the highest one.
   * Unless given: 0. Range: [0, Infinity).
   */
  alpha?: number | undefined;
  /**
   * The highest rate, reached by the warm-up. Without it there is none.
   * Off unless given. Range: [0, Infinity).
   */
  warmupTarget?: number | null | undefined;
  /**
   * Steps of the warm-up.
   * Unless given: 0. Range: [0, Infinity).
   */
  warmupSteps?: number | undefined;
  /**
   * Power to which the half cosine is raised.
   * Unless given: 1. Range: (0, Infinity).
   */
  exponent?: number | undefined;
}

/**
 * The rate falls along half a cosine, after a linear warm-up on request.
 *
 * For the first `warmupSteps` steps from `initialLearningRate` to `warmupTarget` in equal parts, then with
 * `x = min(step − warmupSteps, decaySteps) / decaySteps`: `peak · ((1 − alpha)·((1 + cos πx)/2)^exponent + alpha)`.
 * Loshchilov & Hutter 2016, equation 5, https://arxiv.org/abs/1608.03983
 *
 * Keras's rule, where steps are counted from 0 and `warmupSteps` counts only with a `warmupTarget`; the exponent
 * is Optax's.
 */
export class CosineDecay extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'CosineDecay',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'decaySteps', range: '(0, Infinity)' },
      { name: 'alpha', default: 0, range: '[0, Infinity)' },
      { name: 'warmupTarget', default: null, range: '[0, Infinity)' },
      { name: 'warmupSteps', default: 0, range: '[0, Infinity)' },
      { name: 'exponent', default: 1, range: '(0, Infinity)' },
    ],
    options: {},
  };

  constructor(options: CosineDecayOptions) {
    super(CosineDecay.declaration, options);
  }
}

/** Options of {@link CosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /**
   * The rate of the first step.
   * Required. Range: [0, Infinity).
   */
  initialLearningRate: number;
  /**
   * Steps of the first period.
   * Required. Range: (0, Infinity).
   */
  firstDecaySteps: number;
  /**
   * How much longer than the one before each period is.
   * Unless given: 2. Range: [1, Infinity).
   */
  tMul?: number | undefined;
  /**
   * How high each peak is compared with the one before.
   * Unless given: 1. Range: [0, Infinity).
   */
  mMul?: number | undefined;
  /**
   * The lowest rate as a part of the initial one.
   * Unless given: 0. Range: [0, Infinity).
   */
  alpha?: number | undefined;
}

/**
 * The rate falls along half a cosine again and again, in periods that may grow, from peaks that may sink.
 *
 * Period `i` has `firstDecaySteps · tMul^i` steps; at a part `x` of it the rate is
 * `initial · ((1 − alpha) · mMul^i · (1 + cos πx)/2 + alpha)`.
 * Loshchilov & Hutter 2016, equation 5 with warm restarts, https://arxiv.org/abs/1608.03983
 *
 * Keras's rule. PyTorch's `CosineAnnealingWarmRestarts` has `mMul` 1 and gives `etaMin` instead of `alpha`.
 */
export class CosineDecayRestarts extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'CosineDecayRestarts',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'firstDecaySteps', range: '(0, Infinity)' },
      { name: 'tMul', default: 2, range: '[1, Infinity)' },
      { name: 'mMul', default: 1, range: '[0, Infinity)' },
      { name: 'alpha', default: 0, range: '[0, Infinity)' },
    ],
    options: {},
  };

  constructor(options: CosineDecayRestartsOptions) {
    super(CosineDecayRestarts.declaration, options);
  }
}

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /**
   * The highest rate, that of the first step.
   * Required. Range: [0, Infinity).
   */
  initialLearningRate: number;
  /**
   * Steps from the highest to the lowest rate.
   * Required. Range: (0, Infinity).
   */
  tMax: number;
  /**
   * The lowest rate.
   * Unless given: 0. Range: [0, Infinity).
   */
  etaMin?: number | undefined;
}

/**
 * The rate swings along a cosine: down in `tMax` steps, up again in the next, and so on.
 *
 * `etaMin + (initial − etaMin) · (1 + cos(π · step / tMax)) / 2`.
 * Loshchilov & Hutter 2016, equation 5 without restarts, https://arxiv.org/abs/1608.03983
 *
 * PyTorch's scheduler as a function of the step. `CosineDecay` stays at its end instead.
 */
export class CosineAnnealingLR extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'CosineAnnealingLR',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'tMax', range: '(0, Infinity)' },
      { name: 'etaMin', default: 0, range: '[0, Infinity)' },
    ],
    options: {},
  };

  constructor(options: CosineAnnealingLROptions) {
    super(CosineAnnealingLR.declaration, options);
  }
}

/** Options of {@link Triangular}. */
export interface TriangularOptions {
  /**
   * The value of the first step.
   * Required. Range: [0, Infinity).
   */
  base: number;
  /**
   * The value at the tip.
   * Required. Range: [0, Infinity).
   */
  peak: number;
  /**
   * Steps from base to peak.
   * Unless given: 2000. Range: (0, Infinity).
   */
  stepsUp?: number | undefined;
  /**
   * Steps back; as many as up unless given.
   * Off unless given. Range: (0, Infinity).
   */
  stepsDown?: number | null | undefined;
  /**
   * How much of the height each step leaves.
   * Unless given: 1. Range: [0, Infinity).
   */
  gamma?: number | undefined;
  /**
   * Halves the height after each triangle.
   * Unless given: false.
   */
  halving?: boolean | undefined;
}

/**
 * The rate goes from `base` to `peak` in `stepsUp` steps, back in `stepsDown`, and so on; peaks may sink.
 *
 * `base + (peak − base) · x · gamma^step`, where `x` in [0, 1] is the height of the triangle; with `halving` every
 * triangle is half as high as the one before. `base` may be the higher one, as for a momentum.
 * Smith 2015, section 3.1, https://arxiv.org/abs/1506.01186
 *
 * PyTorch's `CyclicLR` has the same rule under other names.
 */
export class Triangular extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'Triangular',
    hypers: [
      { name: 'base', range: '[0, Infinity)' },
      { name: 'peak', range: '[0, Infinity)' },
      { name: 'stepsUp', default: 2000, range: '(0, Infinity)' },
      { name: 'stepsDown', default: null, range: '(0, Infinity)' },
      { name: 'gamma', default: 1, range: '[0, Infinity)' },
    ],
    options: { halving: false },
  };

  constructor(options: TriangularOptions) {
    super(Triangular.declaration, options);
  }
}

/** Options of {@link WarmupStableDecay}. */
export interface WarmupStableDecayOptions {
  /**
   * The rate between rise and fall.
   * Required. Range: [0, Infinity).
   */
  peakLearningRate: number;
  /**
   * Steps of the rise, from 0.
   * Required. Range: [0, Infinity).
   */
  warmupSteps: number;
  /**
   * Steps at the peak.
   * Required. Range: [0, Infinity).
   */
  stableSteps: number;
  /**
   * Steps of the fall.
   * Required. Range: (0, Infinity).
   */
  decaySteps: number;
  /**
   * The last rate.
   * Unless given: 0. Range: [0, Infinity).
   */
  endLearningRate?: number | undefined;
  /**
   * The shape of the fall.
   * Unless given: 0.5. Range: (0, Infinity).
   */
  power?: number | undefined;
  /**
   * Falls along half a cosine instead of a power.
   * Unless given: false.
   */
  cosine?: boolean | undefined;
}

/**
 * The rate rises along a straight line, stays, and falls at the end of training ("WSD", "trapezoid").
 *
 * With `x` from 0 to 1 over the fall: `peak − (peak − end) · x^power`, or half a cosine. A power of 1/2 is the
 * "1 − √x" of Hägele et al. 2024, section 3, https://arxiv.org/abs/2405.18392; 1 is a straight line.
 */
export class WarmupStableDecay extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'WarmupStableDecay',
    hypers: [
      { name: 'peakLearningRate', range: '[0, Infinity)' },
      { name: 'warmupSteps', range: '[0, Infinity)' },
      { name: 'stableSteps', range: '[0, Infinity)' },
      { name: 'decaySteps', range: '(0, Infinity)' },
      { name: 'endLearningRate', default: 0, range: '[0, Infinity)' },
      { name: 'power', default: 0.5, range: '(0, Infinity)' },
    ],
    options: { cosine: false },
  };

  constructor(options: WarmupStableDecayOptions) {
    super(WarmupStableDecay.declaration, options);
  }
}

/** Options of {@link Noam}. */
export interface NoamOptions {
  /**
   * Width of the model.
   * Required. Range: (0, Infinity).
   */
  modelSize: number;
  /**
   * Steps of the rise.
   * Required. Range: (0, Infinity).
   */
  warmupSteps: number;
  /**
   * Scales it all.
   * Unless given: 1. Range: [0, Infinity).
   */
  factor?: number | undefined;
}

/**
 * The rate rises for `warmupSteps` steps and falls with the root of time from there ("Noam").
 *
 * `factor · modelSize^(−1/2) · min(t^(−1/2), t · warmupSteps^(−3/2))` at step `t`, the first being 1.
 * Vaswani et al. 2017, equation 3, https://arxiv.org/abs/1706.03762
 */
export class Noam extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'Noam',
    hypers: [
      { name: 'modelSize', range: '(0, Infinity)' },
      { name: 'warmupSteps', range: '(0, Infinity)' },
      { name: 'factor', default: 1, range: '[0, Infinity)' },
    ],
    options: {},
  };

  constructor(options: NoamOptions) {
    super(Noam.declaration, options);
  }
}

/** Every schedule there is, for looking one up by name. */
export const SCHEDULES: readonly [typeof ExponentialDecay, typeof InverseTimeDecay, typeof PolynomialDecay, typeof CosineDecay, typeof CosineDecayRestarts, typeof CosineAnnealingLR, typeof Triangular, typeof WarmupStableDecay, typeof Noam] = [ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts, CosineAnnealingLR, Triangular, WarmupStableDecay, Noam];
