// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { OptimizerDeclaration } from '../declaration.js';
import type { HyperValue } from '../optimizers/hyper.js';
import { Optimizer } from '../optimizers/optimizer.js';
import type { OptimizerOptions } from '../optimizers/options.js';
import { SGD, Momentum, RMSprop, Adam, AdamW } from './optimizers.js';

/** Options of {@link SparseAdam}. */
export interface SparseAdamOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean, before its correction.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * `Adam` for gradients of rows, such as those of an embedding: a step moves the rows that have a gradient, and their means
 * alone, so that it costs no more than they do.
 *
 * For each of these rows, with t of all steps: `m = β₁·m + (1−β₁)·g`, `v = β₂·v + (1−β₂)·g²`,
 * `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
 * Kingma & Ba 2015, section 2, https://arxiv.org/abs/1412.6980; the lazy form is PyTorch's.
 *
 * PyTorch's rule; of a dense gradient all rows count. With `lazy: false` it is `Adam` with PyTorch's ε.
 */
export class SparseAdam extends Optimizer<SparseAdamOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'SparseAdam',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'torch',
    decay: 'coupled',
    parities: {},
    lazy: true,
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: SparseAdamOptions = {}) {
    super(SparseAdam.declaration, options);
  }
}

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running means.
   * Unless given: 0.95. Range: [0, 1).
   */
  rho?: HyperValue | undefined;
  /**
   * Added under both roots; with a zero nothing would ever move.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 1, rho 0.9, epsilon 1e-6, weight decay coupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Steps in units of the parameter: the gradient times the size of recent steps over that of recent gradients.
 *
 * `a = ρ·a + (1−ρ)·g²`, `u = √(d + ε) / √(a + ε) · g`, `d = ρ·d + (1−ρ)·u²`, `w -= η·u`.
 * Zeiler 2012, algorithm 1, https://arxiv.org/abs/1212.5701
 *
 * The paper has no η, as has PyTorch with its 1; Keras's 0.001 makes first steps tiny.
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Adadelta',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { learningRate: 1, rho: 0.9, epsilon: 1e-6 } } },
    hypers: [
      { name: 'rho', default: 0.95, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'accumulatedGrad' },
      { name: 'accumulatedDeltaVar' },
    ],
  };

  constructor(options: AdadeltaOptions = {}) {
    super(Adadelta.declaration, options);
  }
}

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * What the sum starts with.
   * Unless given: 0.1. Range: [0, Infinity).
   */
  initialAccumulatorValue?: HyperValue | undefined;
  /**
   * Added under the root.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * How fast the rate falls besides.
   * Unless given: 0. Range: [0, Infinity).
   */
  learningRateDecay?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 0.01, initialAccumulatorValue 0, epsilon 1e-10, weight decay coupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Steps divided by the root of the sum of all squared gradients: smaller and smaller ones, rare features' least.
 *
 * `a += g²`, `w -= η·g / √(a + ε)`; with `learningRateDecay` δ the rate of step t is `η / (1 + (t − 1)·δ)`.
 * Duchi et al. 2011, algorithm 1 with diagonal matrices, https://jmlr.org/papers/v12/duchi11a.html
 *
 * As in Keras ε stands inside the root and the sum starts at 0.1; in PyTorch it is outside, and the sum starts at 0.
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Adagrad',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { learningRate: 0.01, initialAccumulatorValue: 0, epsilon: 1e-10 } } },
    hypers: [
      { name: 'initialAccumulatorValue', default: 0.1, range: '[0, Infinity)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
      { name: 'learningRateDecay', default: 0, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'accumulator', from: 'initialAccumulatorValue' },
    ],
  };

  constructor(options: AdagradOptions = {}) {
    super(Adagrad.declaration, options);
  }
}

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the maximum.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Keeps the divisor from zero.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 0.002, epsilon 1e-8, weight decay coupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Adam with a decaying maximum of the gradients' magnitudes in place of the root of their mean square.
 *
 * `m += (1−β₁)(g − m)`, `u = max(β₂·u, |g|)`, `w -= η/(1−β₁ᵗ) · m / (u + ε)`.
 * Kingma & Ba 2014, algorithm 2, https://arxiv.org/abs/1412.6980
 *
 * As in Keras ε is added to the divisor; in PyTorch (and Optax) to each |g| before the maximum.
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Adamax',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { learningRate: 0.002, epsilon: 1e-8 } } },
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'norm' },
    ],
  };

  constructor(options: AdamaxOptions = {}) {
    super(Adamax.declaration, options);
  }
}

/** Options of {@link Nadam}. */
export interface NadamOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients, once the momentum has grown.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * How fast the momentum grows: ψ.
   * Unless given: 1. Range: [0, Infinity).
   */
  momentumDecay?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 0.002, epsilon 1e-8, momentumDecay 0.004, weight decay coupled), 'optax' (epsilon 1e-8, weight decay decoupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | 'optax' | undefined;
}

/**
 * Adam with Nesterov's look-ahead, by a momentum that grows over the first steps.
 *
 * `μₜ = β₁·(1 − ½·0.96^(t·ψ))`, `Πₜ = μ₁·…·μₜ`; m and v as in `Adam`;
 * `w -= η · (μₜ₊₁·m/(1 − Πₜ₊₁) + (1 − μₜ)·g/(1 − Πₜ)) / (√(v/(1−β₂ᵗ)) + ε)`.
 * Dozat 2016, algorithm 8, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
 *
 * ψ is 1 in Keras; in PyTorch ("NAdam") it is 0.004, as in the paper. In Optax the momentum is β₁ from the start:
 * `β₁·m/(1 − β₁ᵗ⁺¹) + (1 − β₁)·g/(1 − β₁ᵗ)` takes the place of the sum.
 */
export class Nadam extends Optimizer<NadamOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Nadam',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { learningRate: 0.002, epsilon: 1e-8, momentumDecay: 0.004 } }, optax: { decay: 'decoupled', defaults: { epsilon: 1e-8 } } },
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
      { name: 'momentumDecay', default: 1, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'momentumProduct', shape: 1 },
    ],
  };

  constructor(options: NadamOptions = {}) {
    super(Nadam.declaration, options);
  }
}

/** Options of {@link Ftrl}. */
export interface FtrlOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * How the rate falls as gradients add up: −½ as in Adagrad, 0 not at all.
   * Unless given: -0.5. Range: (-Infinity, 0].
   */
  learningRatePower?: HyperValue | undefined;
  /**
   * What the sum of squares starts with.
   * Unless given: 0.1. Range: [0, Infinity).
   */
  initialAccumulatorValue?: HyperValue | undefined;
  /**
   * How far gradients must add up before a parameter leaves zero.
   * Unless given: 0. Range: [0, Infinity).
   */
  l1RegularizationStrength?: HyperValue | undefined;
  /**
   * Pulls parameters towards zero.
   * Unless given: 0. Range: [0, Infinity).
   */
  l2RegularizationStrength?: HyperValue | undefined;
  /**
   * Pulls parameters towards zero by way of the gradient.
   * Unless given: 0. Range: [0, Infinity).
   */
  l2ShrinkageRegularizationStrength?: HyperValue | undefined;
  /**
   * The paper's β: makes rates smaller.
   * Unless given: 0. Range: [0, Infinity).
   */
  beta?: HyperValue | undefined;
}

/**
 * Follow the regularized leader: parameters that stay exactly zero until gradients insist, for sparse models.
 *
 * With `L = l2 + β/(2η)`, power p: `a' = a + g²`, `z += g + 2·shrinkage·w − (a'^−p − a^−p)/η·w`,
 * `w = (clip(z, −l1, l1) − z) / (a'^−p/η + 2L)`.
 * McMahan et al. 2013, algorithm 1, https://research.google/pubs/pub41159/
 *
 * Keras's rule. A learning rate of 0 leaves everything as it is. A power other than −½ costs an exponential and a
 * logarithm for each element, and is right to some 1e-6.
 */
export class Ftrl extends Optimizer<FtrlOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Ftrl',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'learningRatePower', default: -0.5, range: '(-Infinity, 0]' },
      { name: 'initialAccumulatorValue', default: 0.1, range: '[0, Infinity)' },
      { name: 'l1RegularizationStrength', default: 0, range: '[0, Infinity)' },
      { name: 'l2RegularizationStrength', default: 0, range: '[0, Infinity)' },
      { name: 'l2ShrinkageRegularizationStrength', default: 0, range: '[0, Infinity)' },
      { name: 'beta', default: 0, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'accumulator', from: 'initialAccumulatorValue' },
      { name: 'linear' },
    ],
  };

  constructor(options: FtrlOptions = {}) {
    super(Ftrl.declaration, options);
  }
}

