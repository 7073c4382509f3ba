// PyTorch's one-cycle policy, its schedulers of functions, and those of schedulers.

import type { Declaration } from '../declaration.js';
import { fail } from '../errors.js';
import { FunctionSchedule, Join, type Part, Points, Product, readFunction, readParts } from './parts.js';
import { Schedule } from './schedule.js';

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest rate. */
  maxLr: number;
  /** Steps of the cycle; the rate stays afterwards. */
  totalSteps: number;
  /** The part of the cycle in which the rate rises. Unless given: 0.3. */
  pctStart?: number | undefined;
  /** What lies between the phases' ends. Unless given: `'cos'`. */
  annealStrategy?: 'cos' | 'linear' | undefined;
  /** The first rate is the highest one over this. Unless given: 25. */
  divFactor?: number | undefined;
  /** The last rate is the first one over this. Unless given: 10,000. */
  finalDivFactor?: number | undefined;
  /** Goes down to the first rate as steeply as up before it goes to the last one. Unless given: false. */
  threePhase?: boolean | undefined;
}

/** The rate rises and falls once. Smith & Topin 2017, https://arxiv.org/abs/1708.07120 */
export class OneCycleLR extends Schedule<OneCycleLROptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'OneCycleLR',
    hypers: [
      { name: 'maxLr', range: '[0, Infinity)' },
      { name: 'totalSteps', range: '[2, Infinity)' },
      { name: 'pctStart', default: 0.3, range: '(0, 1)' },
      { name: 'divFactor', default: 25, range: '(0, Infinity)' },
      { name: 'finalDivFactor', default: 1e4, range: '(0, Infinity)' },
    ],
    options: { threePhase: false },
    words: { annealStrategy: ['cos', 'linear'] },
  };

  constructor(options: OneCycleLROptions) {
    super(OneCycleLR.declaration, options);
  }

  /** The momentum that PyTorch cycles against the rate: from `max` down to `base` and back. */
  momentum(base = 0.85, max = 0.95): Schedule {
    return this.#through([max, base, max, max]);
  }

  protected override form(): Schedule {
    const { maxLr, divFactor, finalDivFactor } = this.values;
    const first = maxLr / divFactor;
    return this.#through([first, maxLr, first, first / finalDivFactor]);
  }

  /** Through the first value, the peak, with three phases the third value, and the last. */
  #through([first, peak, third, last]: readonly [number, number, number, number]): Schedule {
    const { totalSteps, pctStart, threePhase, annealStrategy } = this.values;
    const top = pctStart * totalSteps - 1;
    const steps = threePhase ? [0, top, 2 * pctStart * totalSteps - 2, totalSteps - 1] : [0, top, totalSteps - 1];
    const curve = annealStrategy === 'cos' ? 'cosine' : 'linear';
    // A rise of no step at all is left out.
    const values = threePhase ? [first, peak, third, last] : [first, peak, last];
    const from = top > 0 ? 0 : 1;
    return new Points({ steps: steps.slice(from), values: values.slice(from), curve });
  }
}

/** Options of {@link LambdaLR} and {@link MultiplicativeLR}. */
export interface LambdaLROptions {
  /** The rate that the function changes. */
  initialLearningRate: number;
  /** A factor as a function of the step. */
  lrLambda: (step: number) => number;
}

const lambda = (name: string): Declaration => ({
  name,
  hypers: [{ name: 'initialLearningRate', range: '[0, Infinity)' }],
  options: {},
});

/** The rate is the initial one times a function of the step. It cannot be saved. */
export class LambdaLR extends Schedule<LambdaLROptions> {
  /** @internal */
  static override readonly declaration: Declaration = lambda('LambdaLR');

  constructor(options: LambdaLROptions) {
    super(LambdaLR.declaration, options);
    readFunction('LambdaLR', 'lrLambda', this.values.lrLambda);
  }

  protected override form(): Schedule {
    const { initialLearningRate, lrLambda } = this.values;
    return new FunctionSchedule({ function: (step) => initialLearningRate * lrLambda(step) });
  }

  protected override moreOptions(): readonly string[] {
    return ['lrLambda'];
  }
}

/** The rate is that of the step before times a function of the step. It cannot be saved. */
export class MultiplicativeLR extends Schedule<LambdaLROptions> {
  /** @internal */
  static override readonly declaration: Declaration = lambda('MultiplicativeLR');

  // The rates so far: each needs the one before.
  readonly #rates: number[];

  constructor(options: LambdaLROptions) {
    super(MultiplicativeLR.declaration, options);
    readFunction('MultiplicativeLR', 'lrLambda', this.values.lrLambda);
    this.#rates = [options.initialLearningRate];
  }

  protected override form(): Schedule {
    const { lrLambda } = this.values;
    return new FunctionSchedule({
      function: (step) => {
        for (let next = this.#rates.length; next <= step; next++) {
          this.#rates.push((this.#rates.at(-1) as number) * lrLambda(next));
        }
        return this.#rates[step] as number;
      },
    });
  }

  protected override moreOptions(): readonly string[] {
    return ['lrLambda'];
  }
}

/** Options of {@link SequentialLR}. */
export interface SequentialLROptions {
  /** One after the other; each counts its steps from 0. */
  schedulers: readonly Part[];
  /** The steps at which the second and later ones begin. */
  milestones: readonly number[];
}

/** One scheduler after another: {@link Join} under PyTorch's names. */
export class SequentialLR extends Schedule<SequentialLROptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'SequentialLR',
    hypers: [],
    options: {},
    lists: [{ name: 'milestones', range: '[1, Infinity)', whole: true, rises: true }],
  };

  constructor(options: SequentialLROptions) {
    super(SequentialLR.declaration, options);
    const parts = readParts('SequentialLR', 'schedulers', this.values.schedulers);
    this.keep('schedulers', parts);
    const { milestones } = this.values;
    if (milestones.length === parts.length - 1) return;
    throw fail('INVALID_VALUE', 'SequentialLR', `${parts.length - 1} milestones`, String(milestones.length));
  }

  protected override form(): Schedule {
    const { schedulers, milestones } = this.values;
    return new Join({ schedules: schedulers, boundaries: milestones });
  }

  protected override moreOptions(): readonly string[] {
    return ['schedulers'];
  }
}

/** Options of {@link ChainedScheduler}. */
export interface ChainedSchedulerOptions {
  /** All but one with an `initialLearningRate` of 1, for their values are multiplied. */
  schedulers: readonly Part[];
}

/** Several schedulers that change one rate together: {@link Product} under PyTorch's name. */
export class ChainedScheduler extends Schedule<ChainedSchedulerOptions> {
  /** @internal */
  static override readonly declaration: Declaration = { name: 'ChainedScheduler', hypers: [], options: {} };

  constructor(options: ChainedSchedulerOptions) {
    super(ChainedScheduler.declaration, options);
    this.keep('schedulers', readParts('ChainedScheduler', 'schedulers', this.values.schedulers));
  }

  protected override form(): Schedule {
    return new Product({ schedules: this.values.schedulers });
  }

  protected override moreOptions(): readonly string[] {
    return ['schedulers'];
  }
}
