// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { WrapperDeclaration } from '../declaration.js';
import type { HyperValue } from '../optimizers/hyper.js';
import { Wrapper } from '../wrappers/wrapper.js';

/** Options of {@link ExponentialMovingAverage}. */
export interface ExponentialMovingAverageOptions {
  /**
   * Part of the mean that stays: μ.
   * Unless given: 0.99. Range: [0, 1].
   */
  momentum?: HyperValue | undefined;
  /**
   * After every so many updates the weights become the mean.
   * Off unless given. Range: [1, Infinity).
   */
  overwriteFrequency?: HyperValue | null | undefined;
}

/**
 * A running mean of the weights, which is often worth more than the last of them: evaluate it with
 * `callbacks.SwapEMAWeights`.
 *
 * `a = μ·a + (1−μ)·w` after each update, a = w after the first.
 * Polyak & Juditsky 1992, https://doi.org/10.1137/0330046; as `useEma` in Keras
 */
export class ExponentialMovingAverage extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'ExponentialMovingAverage',
    hypers: [
      { name: 'momentum', default: 0.99, range: '[0, 1]' },
      { name: 'overwriteFrequency', default: null, range: '[1, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'emaAverage', from: 'unset' },
    ],
  };

  constructor(options: ExponentialMovingAverageOptions = {}) {
    super(ExponentialMovingAverage.declaration, options);
  }
}

/** Options of {@link StochasticWeightAveraging}. */
export interface StochasticWeightAveragingOptions {
  /**
   * The number of the first update, counted from 1, after which the weights count.
   * Unless given: 1. Range: [1, Infinity).
   */
  start?: HyperValue | undefined;
  /**
   * Updates from one that counts to the next.
   * Unless given: 1. Range: [1, Infinity).
   */
  frequency?: HyperValue | undefined;
}

/**
 * The mean of the weights at regular times from a step on, best with a constant or cyclic rate.
 *
 * `a += (w − a)/n` after updates start, start + frequency, …: the n-th of them.
 * Izmailov et al. 2018, algorithm 1, https://arxiv.org/abs/1803.05407; `AveragedModel` in PyTorch
 */
export class StochasticWeightAveraging extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'StochasticWeightAveraging',
    hypers: [
      { name: 'start', default: 1, range: '[1, Infinity)' },
      { name: 'frequency', default: 1, range: '[1, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'swaAverage', from: 'unset' },
    ],
  };

  constructor(options: StochasticWeightAveragingOptions = {}) {
    super(StochasticWeightAveraging.declaration, options);
  }
}

/** Options of {@link Lookahead}. */
export interface LookaheadOptions {
  /**
   * Updates between two of the slow weights: k.
   * Unless given: 5. Range: [1, Infinity).
   */
  syncPeriod?: HyperValue | undefined;
  /**
   * How far the slow weights follow: α.
   * Unless given: 0.5. Range: [0, 1].
   */
  slowStepSize?: HyperValue | undefined;
}

/**
 * Slow weights that follow after every so many steps of the optimizer, which goes on from them.
 *
 * Every `syncPeriod` updates `s += α·(w − s)`, then `w = s`; s starts as w before the first.
 * Zhang et al. 2019, algorithm 1, https://arxiv.org/abs/1907.08610. The optimizer's own state stays as it is.
 */
export class Lookahead extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'Lookahead',
    hypers: [
      { name: 'syncPeriod', default: 5, range: '[1, Infinity)' },
      { name: 'slowStepSize', default: 0.5, range: '[0, 1]' },
    ],
    options: {},
    states: [
      { name: 'slow', from: 'unset' },
    ],
  };

  constructor(options: LookaheadOptions = {}) {
    super(Lookahead.declaration, options);
  }
}

/** Options of {@link Cautious}. */
export interface CautiousOptions {
}

/**
 * Leaves out the parts of an update that go up the present gradient, and makes the rest as much larger.
 *
 * With the rule's update u (`w -= u`), of n elements: `m = [u·g > 0]`, `w -= u·m·n/(Σm + 1)`. Decoupled weight decay is
 * not part of u.
 * Liang et al. 2024, algorithm 1, https://arxiv.org/abs/2411.16085
 */
export class Cautious extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'Cautious',
    hypers: [],
    options: {},
    states: [],
  };

  constructor(options: CautiousOptions = {}) {
    super(Cautious.declaration, options);
  }
}

/** Options of {@link GradientCentralization}. */
export interface GradientCentralizationOptions {
}

