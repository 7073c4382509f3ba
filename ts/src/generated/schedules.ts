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
   * Falls at once at the end of every `decaySteps` steps instead of a little at each.
   * Unless given: false.
   */
  staircase?: boolean | undefined;
}

/**
 * The rate falls by a constant factor every `decaySteps` steps: `initial · decayRate^(step / decaySteps)`.
 *
 * Keras's rule, where steps are counted from 0.
 */
export class ExponentialDecay extends Schedule {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'ExponentialDecay',
    hypers: [
      { name: 'initialLearningRate', range: '[0, Infinity)' },
      { name: 'decaySteps', range: '(0, Infinity)' },
      { name: 'decayRate', range: '[0, Infinity)' },
    ],
    options: { staircase: false },
  };

  constructor(options: ExponentialDecayOptions) {
    super(ExponentialDecay.declaration, options);
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
}

/**
 * The rate falls along half a cosine, after a linear warm-up on request.
 *
 * For the first `warmupSteps` steps from `initialLearningRate` to `warmupTarget` in equal parts, then with
 * `x = min(step − warmupSteps, decaySteps) / decaySteps`: `peak · ((1 − alpha)·(1 + cos πx)/2 + alpha)`.
 * Loshchilov & Hutter 2016, equation 5, https://arxiv.org/abs/1608.03983
 *
 * Keras's rule, where steps are counted from 0 and `warmupSteps` counts only with a `warmupTarget`.
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
    ],
    options: {},
  };

  constructor(options: CosineDecayOptions) {
    super(CosineDecay.declaration, options);
  }
}

/** Every schedule there is, for looking one up by name. */
export const SCHEDULES: readonly [typeof ExponentialDecay, typeof CosineDecay] = [ExponentialDecay, CosineDecay];