/** Options of {@link Lion}. */
export interface LionOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Share of the mean in the direction.
   * Unless given: 0.9. Range: [0, 1].
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the mean.
   * Unless given: 0.99. Range: [0, 1].
   */
  beta2?: HyperValue | undefined;
}

/**
 * Steps of one size in the direction of each sign: that of a mean of the last gradients with the newest one.
 *
 * `w -= η·sign(β₁·m + (1−β₁)·g)`, then `m = β₂·m + (1−β₂)·g`.
 * Chen et al. 2023, algorithm 2, https://arxiv.org/abs/2302.06675
 *
 * Steps are larger than Adam's: a rate 3 to 10 times smaller is usual. Optax's default decay is 1e-3, here there is none.
 */
export class Lion extends Optimizer<LionOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Lion',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1]' },
      { name: 'beta2', default: 0.99, range: '[0, 1]' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
    ],
  };

  constructor(options: LionOptions = {}) {
    super(Lion.declaration, options);
  }
}

/** Options of {@link ScheduleFreeAdamW}. */
export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.0025. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * How near the average gradients are taken.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of that mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Steps over which the rate rises.
   * Unless given: 0. Range: [0, Infinity).
   */
  warmupSteps?: HyperValue | undefined;
  /**
   * Power of the rate by which steps are weighed.
   * Unless given: 0. Range: [0, Infinity).
   */
  weightPower?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'keras', 'optax' (weightPower 2, weight decay inside).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'optax' | undefined;
}

/**
 * Adam that needs no schedule: gradients are taken between a fast sequence and its average.
 *
 * v as in `Adam`; `z -= ηₜ·g / (√(v/(1−β₂ᵗ)) + ε)`, `x = (1−c)·x + c·z`, `y = (1−β₁)·z + β₁·x`; the parameters are y, x
 * is worth evaluating. c is the weight of this step among all, by the largest rate so far to the power `weightPower`.
 * Defazio et al. 2024, algorithm 1 and section 4.1, https://arxiv.org/abs/2405.15682
 *
 * As in Keras all steps weigh the same and decay shrinks y; in Optax (and by the authors) z loses η·λ·y instead. In
 * Optax the first step of a warm-up has the rate 0, and each weighs as much as the rate of the next one says.
 */
export class ScheduleFreeAdamW extends Optimizer<ScheduleFreeAdamWOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'ScheduleFreeAdamW',
    sharedDefaults: { learningRate: 0.0025 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { optax: { decay: 'inside', defaults: { weightPower: 2 } } },
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
      { name: 'warmupSteps', default: 0, range: '[0, Infinity)' },
      { name: 'weightPower', default: 0, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'weights', shape: 2 },
    ],
    between: ['momentum', 'beta1'],
  };

  constructor(options: ScheduleFreeAdamWOptions = {}) {
    super(ScheduleFreeAdamW.declaration, options);
  }
}

/** Options of {@link ScheduleFreeSGD}. */
export interface ScheduleFreeSGDOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * How near the average gradients are taken.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Steps over which the rate rises from 0.
   * Unless given: 0. Range: [0, Infinity).
   */
  warmupSteps?: HyperValue | undefined;
  /**
   * Power of the rate by which steps are weighed.
   * Unless given: 2. Range: [0, Infinity).
   */
  weightPower?: HyperValue | undefined;
}

/**
 * Gradient descent that needs no schedule: gradients are taken between a fast sequence and its average.
 *
 * `z -= ηₜ·g`, `x = (1−c)·x + c·z`, `y = (1−β)·z + β·x`; the parameters are y, x is worth evaluating. c is the weight
 * of this step among all, by the largest rate so far to the power `weightPower`.
 * Defazio et al. 2024, algorithm 1, https://arxiv.org/abs/2405.15682
 *
 * Optax's rule; weight decay is added to the gradient, which is taken at y.
 */
export class ScheduleFreeSGD extends Optimizer<ScheduleFreeSGDOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'ScheduleFreeSGD',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'warmupSteps', default: 0, range: '[0, Infinity)' },
      { name: 'weightPower', default: 2, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'weights', shape: 2 },
    ],
    between: ['momentum', 'beta1'],
  };

  constructor(options: ScheduleFreeSGDOptions = {}) {
    super(ScheduleFreeSGD.declaration, options);
  }
}

/** Options of {@link RAdam}. */
export interface RAdamOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'torch', 'optax' (weight decay decoupled).
   * Unless given: 'torch'.
   */
  parity?: 'torch' | 'optax' | undefined;
}

/**
 * Adam that leaves out the division until the second mean can be trusted, and then warms up by itself.
 *
 * m and v as in `Adam`; `ρ∞ = 2/(1−β₂) − 1`, `ρ = ρ∞ − 2t·β₂ᵗ/(1−β₂ᵗ)`; where ρ > 5,
 * `r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ))` and `w -= η·r·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`, else `w -= η·m/(1−β₁ᵗ)`.
 * Liu et al. 2019, algorithm 2, https://arxiv.org/abs/1908.03265
 *
 * As in PyTorch ε is added to the uncorrected root; in Optax to the corrected one, and ρ = 5 suffices.
 */
export class RAdam extends Optimizer<RAdamOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'RAdam',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'torch',
    decay: 'coupled',
    parities: { optax: { decay: 'decoupled', defaults: {} } },
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: RAdamOptions = {}) {
    super(RAdam.declaration, options);
  }
}

/** Options of {@link ASGD}. */
export interface ASGDOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * λ: how much of a parameter each step takes away, and how fast the rate falls.
   * Unless given: 0.0001. Range: [0, Infinity).
   */
  lambd?: HyperValue | undefined;
  /**
   * The power by which the rate falls.
   * Unless given: 0.75. Range: [0, Infinity).
   */
  alpha?: HyperValue | undefined;
  /**
   * The step at which averaging begins.
   * Unless given: 1000000. Range: [0, Infinity).
   */
  t0?: HyperValue | undefined;
}

/**
 * Gradient descent with a falling rate that also keeps an average of the parameters from step `t0` on.
 *
 * With `ηₜ = η / (1 + λ·η·(t−1))^α`: `w -= λ·ηₜ·w`, `w -= ηₜ·g`, `a += (w − a) / max(1, t − 1 − t₀)`.
 * Polyak & Juditsky 1992, https://epubs.siam.org/doi/10.1137/0330046
 *
 * PyTorch's rule; λ is its `lambd`. The average is the state `average`; nothing reads it.
 */
export class ASGD extends Optimizer<ASGDOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'ASGD',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'torch',
    decay: 'coupled',
    parities: {},
    hypers: [
      { name: 'lambd', default: 0.0001, range: '[0, Infinity)' },
      { name: 'alpha', default: 0.75, range: '[0, Infinity)' },
      { name: 't0', default: 1000000, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'average' },
    ],
  };

  constructor(options: ASGDOptions = {}) {
    super(ASGD.declaration, options);
  }
}

/** Options of {@link Rprop}. */
export interface RpropOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * What a step is multiplied by after a change of sign.
   * Unless given: 0.5. Range: [0, 1].
   */
  etaMinus?: HyperValue | undefined;
  /**
   * What a step is multiplied by while the sign stays.
   * Unless given: 1.2. Range: [1, Infinity).
   */
  etaPlus?: HyperValue | undefined;
  /**
   * The least step.
   * Unless given: 1e-6. Range: [0, Infinity).
   */
  stepSizeMin?: HyperValue | undefined;
  /**
   * The largest step.
   * Unless given: 50. Range: (0, Infinity).
   */
  stepSizeMax?: HyperValue | undefined;
}

/**
 * Steps of a size of their own for every parameter, which grows while the gradient keeps its sign. For full batches.
 *
 * `s = sign(g·g')` with the gradient g' before; the step becomes `clip(step·(η⁺ | 1 | η⁻), least, largest)` for s = 1, 0,
 * −1; where s is −1 the gradient counts as 0; `w -= sign(g)·step`.
 * Riedmiller & Braun 1993, https://doi.org/10.1109/ICNN.1993.298623 (the form without weight-backtracking)
 *
 * PyTorch's rule: the learning rate is the first step.
 */
