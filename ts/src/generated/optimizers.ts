// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { OptimizerDeclaration } from '../declaration.js';
import type { HyperValue } from '../optimizers/hyper.js';
import { Optimizer } from '../optimizers/optimizer.js';
import type { OptimizerOptions } from '../optimizers/options.js';

/** Options of {@link SGD}. */
export interface SGDOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Part of the last update that is made again. 0 at construction: no buffer is kept.
   * Unless given: 0. Range: [0, 1].
   */
  momentum?: HyperValue | undefined;
  /**
   * Part of each gradient but the first that the buffer leaves out.
   * Unless given: 0. Range: [0, 1].
   */
  dampening?: HyperValue | undefined;
  /**
   * Takes the gradient's step after the momentum's, not together with it.
   * Unless given: false.
   */
  nesterov?: boolean | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 0.001, weight decay coupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Gradient descent, with momentum and Nesterov's look-ahead on request.
 *
 * Plain `w -= η·g`; with momentum `u = μ·u − η·g`, then `w += u`, or `w += μ·u − η·g` with `nesterov`.
 * Robbins & Monro 1951; Polyak 1964; Sutskever et al. 2013, equations 1–4, https://proceedings.mlr.press/v28/sutskever13.html
 *
 * As in Keras the learning rate is part of the buffer, so a new rate acts on new gradients only; in PyTorch
 * (`u = μ·u + (1−τ)·g`, `w -= η·u` or, with `nesterov`, `w -= η·(g + μ·u)`) it acts on the whole buffer at once. Equal
 * while the rate is constant.
 */
export class SGD extends Optimizer<SGDOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'SGD',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { learningRate: 0.001 } } },
    hypers: [
      { name: 'momentum', default: 0, range: '[0, 1]' },
      { name: 'dampening', default: 0, range: '[0, 1]' },
    ],
    options: { nesterov: false },
    states: [
      { name: 'momentum', onlyIf: 'momentum' },
    ],
  };

  constructor(options: SGDOptions = {}) {
    super(SGD.declaration, options);
  }
}

/** Options of {@link Momentum}. */
export interface MomentumOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.01. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
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
 * Gradient descent with momentum: `SGD` whose momentum is 0.9 unless given.
 *
 * `u = μ·u − η·g`, then `w += u`, or `w += μ·u − η·g` with `nesterov`.
 * Polyak 1964; Sutskever et al. 2013, equations 1–4, https://proceedings.mlr.press/v28/sutskever13.html
 */
export class Momentum extends Optimizer<MomentumOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Momentum',
    sharedDefaults: { learningRate: 0.01 },
    origin: 'keras',
    decay: 'decoupled',
    parities: {},
    hypers: [
      { name: 'momentum', default: 0.9, range: '[0, 1]' },
    ],
    options: { nesterov: false },
    states: [
      { name: 'momentum' },
    ],
  };

  constructor(options: MomentumOptions = {}) {
    super(Momentum.declaration, options);
  }
}

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /**
   * Size of a step: a number, a schedule, or a function of the step (counted from 0).
   * Unless given: 0.001. Range: [0, Infinity).
   */
  learningRate?: HyperValue | undefined;
  /**
   * Decay of the running means.
   * Unless given: 0.9. Range: [0, 1).
   */
  rho?: HyperValue | undefined;
  /**
   * Part of the last update that is made again. 0 at construction: no buffer is kept.
   * Unless given: 0. Range: [0, 1].
   */
  momentum?: HyperValue | undefined;
  /**
   * Added under the root.
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Divides by the running standard deviation: the mean of the gradient is taken off first.
   * Unless given: false.
   */
  centered?: boolean | undefined;
  /**
   * Takes the gradient's step after the momentum's, not together with it.
   * Unless given: false.
   */
  nesterov?: boolean | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (learningRate 0.01, rho 0.99, epsilon 1e-8, weight decay coupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Steps divided by a running root mean square of the gradient.
 *
 * `v = ρ·v + (1−ρ)·g²`, `w -= η·g / √(v + ε)`; `centered` puts `v − a²` for `v`, where `a = ρ·a + (1−ρ)·g`; with momentum
 * `u = μ·u + η·g / √(…)`, `w -= u`.
 * Hinton 2012, lecture 6e; Graves 2013, section 2.3, equations 38–45, https://arxiv.org/abs/1308.0850
 *
 * As in Keras ε stands inside the root and the buffer holds the learning rate; in PyTorch it is outside, and the rate is
 * applied to the buffer. Nesterov's form is Optax's. `v − a²`, never negative in exact arithmetic, is held at 0 where rounding makes it so.
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'RMSprop',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { learningRate: 0.01, rho: 0.99, epsilon: 1e-8 } } },
    hypers: [
      { name: 'rho', default: 0.9, range: '[0, 1)' },
      { name: 'momentum', default: 0, range: '[0, 1]' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
    ],
    options: { centered: false, nesterov: false },
    states: [
      { name: 'velocity' },
      { name: 'averageGradient', onlyIf: 'centered' },
      { name: 'momentum', onlyIf: 'momentum' },
    ],
  };

  constructor(options: RMSpropOptions = {}) {
    super(RMSprop.declaration, options);
  }
}

