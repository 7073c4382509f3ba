// PyTorch's learning-rate schedulers as functions of the step: `initialLearningRate` is the rate that there lies in the
// optimizer. `LambdaLR` and the composed ones are in torch-parts.ts.

import type { Declaration } from '../declaration.js';
import {
  CosineDecayRestarts,
  ExponentialDecay,
  PolynomialDecay,
  Triangular,
  type TriangularOptions,
} from '../generated/schedules.js';
import { Join, Points } from './parts.js';
import { Schedule } from './schedule.js';

/** Declares numbers: `[name, range, default?]`. */
function declared(name: string, ...hypers: [name: string, range: string, otherwise?: number | null][]): Declaration {
  const initial = { name: 'initialLearningRate', range: '[0, Infinity)' };
  const own = hypers.map(([option, range, otherwise]) =>
    otherwise === undefined ? { name: option, range } : { name: option, range, default: otherwise },
  );
  return { name, hypers: [initial, ...own], options: {} };
}

/** The option that all these share. */
export interface InitialOptions {
  /** The rate that the scheduler changes. */
  initialLearningRate: number;
}

/** Options of {@link StepLR}. */
export interface StepLROptions extends InitialOptions {
  /** Steps of each stair. */
  stepSize: number;
  /** The factor from stair to stair. Unless given: 0.1. */
  gamma?: number | undefined;
}

/** The rate falls by a factor every `stepSize` steps. */
export class StepLR extends Schedule<StepLROptions> {
  /** @internal */
  static override readonly declaration = declared(
    'StepLR',
    ['stepSize', '(0, Infinity)'],
    ['gamma', '[0, Infinity)', 0.1],
  );

  constructor(options: StepLROptions) {
    super(StepLR.declaration, options);
  }

  protected override form(): Schedule {
    const { initialLearningRate, stepSize, gamma } = this.values;
    return new ExponentialDecay({ initialLearningRate, decaySteps: stepSize, decayRate: gamma, staircase: true });
  }
}

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends InitialOptions {
  /** The steps at which the rate falls. */
  milestones: readonly number[];
  /** By this factor. Unless given: 0.1. */
  gamma?: number | undefined;
}

/** The rate falls by a factor at each of some steps. */
export class MultiStepLR extends Schedule<MultiStepLROptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    ...declared('MultiStepLR', ['gamma', '[0, Infinity)', 0.1]),
    lists: [{ name: 'milestones', range: '[1, Infinity)', whole: true, rises: true }],
  };

  constructor(options: MultiStepLROptions) {
    super(MultiStepLR.declaration, options);
  }

  protected override form(): Schedule {
    const { initialLearningRate, gamma, milestones } = this.values;
    const schedules = [initialLearningRate];
    for (const _ of milestones) schedules.push((schedules.at(-1) as number) * gamma);
    return new Join({ schedules, boundaries: milestones });
  }
}

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends InitialOptions {
  /** The part of the rate that is used at first. Unless given: 1/3. */
  factor?: number | undefined;
  /** For so many steps. Unless given: 5. */
  totalIters?: number | undefined;
}

/** A part of the rate for some steps, then all of it. */
export class ConstantLR extends Schedule<ConstantLROptions> {
  /** @internal */
  static override readonly declaration = declared(
    'ConstantLR',
    ['factor', '[0, 1]', 1 / 3],
    ['totalIters', '[1, Infinity)', 5],
  );

  constructor(options: ConstantLROptions) {
    super(ConstantLR.declaration, options);
  }

  protected override form(): Schedule {
    const { initialLearningRate: rate, factor, totalIters } = this.values;
    return new Join({ schedules: [rate * factor, rate], boundaries: [Math.ceil(totalIters)] });
  }
}

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends InitialOptions {
  /** The part of the rate at step 0. Unless given: 1/3. */
  startFactor?: number | undefined;
  /** The part of the rate in the end. Unless given: 1. */
  endFactor?: number | undefined;
  /** Steps between the two. Unless given: 5. */
  totalIters?: number | undefined;
}

/** The rate goes along a straight line from one part of it to another. */
export class LinearLR extends Schedule<LinearLROptions> {
  /** @internal */
  static override readonly declaration = declared(
    'LinearLR',
    ['startFactor', '(0, 1]', 1 / 3],
    ['endFactor', '[0, 1]', 1],
    ['totalIters', '(0, Infinity)', 5],
  );

  constructor(options: LinearLROptions) {
    super(LinearLR.declaration, options);
  }

  protected override form(): Schedule {
    const { initialLearningRate, startFactor, endFactor, totalIters } = this.values;
    const values = [initialLearningRate * startFactor, initialLearningRate * endFactor];
    return new Points({ steps: [0, totalIters], values });
  }
}

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions extends InitialOptions {
  /** The factor from step to step. */
  gamma: number;
}