export class Rprop extends Optimizer<RpropOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Rprop',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'torch',
    decay: 'coupled',
    parities: {},
    hypers: [
      { name: 'etaMinus', default: 0.5, range: '[0, 1]' },
      { name: 'etaPlus', default: 1.2, range: '[1, Infinity)' },
      { name: 'stepSizeMin', default: 1e-6, range: '[0, Infinity)' },
      { name: 'stepSizeMax', default: 50, range: '(0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'previousGradient' },
      { name: 'stepSize' },
    ],
  };

  constructor(options: RpropOptions = {}) {
    super(Rprop.declaration, options);
  }
}

/** Options of {@link AdaBelief}. */
export interface AdaBeliefOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squares.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root.
   * Unless given: 1e-16. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Added to the mean of squares at every step.
   * Unless given: 1e-16. Range: [0, Infinity).
   */
  epsilonRoot?: HyperValue | undefined;
}

/**
 * Adam with the mean square of the gradient's distance from its running mean: far steps where gradients agree.
 *
 * `m += (1−β₁)(g − m)`, `s += (1−β₂)((g − m)² − s) + ε₀`, `w -= η·m̂ / (√ŝ + ε)`, m̂ and ŝ corrected for starting at zero.
 * Zhuang et al. 2020, algorithm 2, https://arxiv.org/abs/2010.07468
 *
 * Optax's rule.
 */
export class AdaBelief extends Optimizer<AdaBeliefOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'AdaBelief',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-16, range: '[0, Infinity)' },
      { name: 'epsilonRoot', default: 1e-16, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: AdaBeliefOptions = {}) {
    super(AdaBelief.declaration, options);
  }
}

/** Options of {@link Yogi}. */
export interface YogiOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * 1 minus the part of g² by which the second mean moves.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 0.001. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * What both means start with.
   * Unless given: 1e-6. Range: [0, Infinity).
   */
  initialAccumulatorValue?: HyperValue | undefined;
}

/**
 * Adam whose second mean goes up and down by a part of g², so that it forgets slowly after large gradients.
 *
 * `m += (1−β₁)(g − m)`, `v -= (1−β₂)·sign(v − g²)·g²`, `w -= η·m̂ / (√v̂ + ε)`, m̂ and v̂ corrected as in Adam.
 * Zaheer et al. 2018, algorithm 2, https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization
 *
 * Optax's rule, where both means start at 1e-6 (and are corrected all the same).
 */
export class Yogi extends Optimizer<YogiOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Yogi',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 0.001, range: '[0, Infinity)' },
      { name: 'initialAccumulatorValue', default: 1e-6, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum', from: 'initialAccumulatorValue' },
      { name: 'velocity', from: 'initialAccumulatorValue' },
    ],
  };

  constructor(options: YogiOptions = {}) {
    super(Yogi.declaration, options);
  }
}

/** Options of {@link Adan}. */
export interface AdanOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the mean of gradients.
   * Unless given: 0.98. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the mean of changes.
   * Unless given: 0.92. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Decay of the mean of squares.
   * Unless given: 0.99. Range: [0, 1).
   */
  beta3?: HyperValue | undefined;
  /**
   * Added to the root.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Added under the root.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilonRoot?: HyperValue | undefined;
}

/**
 * Nesterov's momentum without looking ahead: means of the gradient, of its change, and of the square of both.
 *
 * `d = g − g'` (0 at first), `m = β₁·m + (1−β₁)·g`, `v = β₂·v + (1−β₂)·d`, `n = β₃·n + (1−β₃)·(g + (1−β₂)·d)²`,
 * `w -= η·(m̂ + (1−β₂)·v̂) / (√(n̂ + ε₀) + ε)`, all corrected for starting at zero.
 * Xie et al. 2022, algorithm 1 (whose β is 1 − β here), https://arxiv.org/abs/2208.06677
 *
 * Optax's rule, but for weight decay, which the paper divides by: `w / (1 + η·λ)`.
 */
export class Adan extends Optimizer<AdanOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Adan',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.98, range: '[0, 1)' },
      { name: 'beta2', default: 0.92, range: '[0, 1)' },
      { name: 'beta3', default: 0.99, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
      { name: 'epsilonRoot', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'change' },
      { name: 'velocity' },
      { name: 'previousGradient' },
    ],
  };

  constructor(options: AdanOptions = {}) {
    super(Adan.declaration, options);
  }
}

/** Options of {@link ADOPT}. */
export interface ADOPTOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of divided gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.9999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * The least divisor.
   * Unless given: 1e-6. Range: (0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Holds divided gradients within ± the fourth root of the time.
   * Unless given: true.
   */
  useClipping?: boolean | undefined;
}

/**
 * Adam that divides by the mean square before the newest gradient, and takes the mean after the division.
 *
 * The first step only sets `v = g²`. Then `m = β₁·m + (1−β₁)·clip(g / max(√v, ε), ±(t−1)^¼)`, `w -= η·m`,
 * `v = β₂·v + (1−β₂)·g²`.
 * Taniguchi et al. 2024, algorithm 2, https://arxiv.org/abs/2411.02853
 *
 * Optax's rule.
 */
export class ADOPT extends Optimizer<ADOPTOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'ADOPT',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.9999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-6, range: '(0, Infinity)' },
    ],
    options: { useClipping: true },
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: ADOPTOptions = {}) {
    super(ADOPT.declaration, options);
  }
}

/** Options of {@link AdEMAMix}. */
export interface AdEMAMixOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the fast mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Decay of the slow mean of gradients.
   * Unless given: 0.9999. Range: [0, 1).
   */
  beta3?: HyperValue | undefined;
  /**
   * Weight of the slow mean.
   * Unless given: 5. Range: [0, Infinity).
   */
  alpha?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Adam with a second, much slower mean of gradients besides, which remembers thousands of steps.
 *
 * `m₁ += (1−β₁)(g − m₁)`, `m₂ += (1−β₃)(g − m₂)`, `v += (1−β₂)(g² − v)`, `w -= η·(m̂₁ + α·m₂) / (√v̂ + ε)`; m₂ is not
 * corrected for starting at zero.
 * Pagliardini et al. 2024, algorithm 1, https://arxiv.org/abs/2409.03137 (where α and β₃ rise along schedules: give some)
 *
 * Optax's rule.
 */
export class AdEMAMix extends Optimizer<AdEMAMixOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'AdEMAMix',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'beta3', default: 0.9999, range: '[0, 1)' },
      { name: 'alpha', default: 5, range: '[0, Infinity)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'slowMomentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: AdEMAMixOptions = {}) {
    super(AdEMAMix.declaration, options);
  }
}

/** Options of {@link SimplifiedAdEMAMix}. */
export interface SimplifiedAdEMAMixOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the sum of gradients.
   * Unless given: 0.99. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.95. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Weight of the newest gradient.
   * Unless given: 0. Range: [0, Infinity).
   */
  alpha?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * AdEMAMix with one sum of gradients and the newest gradient in place of two means.
 *
 * `m = β₁·m + g`, `v += (1−β₂)(g² − v)`, `w -= η·(m + α·g) / (√v̂ + ε)`.
 * Morwani et al. 2025, algorithm 1, https://arxiv.org/abs/2502.02431
 *
 * Optax's rule; the state `momentum` holds (1−β₁)·m.
 */
export class SimplifiedAdEMAMix extends Optimizer<SimplifiedAdEMAMixOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'SimplifiedAdEMAMix',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta1', default: 0.99, range: '[0, 1)' },
      { name: 'beta2', default: 0.95, range: '[0, 1)' },
      { name: 'alpha', default: 0, range: '[0, Infinity)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: SimplifiedAdEMAMixOptions = {}) {
    super(SimplifiedAdEMAMix.declaration, options);
  }
}

/** Options of {@link SignSGD}. */
export interface SignSGDOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
}

/**
 * Steps of one size in the direction of each sign: `w -= η·sign(g)`.
 *
 * Bernstein et al. 2018, algorithm 1, https://arxiv.org/abs/1802.04434
 *
 * Optax's rule.
 */
export class SignSGD extends Optimizer<SignSGDOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'SignSGD',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [],
    options: {},
    states: [],
  };

  constructor(options: SignSGDOptions = {}) {
    super(SignSGD.declaration, options);
  }
}

/** Options of {@link Signum}. */
export interface SignumOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1].
   */
  beta?: HyperValue | undefined;
}