/** Options of {@link Adam}. */
export interface AdamOptions extends OptimizerOptions {
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
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Divides by the largest second mean seen so far instead of the present one.
   * Unless given: false.
   */
  amsgrad?: boolean | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (epsilon 1e-8, weight decay coupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Steps from running means of the gradient and of its square, both corrected for starting at zero.
 *
 * `m += (1−β₁)(g − m)`, `v += (1−β₂)(g² − v)`, `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
 * Kingma & Ba 2014, algorithm 1 in the form at the end of section 2, https://arxiv.org/abs/1412.6980;
 * amsgrad: Reddi et al. 2018, algorithm 2, https://arxiv.org/abs/1904.09237
 *
 * As in Keras ε is added to the uncorrected root (the paper's ε̂); in PyTorch and Optax to the corrected one, which is
 * this rule with ε·√(1−β₂ᵗ). With `amsgrad` the largest v is kept before correction, as in Keras and PyTorch.
 */
export class Adam extends Optimizer<AdamOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'Adam',
    sharedDefaults: { learningRate: 0.001 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'coupled', defaults: { epsilon: 1e-8 } } },
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
    ],
    options: { amsgrad: false },
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'velocityHat', onlyIf: 'amsgrad' },
    ],
  };

  constructor(options: AdamOptions = {}) {
    super(Adam.declaration, options);
  }
}

/** Options of {@link AdamW}. */
export interface AdamWOptions extends OptimizerOptions {
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
   * Unless given: 1e-7. Range: [0, Infinity).
   */
  epsilon?: HyperValue | undefined;
  /**
   * Divides by the largest second mean seen so far instead of the present one.
   * Unless given: false.
   */
  amsgrad?: boolean | undefined;
  /**
   * Whose rule and defaults: 'keras', 'torch' (weightDecay 0.01, epsilon 1e-8, weight decay decoupled).
   * Unless given: 'keras'.
   */
  parity?: 'keras' | 'torch' | undefined;
}

/**
 * Adam with decoupled weight decay: each step first takes `w -= η·λ·w`, then Adam's.
 *
 * `w -= η·λ·w`, `m += (1−β₁)(g − m)`, `v += (1−β₂)(g² − v)`, `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
 * Loshchilov & Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101
 *
 * λ is 0.004 unless given, as in Keras; PyTorch has 0.01, Optax 0.0001. As in all three it is multiplied by the learning
 * rate (the paper's multiplies by the schedule alone). ε as in `Adam`.
 */
export class AdamW extends Optimizer<AdamWOptions> {
  /** @internal */
  static override readonly declaration: OptimizerDeclaration = {
    name: 'AdamW',
    sharedDefaults: { learningRate: 0.001, weightDecay: 0.004 },
    origin: 'keras',
    decay: 'decoupled',
    parities: { torch: { decay: 'decoupled', defaults: { weightDecay: 0.01, epsilon: 1e-8 } } },
    hypers: [
      { name: 'beta1', default: 0.9, range: '[0, 1)' },
      { name: 'beta2', default: 0.999, range: '[0, 1)' },
      { name: 'epsilon', default: 1e-7, range: '[0, Infinity)' },
    ],
    options: { amsgrad: false },
    states: [
      { name: 'momentum' },
      { name: 'velocity' },
      { name: 'velocityHat', onlyIf: 'amsgrad' },
    ],
  };

  constructor(options: AdamWOptions = {}) {
    super(AdamW.declaration, options);
  }
}

/** @internal Those that are known by their names at once. */
export const FIRST_OPTIMIZERS = [SGD, Momentum, RMSprop, Adam, AdamW] as const;