/**
 * Takes the mean off the gradient of each unit of a kernel; those of biases stay as they are.
 *
 * `g -= mean(g)` over all axes but the last, for two axes or more: the inputs of one output, as kernels lie in Keras.
 * Yong et al. 2020, equation 1, https://arxiv.org/abs/2004.01461. (In PyTorch outputs come first, and the mean is over the others.)
 */
export class GradientCentralization extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'GradientCentralization',
    hypers: [],
    options: {},
    states: [],
  };

  constructor(options: GradientCentralizationOptions = {}) {
    super(GradientCentralization.declaration, options);
  }
}

/** Options of {@link AdaptiveClipping}. */
export interface AdaptiveClippingOptions {
  /**
   * Largest part of the weights' norm: c.
   * Unless given: 0.01. Range: (0, Infinity).
   */
  clipping?: HyperValue | undefined;
  /**
   * Norm that weights count as at least, so that those of zero can begin.
   * Unless given: 0.001. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Scales the gradient of each unit down to at most a part of the unit's own norm.
 *
 * `g *= min(1, c·max(‖w‖, ε)/‖g‖)` for the elements with one index of the last axis; a bias is one unit.
 * Brock et al. 2021, equation 3, https://arxiv.org/abs/2102.06171; `adaptive_grad_clip` in Optax
 */
export class AdaptiveClipping extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'AdaptiveClipping',
    hypers: [
      { name: 'clipping', default: 0.01, range: '(0, Infinity)' },
      { name: 'epsilon', default: 0.001, range: '[0, Infinity)' },
    ],
    options: {},
    states: [],
  };

  constructor(options: AdaptiveClippingOptions = {}) {
    super(AdaptiveClipping.declaration, options);
  }
}

/** Options of {@link GrokFast}. */
export interface GrokFastOptions {
  /**
   * Part of the running mean of gradients that stays.
   * Unless given: 0.98. Range: [0, 1).
   */
  alpha?: HyperValue | undefined;
  /**
   * Weight of the mean: λ.
   * Unless given: 2. Range: [0, Infinity).
   */
  strength?: HyperValue | undefined;
}

/**
 * Gradients whose slow part is made stronger, so that generalisation that comes late comes sooner.
 *
 * `h = α·h + (1−α)·g`, `g += λ·h`; h starts as the first gradient.
 * Lee et al. 2024, algorithm 2 (GrokFast-EMA), https://arxiv.org/abs/2405.20233
 */
export class GrokFast extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'GrokFast',
    hypers: [
      { name: 'alpha', default: 0.98, range: '[0, 1)' },
      { name: 'strength', default: 2, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'slowGradient', from: 'unset' },
    ],
  };

  constructor(options: GrokFastOptions = {}) {
    super(GrokFast.declaration, options);
  }
}

/** Options of {@link SAM}. */
export interface SAMOptions {
  /**
   * How far away: ρ. The papers take 0.05, and 0.5 with `adaptive`.
   * Unless given: 0.05. Range: [0, Infinity).
   */
  rho?: HyperValue | undefined;
  /**
   * Reach in proportion to each weight: ASAM.
   * Unless given: false.
   */
  adaptive?: boolean | undefined;
}

/**
 * Sharpness-aware minimization: the rule gets the gradient where, within reach, the loss is about worst.
 *
 * `e = ρ·g/‖g‖` (with `adaptive`, ASAM: `e = ρ·w²⊙g/‖w⊙g‖`), norms over all tensors together; then the rule makes its
 * step from w with the gradient at `w + e`. Both evaluations see the same rows and draw the same random numbers; what
 * is reported (loss, metrics, norm) is of the first.
 * Foret et al. 2021, algorithm 1, https://arxiv.org/abs/2010.01412; Kwon et al. 2021, equation 6,
 * https://arxiv.org/abs/2102.11600
 */
export class SAM extends Wrapper {
  /** @internal */
  static override readonly declaration: WrapperDeclaration = {
    name: 'SAM',
    needs: 'evaluations',
    hypers: [
      { name: 'rho', default: 0.05, range: '[0, Infinity)' },
    ],
    options: { adaptive: false },
    states: [],
  };

  constructor(options: SAMOptions = {}) {
    super(SAM.declaration, options);
  }
}

/** Every wrapper there is, for looking one up by name. */
export const WRAPPERS: readonly [typeof ExponentialMovingAverage, typeof StochasticWeightAveraging, typeof Lookahead, typeof Cautious, typeof GradientCentralization, typeof AdaptiveClipping, typeof GrokFast, typeof SAM] = [ExponentialMovingAverage, StochasticWeightAveraging, Lookahead, Cautious, GradientCentralization, AdaptiveClipping, GrokFast, SAM];