/**
 * Steps of one size in the direction of the mean gradient's signs: `m = β·m + (1−β)·g`, `w -= η·sign(m)`.
 *
 * Bernstein et al. 2018, algorithm 2, https://arxiv.org/abs/1802.04434
 *
 * Optax's rule. `Lion` with equal decays.
 */
export class Signum extends Optimizer<SignumOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Signum',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'beta', default: 0.9, range: '[0, 1]' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
    ],
  };

  constructor(options: SignumOptions = {}) {
    super(Signum.declaration, options);
  }
}

/** Options of {@link MADGRAD}. */
export interface MADGRADOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * How much of the parameters each step keeps.
   * Unless given: 0.9. Range: [0, 1].
   */
  momentum?: HyperValue | undefined;
  /**
   * Added to the rate and to the root.
   * Unless given: 1e-6. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Dual averaging: where the start and the sum of all gradients so far would put the parameters, slowly followed.
 *
 * With `k = (η + ε)·√t`: `ν += k·g²`, `s += k·g`, `z = w₀ − s / (∛ν + ε)`, `w = μ·w + (1−μ)·z`.
 * Defazio & Jelassi 2021, algorithm 1, https://arxiv.org/abs/2101.11075
 *
 * Optax's rule. The start w₀ is part of the state.
 */
export class MADGRAD extends Optimizer<MADGRADOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'MADGRAD',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    hypers: [
      { name: 'momentum', default: 0.9, range: '[0, 1]' },
      { name: 'epsilon', default: 1e-6, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'gradSumSq' },
      { name: 'gradSum' },
      { name: 'initial' },
    ],
  };

  constructor(options: MADGRADOptions = {}) {
    super(MADGRAD.declaration, options);
  }
}

/** Options of {@link OptimisticGradientDescent}. */
export interface OptimisticGradientDescentOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Weight of the gradient.
   * Unless given: 1. Range: [0, Infinity).
   */
  alpha?: HyperValue | undefined;
  /**
   * Weight of its change.
   * Unless given: 1. Range: [0, Infinity).
   */
  beta?: HyperValue | undefined;
}

/**
 * Gradient descent that expects the next gradient to change as the last one did: for games, such as GANs.
 *
 * `w -= η·((α + β)·g − β·g')` with the gradient g' before (at first, g itself).
 * Mokhtari et al. 2019, section 3, https://arxiv.org/abs/1901.08511
 *
 * Optax's rule.
 */
export class OptimisticGradientDescent extends Optimizer<OptimisticGradientDescentOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'OptimisticGradientDescent',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'alpha', default: 1, range: '[0, Infinity)' },
      { name: 'beta', default: 1, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'previousGradient' },
    ],
  };

  constructor(options: OptimisticGradientDescentOptions = {}) {
    super(OptimisticGradientDescent.declaration, options);
  }
}

/** Options of {@link OptimisticAdam}. */
export interface OptimisticAdamOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Weight of the direction.
   * Unless given: 1. Range: [0, Infinity).
   */
  alpha?: HyperValue | undefined;
  /**
   * Weight of its change.
   * Unless given: 1. Range: [0, Infinity).
   */
  beta?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Added to the second mean under its root.
   * Unless given: 0. Range: [0, Infinity).
   */
  epsilonRoot?: HyperValue | undefined;
  /**
   * Looks ahead.
   * Unless given: true.
   */
  nesterov?: boolean | undefined;
}

/**
 * Adam that expects its direction to change once more as it did last: for games, such as GANs.
 *
 * m and v as in `Adam`, `u = (β₁·m/(1−β₁ᵗ⁺¹) + (1−β₁)·g/(1−β₁ᵗ)) / (√(v̂ + εr) + ε)` (with `nesterov`, else
 * `u = m̂ / …`), `w -= η·((α + β)·u − β·u')` with the u' before (at first, u itself).
 * Daskalakis et al. 2018, algorithm 1, https://arxiv.org/abs/1711.00141
 *
 * Optax's rule, `optimistic_adam_v2` there.
 */
export class OptimisticAdam extends Optimizer<OptimisticAdamOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'OptimisticAdam',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'alpha', default: 1, range: '[0, Infinity)' },
      { name: 'beta', default: 1, range: '[0, Infinity)' },
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
      { name: 'epsilonRoot', default: 0, range: '[0, Infinity)' },
    ],
    options: { nesterov: true },
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'previousUpdate' },
    ],
  };

  constructor(options: OptimisticAdamOptions = {}) {
    super(OptimisticAdam.declaration, options);
  }
}

/** Options of {@link COCOB}. */
export interface COCOBOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * How carefully it bets at first.
   * Unless given: 100. Range: [0, Infinity).
   */
  alpha?: HyperValue | undefined;
  /**
   * What the largest gradient starts with.
   * Unless given: 1e-8. Range: (0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Bets on coins whose sides are the signs of gradients: steps without a rate to choose.
 *
 * With the largest gradient L (ε at first), `G += |g|`, `R = max(R − (w − w₀)·g, 0)`, `C -= g`:
 * `w = w₀ + η · C / (L·max(G + L, α·L)) · (L + R)`.
 * Orabona & Tommasi 2017, algorithm 2, https://arxiv.org/abs/1705.07795
 *
 * Optax's rule. The start w₀ is part of the state.
 */
export class COCOB extends Optimizer<COCOBOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'COCOB',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    hypers: [
      { name: 'alpha', default: 100, range: '[0, Infinity)' },
      { name: 'epsilon', default: 1e-8, range: '(0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'initial' },
      { name: 'gradients' },
      { name: 'scale', from: 'epsilon' },
      { name: 'magnitudes' },
      { name: 'reward' },
    ],
  };

  constructor(options: COCOBOptions = {}) {
    super(COCOB.declaration, options);
  }
}

/** Options of {@link Lamb}. */
export interface LambOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Whose rule and defaults: 'keras', 'optax' (epsilon 1e-6, weight decay inside).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'optax' | undefined;
}

/**
 * Adam's direction, with a step for each tensor in proportion to its norm: for very large batches.
 *
 * m and v as in `Adam`, `u = m̂ / (√v̂ + ε)`, `w -= η · ‖w‖/‖u‖ · u` (ratio 1 where a norm is 0).
 * You et al. 2019, algorithm 2, https://arxiv.org/abs/1904.00962
 *
 * As in Keras weight decay comes before; in Optax (and the paper) `λ·w` is part of u.
 */
export class Lamb extends Optimizer<LambOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Lamb',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { optax: { decay: 'inside', defaults: { epsilon: 1e-6 } } },
    whole: true,
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: LambOptions = {}) {
    super(Lamb.declaration, options);
  }
}

/** Options of {@link LARS}. */
export interface LARSOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * The part of a tensor's norm that is a step, at a rate of 1.
   * Unless given: 0.001. Range: (0, Infinity).
   */
  trustCoefficient?: HyperValue | undefined;
  /**
   * Added to the gradient's norm.
   * Unless given: 0. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Part of the last update that is made again.
   * Unless given: 0.9. Range: [0, 1].
   */
  momentum?: HyperValue | undefined;
  /**
   * Takes the gradient's step after the momentum's, not together with it.
   * Unless given: false.
   */
  nesterov?: boolean | undefined;
}

/**
 * Momentum, with a gradient for each tensor scaled in proportion to the tensor's norm: for very large batches.
 *
 * `g += λ·w`, `u = η · trust·‖w‖/(‖g‖ + ε) · g` (factor 1 where a norm is 0), `b = μ·b + u`, `w -= b`, or `w -= μ·b + u`
 * with `nesterov`.
 * You et al. 2017, algorithm 1, https://arxiv.org/abs/1708.03888
 *
 * Optax's rule.
 */
export class LARS extends Optimizer<LARSOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'LARS',
    sharedDefaults: { learningRate: 0.1 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    whole: true,
    hypers: [
      { name: 'trustCoefficient', default: 0.001, range: '(0, Infinity)' },
      { name: 'epsilon', default: 0, range: '[0, Infinity)' },
      { name: 'momentum', default: 0.9, range: '[0, 1]' },
    ],
    options: { nesterov: false },
    states: [
      { name: 'momentum' },
    ],
  };

  constructor(options: LARSOptions = {}) {
    super(LARS.declaration, options);
  }
}

