// Optax's schedules by their names without `_schedule`: warm-ups, lines, one-cycle policies. They are curves through points
// and other schedules in turn.

import type { Declaration, Hyper } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { CosineDecay, ExponentialDecay, PolynomialDecay } from '../generated/schedules.js';
import { Join, Points } from './parts.js';
import { Schedule } from './schedule.js';

const at = (name: string, otherwise?: number | null, range = '[0, Infinity)'): Hyper =>
  otherwise === undefined ? { name, range } : { name, range, default: otherwise };

/** A straight line from one value to another, then `next`. */
function warmUp(from: number, to: number, steps: number, next: Schedule | number): Schedule | number {
  if (steps === 0) return next;
  return new Join({ schedules: [new Points({ steps: [0, steps], values: [from, to] }), next], boundaries: [steps] });
}

/** Steps that begin after `begin` others. */
function after(begin: number, value: number, schedule: Schedule): Schedule {
  return begin === 0 ? schedule : new Join({ schedules: [value, schedule], boundaries: [begin] });
}

/** Options of {@link Linear}. */
export interface LinearOptions {
  initValue: number;
  endValue: number;
  /** Steps between the two. */
  transitionSteps: number;
  /** Steps before. Unless given: 0. */
  transitionBegin?: number | undefined;
}

/** A straight line from one value to another. */
export class Linear extends Schedule<LinearOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'Linear',
    hypers: [
      at('initValue'),
      at('endValue'),
      at('transitionSteps', undefined, '(0, Infinity)'),
      at('transitionBegin', 0),
    ],
    options: {},
  };

  constructor(options: LinearOptions) {
    super(Linear.declaration, options);
  }

  protected override form(): Schedule {
    const { initValue, endValue, transitionSteps, transitionBegin } = this.values;
    const steps = [transitionBegin, transitionBegin + transitionSteps];
    return new Points({ steps, values: [initValue, endValue] });
  }
}

/** Options of {@link Polynomial}. */
export interface PolynomialOptions extends LinearOptions {
  /** The power of the time that is left. */
  power: number;
}

/** From one value to another as a power of the time that is left. */
export class Polynomial extends Schedule<PolynomialOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'Polynomial',
    hypers: [...Linear.declaration.hypers, at('power')],
    options: {},
  };

  constructor(options: PolynomialOptions) {
    super(Polynomial.declaration, options);
  }

  protected override form(): Schedule {
    const { initValue, endValue, transitionSteps, transitionBegin, power } = this.values;
    const rates = { initialLearningRate: initValue, endLearningRate: endValue };
    return after(transitionBegin, initValue, new PolynomialDecay({ ...rates, decaySteps: transitionSteps, power }));
  }
}

/** Options of {@link WarmupConstant}. */
export interface WarmupConstantOptions {
  initValue: number;
  peakValue: number;
  /** Steps between the two. */
  warmupSteps: number;
}

/** A rise along a straight line, then the same value for ever. */
export class WarmupConstant extends Schedule<WarmupConstantOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'WarmupConstant',
    hypers: [at('initValue'), at('peakValue'), at('warmupSteps')],
    options: {},
  };

  constructor(options: WarmupConstantOptions) {
    super(WarmupConstant.declaration, options);
  }

  protected override form(): Schedule | number {
    const { initValue, peakValue, warmupSteps } = this.values;
    return warmUp(initValue, peakValue, warmupSteps, peakValue);
  }
}

/** Options of {@link WarmupCosineDecay}. */
export interface WarmupCosineDecayOptions extends WarmupConstantOptions {
  /** All steps, the warm-up's among them. */
  decaySteps: number;
  /** The last value. Unless given: 0. */
  endValue?: number | undefined;
  /** Power to which the half cosine is raised. Unless given: 1. */
  exponent?: number | undefined;
}

/** A rise along a straight line, a fall along half a cosine. */
export class WarmupCosineDecay extends Schedule<WarmupCosineDecayOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'WarmupCosineDecay',
    hypers: [
      ...WarmupConstant.declaration.hypers,
      at('decaySteps', undefined, '(0, Infinity)'),
      at('endValue', 0),
      at('exponent', 1, '(0, Infinity)'),
    ],
    options: {},
  };

  constructor(options: WarmupCosineDecayOptions) {
    super(WarmupCosineDecay.declaration, options);
    const { warmupSteps, decaySteps } = this.values;
    if (decaySteps > warmupSteps) return;
    const expected = `decaySteps above the ${warmupSteps} of the warm-up`;
    throw fail('INVALID_VALUE', 'WarmupCosineDecay', expected, describeValue(decaySteps));
  }

  protected override form(): Schedule | number {
    const { initValue, peakValue, warmupSteps, decaySteps, endValue, exponent } = this.values;
    const alpha = peakValue === 0 ? 0 : endValue / peakValue;
    const rates = { initialLearningRate: peakValue, decaySteps: decaySteps - warmupSteps, alpha, exponent };
    return warmUp(initValue, peakValue, warmupSteps, new CosineDecay(rates));
  }
}

/** Options of {@link WarmupExponentialDecay}. */
export interface WarmupExponentialDecayOptions extends WarmupConstantOptions {
  /** Steps over which the value falls by one factor. */
  transitionSteps: number;
  /** The factor. */
  decayRate: number;
  /** Steps at the peak. Unless given: 0. */
  transitionBegin?: number | undefined;
  /** Falls by whole factors only. Unless given: false. */
  staircase?: boolean | undefined;
  /** Where it stays once it has got there. Off unless given. */
  endValue?: number | null | undefined;
}

/** A rise along a straight line, then an exponential fall. */
export class WarmupExponentialDecay extends Schedule<WarmupExponentialDecayOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'WarmupExponentialDecay',
    hypers: [
      ...WarmupConstant.declaration.hypers,
      at('transitionSteps', undefined, '(0, Infinity)'),
      at('decayRate'),
      at('transitionBegin', 0),
      at('endValue', null),
    ],
    options: { staircase: false },
  };

  constructor(options: WarmupExponentialDecayOptions) {
    super(WarmupExponentialDecay.declaration, options);
  }

  protected override form(): Schedule | number {
    const { initValue, peakValue, warmupSteps, transitionSteps, transitionBegin, decayRate, ...more } = this.values;
    const rates = { initialLearningRate: peakValue, decayRate, endLearningRate: more.endValue };
    const fall = new ExponentialDecay({ ...rates, decaySteps: transitionSteps, staircase: more.staircase });
    return warmUp(initValue, peakValue, warmupSteps, after(transitionBegin, peakValue, fall));
  }
}