/** The rate falls by a factor at every step. */
export class ExponentialLR extends Schedule<ExponentialLROptions> {
  /** @internal */
  static override readonly declaration = declared('ExponentialLR', ['gamma', '[0, Infinity)']);

  constructor(options: ExponentialLROptions) {
    super(ExponentialLR.declaration, options);
  }

  protected override form(): Schedule {
    const { initialLearningRate, gamma } = this.values;
    return new ExponentialDecay({ initialLearningRate, decaySteps: 1, decayRate: gamma });
  }
}

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends InitialOptions {
  /** Steps until the rate is 0. Unless given: 5. */
  totalIters?: number | undefined;
  /** The power of the time that is left. Unless given: 1. */
  power?: number | undefined;
}

/** The rate falls to 0 as a power of the time that is left. */
export class PolynomialLR extends Schedule<PolynomialLROptions> {
  /** @internal */
  static override readonly declaration = declared(
    'PolynomialLR',
    ['totalIters', '(0, Infinity)', 5],
    ['power', '[0, Infinity)', 1],
  );

  constructor(options: PolynomialLROptions) {
    super(PolynomialLR.declaration, options);
  }

  protected override form(): Schedule {
    const { initialLearningRate, totalIters, power } = this.values;
    return new PolynomialDecay({ initialLearningRate, decaySteps: totalIters, endLearningRate: 0, power });
  }
}

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends InitialOptions {
  /** Steps of the first period. */
  t0: number;
  /** How much longer than the one before each period is. Unless given: 1. */
  tMult?: number | undefined;
  /** The lowest rate. Unless given: 0. */
  etaMin?: number | undefined;
}

/** The rate falls along half a cosine again and again. */
export class CosineAnnealingWarmRestarts extends Schedule<CosineAnnealingWarmRestartsOptions> {
  /** @internal */
  static override readonly declaration = declared(
    'CosineAnnealingWarmRestarts',
    ['t0', '(0, Infinity)'],
    ['tMult', '[1, Infinity)', 1],
    ['etaMin', '[0, Infinity)', 0],
  );

  constructor(options: CosineAnnealingWarmRestartsOptions) {
    super(CosineAnnealingWarmRestarts.declaration, options);
  }

  protected override form(): Schedule | number {
    const { initialLearningRate, t0, tMult, etaMin } = this.values;
    if (initialLearningRate === 0 && etaMin === 0) return 0;
    const alpha = etaMin / initialLearningRate;
    return new CosineDecayRestarts({ initialLearningRate, firstDecaySteps: t0, tMul: tMult, alpha });
  }
}

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions {
  /** The rate at step 0. */
  baseLr: number;
  /** The rate at the tip of a triangle. */
  maxLr: number;
  /** Steps up. Unless given: 2000. */
  stepSizeUp?: number | undefined;
  /** Steps down. Unless given: as many as up. */
  stepSizeDown?: number | null | undefined;
  /** Whether triangles stay, halve, or shrink by `gamma` at every step. Unless given: `'triangular'`. */
  mode?: 'triangular' | 'triangular2' | 'exp_range' | undefined;
  /** For `'exp_range'`. Unless given: 1. */
  gamma?: number | undefined;
}

/** The rate goes up and down along straight lines. Smith 2015, https://arxiv.org/abs/1506.01186 */
export class CyclicLR extends Schedule<CyclicLROptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'CyclicLR',
    hypers: [
      { name: 'baseLr', range: '[0, Infinity)' },
      { name: 'maxLr', range: '[0, Infinity)' },
      { name: 'stepSizeUp', default: 2000, range: '(0, Infinity)' },
      { name: 'stepSizeDown', default: null, range: '(0, Infinity)' },
      { name: 'gamma', default: 1, range: '[0, Infinity)' },
    ],
    options: {},
    words: { mode: ['triangular', 'triangular2', 'exp_range'] },
  };

  constructor(options: CyclicLROptions) {
    super(CyclicLR.declaration, options);
  }

  /** The momentum that PyTorch cycles against the rate: from `max` down to `base` and back. */
  momentum(base = 0.8, max = 0.9): Schedule {
    return this.#triangle(max, base);
  }

  protected override form(): Schedule {
    const { baseLr, maxLr } = this.values;
    return this.#triangle(baseLr, maxLr);
  }

  #triangle(base: number, peak: number): Schedule {
    const { stepSizeUp, stepSizeDown, gamma, mode } = this.values;
    const options: TriangularOptions = { base, peak, stepsUp: stepSizeUp, stepsDown: stepSizeDown };
    return new Triangular({ ...options, gamma: mode === 'exp_range' ? gamma : 1, halving: mode === 'triangular2' });
  }
}