/** Options of {@link NovoGrad}. */
export interface NovoGradOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Part of the last update that is made again.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running square of the norm.
   * Unless given: 0.25. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the norm.
   * Unless given: 1e-6. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Momentum of gradients divided by a running norm of their tensor: half of Adam's memory.
 *
 * `v = β₂·v + (1−β₂)·‖g‖²` (‖g‖² at first), `m = β₁·m + g/(√v + ε) + λ·w`, `w -= η·m`.
 * Ginsburg et al. 2019, algorithm 1, https://arxiv.org/abs/1905.11286
 *
 * Optax's rule.
 */
export class NovoGrad extends Optimizer<NovoGradOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'NovoGrad',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'optax',
    decay: 'inside',
    parities: {},
    whole: true,
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.25, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-6, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity', shape: 1 },
    ],
  };

  constructor(options: NovoGradOptions = {}) {
    super(NovoGrad.declaration, options);
  }
}

/** Options of {@link Fromage}. */
export interface FromageOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * The least norm that counts.
   * Unless given: 1e-6. Range: (0, Infinity).
   */
  minNorm?: HyperValue | undefined;
}

/**
 * Steps whose size is a fixed part of each tensor's norm, and which do not make it grow.
 *
 * `w = (w − η · max(‖w‖, least)/max(‖g‖, least) · g) / √(1 + η²)`.
 * Bernstein et al. 2020, algorithm 1, https://arxiv.org/abs/2002.03432
 *
 * Optax's rule.
 */
export class Fromage extends Optimizer<FromageOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Fromage',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    whole: true,
    hypers: [
      { name: 'minNorm', default: 1e-6, range: '(0, Infinity)' },
    ],
    options: {},
    states: [],
  };

  constructor(options: FromageOptions = {}) {
    super(Fromage.declaration, options);
  }
}

/** Options of {@link Adafactor}. */
export interface AdafactorOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * d: how the decay of the means approaches 1.
   * Unless given: -0.8. Range: (-Infinity, 0].
   */
  beta2Decay?: HyperValue | undefined;
  /**
   * Added to squares.
   * Unless given: 1e-30. Range: (0, Infinity).
   */
  epsilon1?: HyperValue | undefined;
  /**
   * The least size of a tensor that counts.
   * Unless given: 0.001. Range: [0, Infinity).
   */
  epsilon2?: HyperValue | undefined;
  /**
   * The largest root mean square of an update.
   * Unless given: 1. Range: (0, Infinity).
   */
  clipThreshold?: HyperValue | undefined;
  /**
   * Variables that are taken for vectors, whatever their shape: those whose name contains one of these texts or
   * matches one of these patterns.
   */
  excludeLayers?: readonly (string | RegExp)[] | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 0.01, epsilon1 1.1920929e-7, weight decay decoupled), 'optax' (weight decay independent).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | 'optax' | undefined;
}

/**
 * Division by mean squares that are kept as row and column means only: next to no memory for matrices.
 *
 * `β = 1 − t^d`, `q = g² + ε₁`, row means `r = β·r + (1−β)·mean(q)`, column means c likewise, `V = r·c/mean(r)` (for fewer
 * axes than two a mean of q); `u = g/√V`, divided by `max(1, RMS(u)/threshold)`; `w -= max(ε₂, RMS(w))·min(η, 1/√t)·u`.
 * Shazeer & Stern 2018, algorithms 4 and 5, https://arxiv.org/abs/1804.04235
 *
 * Keras's rule, with the factored state alone (Keras keeps a full one besides); Keras's `relativeStep` changes
 * nothing there and is no option here. In PyTorch `q = g²`, mean(r) is at least ε₁ and V at least ε₁². In Optax the
 * rate is η itself and weight decay not times it; matrices are factored here however small (`minDimSizeToFactor` 2).
 */
export class Adafactor extends Optimizer<AdafactorOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Adafactor',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'decoupled', defaults: { learningRate: 0.01, epsilon1: 1.1920929e-7 } }, optax: { decay: 'independent', defaults: {} } },
    whole: true,
    hypers: [
      { name: 'beta2Decay', default: -0.8, range: '(-Infinity, 0]' },
      { name: 'epsilon1', default: 1e-30, range: '(0, Infinity)' },
      { name: 'epsilon2', default: 0.001, range: '[0, Infinity)' },
      { name: 'clipThreshold', default: 1, range: '(0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'rows', shape: 'rows' },
      { name: 'columns', shape: 'columns' },
      { name: 'velocity', shape: 'unfactored' },
    ],
  };

  constructor(options: AdafactorOptions = {}) {
    super(Adafactor.declaration, options);
  }
}

/** Options of {@link SM3}. */
export interface SM3Options extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.05. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of updates.
   * Unless given: 0.9. Range: [0, 1).
   */
  momentum?: HyperValue | undefined;
  /**
   * Added under the root.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Variables that are taken for vectors, whatever their shape: those whose name contains one of these texts or
   * matches one of these patterns.
   */
  excludeLayers?: readonly (string | RegExp)[] | undefined;
}

/**
 * Adagrad whose sums are kept for each row, each column and so on alone: next to no memory beside the momentum.
 *
 * `ν = min over axes of a + g²`, `u = g/√(ν + ε)`, `m = μ·m + (1−μ)·u`, `w -= η·m`; then each `a` becomes the largest ν
 * of its row, column or other slice.
 * Anil et al. 2019, algorithm SM3-II, https://arxiv.org/abs/1901.11150
 *
 * Optax's rule.
 */
export class SM3 extends Optimizer<SM3Options> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'SM3',
    sharedDefaults: { learningRate: 0.05 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    whole: true,
    hypers: [
      { name: 'momentum', default: 0.9, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'accumulators', shape: 'axes' },
    ],
  };

  constructor(options: SM3Options = {}) {
    super(SM3.declaration, options);
  }
}

/** Options of {@link StableAdamW}. */
export interface StableAdamWOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Weight decay: unless told otherwise by `weightDecayMode` or `parity`, before each update
   * `w -= learningRate * weightDecay * w`.
   * Unless given: 0.01. Range: [0, Infinity).
   */
  weightDecay?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.99. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean, and the least root that counts for the size of a step.
   * Unless given: 1e-8. Range: (0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * AdamW that takes smaller steps where gradients outgrow their mean: no clipping to choose, no spikes of the loss.
 *
 * `β̂ = β·(1 − βᵗ⁻¹)/(1 − βᵗ)` for both, `m = β̂₁·m + (1−β̂₁)·g`, `v = β̂₂·v + (1−β̂₂)·g²`; for each tensor
 * `ηₜ = η / max(1, RMS(g/√max(v, ε²)))`; `w -= ηₜ·λ·w`, `w -= ηₜ · m/(√v + ε)`.
 * Wortsman et al. 2023, algorithm 2, https://arxiv.org/abs/2304.13013
 *
 * The paper's rule: Adafactor's clipping of updates in AdamW.
 */
export class StableAdamW extends Optimizer<StableAdamWOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'StableAdamW',
    sharedDefaults: { learningRate: 0.001, weightDecay: 0.01 },
    origin: 'paper',
    decay: 'inside',
    parities: {},
    whole: true,
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.99, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '(0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
    ],
  };

  constructor(options: StableAdamWOptions = {}) {
    super(StableAdamW.declaration, options);
  }
}

/** Options of {@link Muon}. */
export interface MuonOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Weight decay: unless told otherwise by `weightDecayMode` or `parity`, before each update
   * `w -= learningRate * weightDecay * w`.
   * Unless given: 0.004. Range: [0, Infinity).
   */
  weightDecay?: HyperValue | undefined;
  /**
   * Part of the last sum of gradients that is kept.
   * Unless given: 0.95. Range: [0, 1).
   */
  momentum?: HyperValue | undefined;
  /**
   * Iterations that bring singular values near 1.
   * Unless given: 5. Range: [0, Infinity).
   */
  nsSteps?: HyperValue | undefined;
  /**
   * The polynomial of the iteration.
   * Unless given: 3.4445. Range: (-Infinity, Infinity).
   */
  muonA?: HyperValue | undefined;
  /**
   * The polynomial of the iteration.
   * Unless given: -4.775. Range: (-Infinity, Infinity).
   */
  muonB?: HyperValue | undefined;
  /**
   * The polynomial of the iteration.
   * Unless given: 2.0315. Range: (-Infinity, Infinity).
   */
  muonC?: HyperValue | undefined;
  /**
   * The root mean square of a step, at a rate of 1; 0: steps are not scaled, or as PyTorch and Optax do.
   * Unless given: 0.2. Range: [0, Infinity).
   */
  rmsRate?: HyperValue | undefined;
  /**
   * Added to the norm, and to the root of Adam's second mean.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Decay of Adam's running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  adamBeta1?: HyperValue | undefined;
  /**
   * Decay of Adam's running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  adamBeta2?: HyperValue | undefined;
  /**
   * Weight decay where Adam is used, unless `weightDecayMode` says what all have.
   * Unless given: 0.004. Range: [0, Infinity).
   */
  adamWeightDecay?: HyperValue | undefined;
  /**
   * Adam's learning rate as a part of Muon's.
   * Unless given: 1. Range: [0, Infinity).
   */
  adamLrRatio?: HyperValue | undefined;
  /**
   * Looks ahead.
   * Unless given: true.
   */
  nesterov?: boolean | undefined;
  /**
   * Scales steps by `√(outputs/inputs)`, whatever `rmsRate` says: PyTorch's `spectral_unclamped`.
   * Unless given: false.
   */
  spectralUnclamped?: boolean | undefined;
  /**
   * Scales steps by `Σ U·X` besides: Optax's `adaptive`.
   * Unless given: false.
   */
  adaptive?: boolean | undefined;
  /**
   * Uses Adam for variables with 'embedding' in their names.
   * Unless given: true.
   */
  excludeEmbeddings?: boolean | undefined;
  /**
   * Variables that are taken for vectors, whatever their shape: those whose name contains one of these texts or
   * matches one of these patterns.
   */
  excludeLayers?: readonly (string | RegExp)[] | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (weightDecay 0.1, rmsRate 0, weight decay inside), 'optax' (weightDecay 0, rmsRate 0, epsilon 1e-8, adamWeightDecay 0, weight decay inside).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | 'optax' | undefined;
}

/**
 * Momentum whose singular values are all brought near 1, for matrices; Adam for parameters of other ranks.
 *
 * `m = μ·m + g`, `U = g + μ·m` (with `nesterov`, else m), `X = U/(‖U‖ + ε)` lying (transposed where it stands), then
 * `nsSteps` times `A = X·Xᵀ`, `X = a·X + (b·A + c·A²)·X`; `w -= η · rmsRate·√max(rows, columns) · X`.
 * Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; scale: Liu et al. 2025, https://arxiv.org/abs/2502.16982
 *
 * Keras's rule. In PyTorch and Optax means take the place of sums (in Optax without the pull to their start), and the
 * scale is `√max(1, outputs/inputs)` unless `rmsRate` is given. PyTorch's matrices are outputs × inputs, and so taken
 * with its `parity`, where the iteration rounds to bfloat16 as PyTorch does; all others are inputs × outputs.
 */
export class Muon extends Optimizer<MuonOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Muon',
    sharedDefaults: { learningRate: 0.001, weightDecay: 0.004 },
    origin: 'keras',
    decay: 'inside',
    parities: { torch: { decay: 'inside', defaults: { weightDecay: 0.1, rmsRate: 0 } }, optax: { decay: 'inside', defaults: { weightDecay: 0, rmsRate: 0, epsilon: 1e-8, adamWeightDecay: 0 } } },
    whole: true,
    hypers: [
      { name: 'momentum', default: 0.95, range: '[0, 1)' },
      { name: 'nsSteps', default: 5, range: '[0, Infinity)' },
      { name: 'muonA', default: 3.4445, range: '(-Infinity, Infinity)' },
      { name: 'muonB', default: -4.775, range: '(-Infinity, Infinity)' },
      { name: 'muonC', default: 2.0315, range: '(-Infinity, Infinity)' },
      { name: 'rmsRate', default: 0.2, range: '[0, Infinity)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
      { name: 'adamBeta1', default: 0.9, range: '[0, 1)' },
      { name: 'adamBeta2', default: 0.999, range: '[0, 1)' },
      { name: 'adamWeightDecay', default: 0.004, range: '[0, Infinity)' },
      { name: 'adamLrRatio', default: 1, range: '[0, Infinity)' },
    ],
    options: { nesterov: true, spectralUnclamped: false, adaptive: false, excludeEmbeddings: true },
    states: [
      { name: 'momentum' },
      { name: 'velocity', shape: 'unmatrixed' },
    ],
  };

  constructor(options: MuonOptions = {}) {
    super(Muon.declaration, options);
  }
}

/** Options of {@link SOAP}. */
export interface SOAPOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.003. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Weight decay: unless told otherwise by `weightDecayMode` or `parity`, before each update
   * `w -= learningRate * weightDecay * w`.
   * Unless given: 0.01. Range: [0, Infinity).
   */
  weightDecay?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.95. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.95. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * βs: decay of L and R.
   * Unless given: 0.95. Range: [0, 1).
   */
  shampooBeta?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Steps between improvements of the bases.
   * Unless given: 10. Range: [1, Infinity).
   */
  preconditionFrequency?: HyperValue | undefined;
  /**
   * Variables that are taken for vectors, whatever their shape: those whose name contains one of these texts or
   * matches one of these patterns.
   */
  excludeLayers?: readonly (string | RegExp)[] | undefined;
}

/**
 * Adam in coordinates in which rows and columns of a gradient do not vary together: second-order steps for matrices.
 *
 * `L = βs·L + (1−βs)·g·gᵀ`, `R = βs·R + (1−βs)·gᵀ·g`, with orthogonal bases Qₗ and Qᵣ of their eigenvectors. m as in
 * `Adam`; `g' = Qₗᵀ·g·Qᵣ`, `m' = Qₗᵀ·m·Qᵣ`, `v = β₂·v + (1−β₂)·g'²`; `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · Qₗ·(m'/(√v + ε))·Qᵣᵀ`.
 * Every `preconditionFrequency` steps Q becomes the Q of a QR decomposition of `L·Q`, by falling eigenvalues.
 * Vyas et al. 2024, algorithms 3 and 4, https://arxiv.org/abs/2409.11321
 *
 * The authors' rule: the first step only begins L, R and their bases. More axes than two are folded into the
 * rows of a matrix; a side longer than 4,096 and the only axis of a vector keep their coordinates.
 */
export class SOAP extends Optimizer<SOAPOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'SOAP',
    sharedDefaults: { learningRate: 0.003, weightDecay: 0.01 },
    origin: 'paper',
    decay: 'decoupled',
    parities: {},
    whole: true,
    hypers: [
      { name: 'beta1', default: 0.95, range: '[0, 1)' },
      { name: 'beta2', default: 0.95, range: '[0, 1)' },
      { name: 'shampooBeta', default: 0.95, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
      { name: 'preconditionFrequency', default: 10, range: '[1, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'left', shape: 'leftSquare' },
      { name: 'right', shape: 'rightSquare' },
      { name: 'leftBasis', shape: 'leftSquare' },
      { name: 'rightBasis', shape: 'rightSquare' },
    ],
  };

  constructor(options: SOAPOptions = {}) {
    super(SOAP.declaration, options);
  }
}

/** Options of {@link DoG}. */
export interface DoGOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * The first distance, as a part of 1 + ‖w₀‖; 1e-4 with batch normalisation.
   * Unless given: 1e-6. Range: (0, Infinity).
   */
  initStep?: HyperValue | undefined;
  /**
   * Added to the sum of squares.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Gradient descent whose rate is the distance gone over the gradients seen: no rate to choose.
 *
 * `r = max(r, ‖w − w₀‖)` (at first `initStep·(1 + ‖w₀‖)`), `s += ‖g‖²`, `w -= η · r/√(s + ε) · g`, norms over all
 * tensors together. Its authors evaluate a running mean of the parameters.
 * Ivgi et al. 2023, equation 1, https://arxiv.org/abs/2302.12022
 *
 * Optax's rule. The start w₀ is part of the state.
 */
export class DoG extends Optimizer<DoGOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'DoG',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    whole: true,
    hypers: [
      { name: 'initStep', default: 1e-6, range: '(0, Infinity)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'initial' },
      { name: 'sums', shape: 2 },
    ],
  };

  constructor(options: DoGOptions = {}) {
    super(DoG.declaration, options);
  }
}

/** Options of {@link DoWG}. */
export interface DoWGOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * The least squared distance, and what is added to the root.
   * Unless given: 0.0001. Range: (0, Infinity).
   */
  epsilon?: HyperValue | undefined;
}

/**
 * Gradient descent whose rate follows from the distance gone and the gradients seen: no rate to choose.
 *
 * `r² = max(r², ‖w − w₀‖²)` (ε at least), `s += r²·‖g‖²`, `w -= η · r²/(√s + ε) · g`, norms over all tensors together.
 * Khaled et al. 2023, algorithm 1, https://arxiv.org/abs/2305.16284
 *
 * Optax's rule. The start w₀ is part of the state.
 */
export class DoWG extends Optimizer<DoWGOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'DoWG',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    whole: true,
    hypers: [
      { name: 'epsilon', default: 0.0001, range: '(0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'initial' },
      { name: 'sums', shape: 2 },
    ],
  };

  constructor(options: DoWGOptions = {}) {
    super(DoWG.declaration, options);
  }
}

/** Options of {@link Prodigy}. */
export interface ProdigyOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean, times d.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * The first d: d₀.
   * Unless given: 1e-6. Range: (0, Infinity).
   */
  estimLr0?: HyperValue | undefined;
  /**
   * Scales what d is found to be.
   * Unless given: 1. Range: (0, Infinity).
   */
  estimLrCoef?: HyperValue | undefined;
  /**
   * s grows by d in place of k: for rates that warm up.
   * Unless given: false.
   */
  safeguardWarmup?: boolean | undefined;
}

/**
 * Adam with a rate d found from how well gradients agree with the way gone so far.
 *
 * With `k = d·η·√(1−β₂ᵗ)/(1−β₁ᵗ)`, `β₃ = √β₂`: `m = β₁·m + (1−β₁)·d·g`, `v = β₂·v + (1−β₂)·(d·g)²`,
 * `w -= k·m/(√v + d·ε) + λ·k·w`; `n = β₃·n + (d/d₀)·k·⟨g, w₀ − w⟩`, `s = β₃·s + (d/d₀)·k·g`, `d = max(d, coef·n/‖s‖₁)`.
 * Mishchenko & Defazio 2023, algorithm 4, https://arxiv.org/abs/2306.06101
 *
 * Optax's rule. The start w₀ is part of the state.
 */
export class Prodigy extends Optimizer<ProdigyOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Prodigy',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'inside',
    parities: {},
    whole: true,
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
      { name: 'estimLr0', default: 1e-6, range: '(0, Infinity)' },
      { name: 'estimLrCoef', default: 1, range: '(0, Infinity)' },
    ],
    options: { safeguardWarmup: false },
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'gradients' },
      { name: 'initial' },
      { name: 'estimate', shape: 2 },
    ],
  };

  constructor(options: ProdigyOptions = {}) {
    super(Prodigy.declaration, options);
  }
}

/** Options of {@link DAdaptAdamW}. */
export interface DAdaptAdamWOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * The first d.
   * Unless given: 1e-6. Range: (0, Infinity).
   */
  estimLr0?: HyperValue | undefined;
}

/**
 * AdamW with a rate d found from a lower bound on the distance to the solution.
 *
 * With `k = d·η·√(1−β₂ᵗ)/(1−β₁ᵗ)`, `β₃ = √β₂`: `n = β₃·n + (1−β₃)·k·⟨g, s/(√v + ε)⟩`, `v = β₂·v + (1−β₂)·g²`,
 * `m = β₁·m + (1−β₁)·k·g`, `w -= m/(√v + ε) + λ·k·w`, `s = β₃·s + (1−β₃)·k·g`, `d = max(d, n/((1−β₃)·‖s‖₁))`.
 * Defazio & Mishchenko 2023, algorithm 5, https://arxiv.org/abs/2301.07733
 *
 * Optax's rule.
 */
export class DAdaptAdamW extends Optimizer<DAdaptAdamWOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'DAdaptAdamW',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'inside',
    parities: {},
    whole: true,
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '[0, Infinity)' },
      { name: 'estimLr0', default: 1e-6, range: '(0, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'gradients' },
      { name: 'estimate', shape: 2 },
    ],
  };

  constructor(options: DAdaptAdamWOptions = {}) {
    super(DAdaptAdamW.declaration, options);
  }
}

/** Options of {@link PolyakSGD}. */
export interface PolyakSGDOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Factor on the gradient.
   * Unless given: 1. Range: [0, Infinity).
   */
  scaling?: HyperValue | undefined;
  /**
   * The least the loss can be, or a guess of it.
   * Unless given: 0. Range: (-Infinity, Infinity).
   */
  fMin?: HyperValue | undefined;
  /**
   * Added to the squared norm.
   * Unless given: 0. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Goes nowhere, instead of up, where the loss is below `fMin` (SPS₊; Garrigos et al. 2023).
   * Unless given: false.
   */
  onlyDown?: boolean | undefined;
}

/**
 * Gradient descent with Polyak's rate: how far the loss is above the least it can be, by the squared gradient.
 *
 * `u = s·g`, `w -= min((f − f_min)/(‖u‖² + ε), η)·u` with the loss f, the norm over all tensors together; nothing
 * where that norm is nothing.
 * Loizou et al. 2021, equation SPS_max, https://arxiv.org/abs/2002.10542
 *
 * Optax's rule, whose norm is that of the scaled gradient. The learning rate is the largest one taken.
 */
export class PolyakSGD extends Optimizer<PolyakSGDOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'PolyakSGD',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'coupled',
    parities: {},
    whole: true,
    needs: 'loss',
    hypers: [
      { name: 'scaling', default: 1, range: '[0, Infinity)' },
      { name: 'fMin', default: 0, range: '(-Infinity, Infinity)' },
      { name: 'epsilon', default: 0, range: '[0, Infinity)' },
    ],
    options: { onlyDown: false },
    states: [],
  };

  constructor(options: PolyakSGDOptions = {}) {
    super(PolyakSGD.declaration, options);
  }
}

/** Options of {@link MoMo}. */
export interface MoMoOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running means.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta?: HyperValue | undefined;
  /**
   * The least the loss can be.
   * Unless given: 0. Range: (-Infinity, Infinity).
   */
  lowerBound?: HyperValue | undefined;
  /**
   * Whether to estimate a least loss above `lowerBound` on the way.
   * Unless given: false.
   */
  adaptLowerBound?: boolean | undefined;
}

/**
 * Momentum with a rate found from running means of loss, gradient and where they were seen: η only bounds it.
 *
 * With means `m` of g, `f̄` of the loss, `γ` of ⟨g, w⟩ (those of the first step are its values) and `s = 1/(1 + η·λ)`:
 * `w = s·w − min(η, max(f̄ − least − γ + s·⟨m, w⟩, 0)/(s·‖m‖²))·m`, products over all tensors together.
 * Schaipp et al. 2023, algorithm 1, https://arxiv.org/abs/2305.07583
 *
 * Optax's rule.
 */
export class MoMo extends Optimizer<MoMoOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'MoMo',
    sharedDefaults: { learningRate: 1 },
    origin: 'optax',
    decay: 'inside',
    parities: {},
    whole: true,
    needs: 'loss',
    hypers: [
      { name: 'beta', default: 0.9, range: '[0, 1)' },
      { name: 'lowerBound', default: 0, range: '(-Infinity, Infinity)' },
    ],
    options: { adaptLowerBound: false },
    states: [
      { name: 'momentum' },
      { name: 'model', shape: 3 },
    ],
  };

  constructor(options: MoMoOptions = {}) {
    super(MoMo.declaration, options);
  }
}

/** Options of {@link MoMoAdam}. */
export interface MoMoAdamOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running means of loss and gradients.
   * Unless given: 0.9. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of squared gradients.
   * Unless given: 0.999. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * Added to the root of the second mean.
   * Unless given: 1e-8. Range: (0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * The least the loss can be.
   * Unless given: 0. Range: (-Infinity, Infinity).
   */
  lowerBound?: HyperValue | undefined;
  /**
   * Whether to estimate a least loss above `lowerBound` on the way.
   * Unless given: false.
   */
  adaptLowerBound?: boolean | undefined;
}

/**
 * Adam with a rate found from running means of loss, gradient and where they were seen: η only bounds it.
 *
 * With Adam's means `m` and `v`, means `f̄` of the loss and `γ` of ⟨g, w⟩, `D = √(v/(1−β₂ᵗ)) + ε`, `b = 1 − β₁ᵗ` and
 * `s = 1/(1 + η·λ)`: `w = s·w − min(η/b, max(f̄ − b·least − γ + s·⟨m, w⟩, 0)/(s·⟨m, m/D⟩))·m/D`, products over all
 * tensors together.
 * Schaipp et al. 2023, algorithm 2, https://arxiv.org/abs/2305.07583
 *
 * Optax's rule.
 */
export class MoMoAdam extends Optimizer<MoMoAdamOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'MoMoAdam',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'optax',
    decay: 'inside',
    parities: {},
    whole: true,
    needs: 'loss',
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '(0, Infinity)' },
      { name: 'lowerBound', default: 0, range: '(-Infinity, Infinity)' },
    ],
    options: { adaptLowerBound: false },
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'model', shape: 3 },
    ],
  };

  constructor(options: MoMoAdamOptions = {}) {
    super(MoMoAdam.declaration, options);
  }
}

/** Options of {@link LBFGS}. */
export interface LBFGSOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 1. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Most iterations of a step.
   * Unless given: 20. Range: [1, Infinity).
   */
  maxIter?: HyperValue | undefined;
  /**
   * Evaluations after which a step ends; 0: 1.25 times `maxIter`.
   * Unless given: 0. Range: [0, Infinity).
   */
  maxEval?: HyperValue | undefined;
  /**
   * A step ends where no element of the gradient is larger.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  toleranceGrad?: HyperValue | undefined;
  /**
   * A step ends where no element of the parameters, or the loss, changes by more.
   * Unless given: 1e-9. Range: [0, Infinity).
   */
  toleranceChange?: HyperValue | undefined;
  /**
   * Most pairs that are remembered; fixed when it is made.
   * Unless given: 100. Range: [1, Infinity).
   */
  historySize?: HyperValue | undefined;
  /**
   * Searches along each direction for a step that satisfies the strong Wolfe conditions.
   * Unless given: false.
   */
  strongWolfe?: boolean | undefined;
  /**
   * Variables that are taken for vectors, whatever their shape: those whose name contains one of these texts or
   * matches one of these patterns.
   */
  excludeLayers?: readonly (string | RegExp)[] | undefined;
}

/**
 * The quasi-Newton method of limited memory: for smooth functions and whole data sets, where it needs few evaluations.
 *
 * A step makes up to `maxIter` iterations `w += t·d`: d = −H·g, where H, the estimate of the inverse Hessian, follows
 * from the last pairs of steps and changes of the gradient by the two-loop recursion; t is η (in the first iteration
 * of all at most η/‖g‖₁), or is searched from there on. Pairs with ⟨s, y⟩ ≤ 1e-10 are left out.
 * Liu & Nocedal 1989, https://doi.org/10.1007/BF01589116; Nocedal & Wright 2006, algorithms 7.4 and 7.5
 *
 * PyTorch's rule: a step here is one call of its `step`, one update of `iterations`. Where nothing moved in an
 * iteration, PyTorch pairs the next change of the gradient with the step not taken; this does not.
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'LBFGS',
    sharedDefaults: { learningRate: 1 },
    origin: 'torch',
    decay: 'coupled',
    parities: {},
    whole: true,
    needs: 'evaluations',
    hypers: [
      { name: 'maxIter', default: 20, range: '[1, Infinity)' },
      { name: 'maxEval', default: 0, range: '[0, Infinity)' },
      { name: 'toleranceGrad', default: 1e-7, range: '[0, Infinity)' },
      { name: 'toleranceChange', default: 1e-9, range: '[0, Infinity)' },
      { name: 'historySize', default: 100, range: '[1, Infinity)' },
    ],
    options: { strongWolfe: false },
    states: [
      { name: 'displacement' },
      { name: 'previousGradient' },
      { name: 'steps', shape: { times: 'historySize' } },
      { name: 'changes', shape: { times: 'historySize' } },
      { name: 'progress', shape: 4 },
    ],
    work: { rows: 5, each: 2, times: 'maxIter' },
  };

  constructor(options: LBFGSOptions = {}) {
    super(LBFGS.declaration, options);
  }
}

/** Options of {@link Sophia}. */
export interface SophiaOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Weight decay: unless told otherwise by `weightDecayMode` or `parity`, before each update
   * `w -= learningRate * weightDecay * w`.
   * Unless given: 0.0001. Range: [0, Infinity).
   */
  weightDecay?: HyperValue | undefined;
  /**
   * Decay of the running mean of gradients.
   * Unless given: 0.965. Range: [0, 1).
   */
  beta1?: HyperValue | undefined;
  /**
   * Decay of the running mean of estimates.
   * Unless given: 0.99. Range: [0, 1).
   */
  beta2?: HyperValue | undefined;
  /**
   * The least that is divided by.
   * Unless given: 1e-8. Range: (0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Scales the curvature: the larger, the fewer elements are clipped.
   * Unless given: 0.01. Range: (0, Infinity).
   */
  gamma?: HyperValue | undefined;
  /**
   * The largest change of an element, in learning rates.
   * Unless given: 1. Range: (0, Infinity).
   */
  clipThreshold?: HyperValue | undefined;
  /**
   * Steps from one estimate to the next.
   * Unless given: 10. Range: [1, Infinity).
   */
  updateInterval?: HyperValue | undefined;
}

/**
 * Momentum divided by an estimate of the Hessian's diagonal, and clipped: a second-order step at about the cost of Adam's.
 *
 * `m = β₁·m + (1−β₁)·g`, `w -= η·clip(m/(1−β₁ᵗ) / max(γ·h, ε), ±clipThreshold)`; in the first step and every
 * `updateInterval`-th after it then `h = β₂·h + (1−β₂)·u⊙H·u` with signs u drawn at random: H·u is the gradient of ⟨g, u⟩.
 * Liu et al. 2023, algorithms 1 and 3, https://arxiv.org/abs/2305.14342
 *
 * Optax's rule, with Hutchinson's estimate. `applyGradients` takes the estimates `u⊙H·u` as `hessianDiagonals`.
 */
export class Sophia extends Optimizer<SophiaOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Sophia',
    sharedDefaults: { learningRate: 0.001, weightDecay: 0.0001 },
    origin: 'optax',
    decay: 'decoupled',
    parities: {},
    whole: true,
    needs: 'curvature',
    hypers: [
      { name: 'beta1', default: 0.965, range: '[0, 1)' },
      { name: 'beta2', default: 0.99, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-8, range: '(0, Infinity)' },
      { name: 'gamma', default: 0.01, range: '(0, Infinity)' },
      { name: 'clipThreshold', default: 1, range: '(0, Infinity)' },
      { name: 'updateInterval', default: 10, range: '[1, Infinity)' },
    ],
    options: {},
    states: [
      { name: 'momentum' },
      { name: 'hessian' },
    ],
  };

  constructor(options: SophiaOptions = {}) {
    super(Sophia.declaration, options);
  }
}

/** Every optimizer there is, for looking one up by name. */
export const OPTIMIZERS: readonly [typeof SGD, typeof Momentum, typeof RMSprop, typeof Adam, typeof AdamW, typeof SparseAdam, typeof Adadelta, typeof Adagrad, typeof Adamax, typeof Nadam, typeof Ftrl, typeof Lion, typeof ScheduleFreeAdamW, typeof ScheduleFreeSGD, typeof RAdam, typeof ASGD, typeof Rprop, typeof AdaBelief, typeof Yogi, typeof Adan, typeof ADOPT, typeof AdEMAMix, typeof SimplifiedAdEMAMix, typeof SignSGD, typeof Signum, typeof MADGRAD, typeof OptimisticGradientDescent, typeof OptimisticAdam, typeof COCOB, typeof Lamb, typeof LARS, typeof NovoGrad, typeof Fromage, typeof Adafactor, typeof SM3, typeof StableAdamW, typeof Muon, typeof SOAP, typeof DoG, typeof DoWG, typeof Prodigy, typeof DAdaptAdamW, typeof PolyakSGD, typeof MoMo, typeof MoMoAdam, typeof LBFGS, typeof Sophia] = [SGD, Momentum, RMSprop, Adam, AdamW, SparseAdam, Adadelta, Adagrad, Adamax, Nadam, Ftrl, Lion, ScheduleFreeAdamW, ScheduleFreeSGD, RAdam, ASGD, Rprop, AdaBelief, Yogi, Adan, ADOPT, AdEMAMix, SimplifiedAdEMAMix, SignSGD, Signum, MADGRAD, OptimisticGradientDescent, OptimisticAdam, COCOB, Lamb, LARS, NovoGrad, Fromage, Adafactor, SM3, StableAdamW, Muon, SOAP, DoG, DoWG, Prodigy, DAdaptAdamW, PolyakSGD, MoMo, MoMoAdam, LBFGS, Sophia];
