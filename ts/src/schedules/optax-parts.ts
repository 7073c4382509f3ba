// Optax's schedules of several pieces: scaled at steps, one-cycle policies, warm restarts.

import type { Declaration } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { WarmupCosineDecay, type WarmupCosineDecayOptions } from './optax.js';
import { Join, Points } from './parts.js';
import { Schedule } from './schedule.js';

/** Options of {@link PiecewiseInterpolate}. */
export interface PiecewiseInterpolateOptions {
  initValue: number;
  /** At each of these steps the value is that at the one before times the factor. */
  boundariesAndScales: Readonly<Record<number, number>>;
  /** What lies between: a straight line, half a cosine, or the value before. Unless given: `'linear'`. */
  interpolateType?: 'linear' | 'cosine' | 'constant' | undefined;
}

/** A curve through values that are multiplied at given steps. With `'constant'` Optax's `piecewise_constant_schedule`. */
export class PiecewiseInterpolate extends Schedule<PiecewiseInterpolateOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'PiecewiseInterpolate',
    hypers: [{ name: 'initValue', range: '[0, Infinity)' }],
    options: {},
    words: { interpolateType: ['linear', 'cosine', 'constant'] },
  };

  constructor(options: PiecewiseInterpolateOptions) {
    super(PiecewiseInterpolate.declaration, options);
    const given = this.values.boundariesAndScales;
    const entries = typeof given === 'object' && given !== null ? Object.entries(given) : [];
    const right = entries.every(
      ([step, scale]) => Number(step) >= 1 && Number.isFinite(scale) && (scale as number) >= 0,
    );
    if (entries.length > 0 && right) return;
    const what = 'PiecewiseInterpolate: boundariesAndScales';
    throw fail('INVALID_VALUE', what, 'factors in [0, Infinity) by step', describeValue(given));
  }

  protected override form(): Schedule {
    const { initValue, boundariesAndScales, interpolateType } = this.values;
    // Keys that are whole numbers come in rising order.
    const entries = Object.entries(boundariesAndScales);
    const values = [initValue];
    for (const [, scale] of entries) values.push((values.at(-1) as number) * scale);
    const steps = entries.map(([step]) => Number(step));
    if (interpolateType === 'constant') return new Join({ schedules: values, boundaries: steps });
    return new Points({ steps: [0, ...steps], values, curve: interpolateType });
  }

  protected override moreOptions(): readonly string[] {
    return ['boundariesAndScales'];
  }
}

/** Options of {@link CosineOnecycle}. */
export interface CosineOnecycleOptions {
  /** Steps of the cycle. */
  transitionSteps: number;
  /** The highest value. */
  peakValue: number;
  /** The part of the cycle in which it rises. Unless given: 0.3. */
  pctStart?: number | undefined;
  /** The first value is the highest over this. Unless given: 25. */
  divFactor?: number | undefined;
  /** How much smaller the last value is: in {@link LinearOnecycle} than the first, here than that as well. Unless given: 10,000. */
  finalDivFactor?: number | undefined;
}

const oneCycle = (name: string, final: Declaration['hypers']): Declaration => ({
  name,
  hypers: [
    { name: 'transitionSteps', range: '[1, Infinity)' },
    { name: 'peakValue', range: '[0, Infinity)' },
    { name: 'pctStart', default: 0.3, range: '(0, 1)' },
    ...final,
    { name: 'divFactor', default: 25, range: '(0, Infinity)' },
    { name: 'finalDivFactor', default: 1e4, range: '(0, Infinity)' },
  ],
  options: {},
});

/** Up and down along half cosines. */
export class CosineOnecycle extends Schedule<CosineOnecycleOptions> {
  /** @internal */
  static override readonly declaration: Declaration = oneCycle('CosineOnecycle', []);

  constructor(options: CosineOnecycleOptions) {
    super(CosineOnecycle.declaration, options);
  }

  protected override form(): Schedule {
    const { transitionSteps, peakValue, pctStart, divFactor, finalDivFactor } = this.values;
    const boundariesAndScales: Record<number, number> = {
      [Math.max(1, Math.floor(pctStart * transitionSteps))]: divFactor,
      [Math.floor(transitionSteps)]: 1 / (divFactor * finalDivFactor),
    };
    const interpolateType = 'cosine';
    return new PiecewiseInterpolate({ initValue: peakValue / divFactor, boundariesAndScales, interpolateType });
  }
}

/** Options of {@link LinearOnecycle}. */
export interface LinearOnecycleOptions extends CosineOnecycleOptions {
  /** The part of the cycle after which it is back at the first value. Unless given: 0.85. */
  pctFinal?: number | undefined;
}

/** Up, down, and farther down along straight lines. */
export class LinearOnecycle extends Schedule<LinearOnecycleOptions> {
  /** @internal */
  static override readonly declaration: Declaration = oneCycle('LinearOnecycle', [
    { name: 'pctFinal', default: 0.85, range: '(0, 1)' },
  ]);

  constructor(options: LinearOnecycleOptions) {
    super(LinearOnecycle.declaration, options);
  }

  protected override form(): Schedule {
    const { transitionSteps, peakValue, pctStart, pctFinal, divFactor, finalDivFactor } = this.values;
    const boundariesAndScales: Record<number, number> = {
      [Math.max(1, Math.floor(pctStart * transitionSteps))]: divFactor,
      [Math.floor(pctFinal * transitionSteps)]: 1 / divFactor,
      [Math.floor(transitionSteps)]: 1 / finalDivFactor,
    };
    return new PiecewiseInterpolate({ initValue: peakValue / divFactor, boundariesAndScales });
  }
}

/** Options of {@link SGDR}. */
export interface SGDROptions {
  /** The options of each period, a {@link WarmupCosineDecay} of its own. */
  cosineKwargs: readonly WarmupCosineDecayOptions[];
}

/** Warm-ups and half cosines one after the other. Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983 */
export class SGDR extends Schedule<SGDROptions> {
  /** @internal */
  static override readonly declaration: Declaration = { name: 'SGDR', hypers: [], options: {} };

  constructor(options: SGDROptions) {
    super(SGDR.declaration, options);
    const given = this.values.cosineKwargs;
    if (!Array.isArray(given) || given.length === 0) {
      throw fail('INVALID_VALUE', 'SGDR: cosineKwargs', 'a list of options', describeValue(given));
    }
    this.keep(
      'cosineKwargs',
      given.map((kwargs) => new WarmupCosineDecay(kwargs).getConfig()),
    );
  }

  protected override form(): Schedule {
    const periods: readonly WarmupCosineDecayOptions[] = this.values.cosineKwargs;
    const ends = periods.map((_, i) => periods.slice(0, i + 1).reduce((sum, period) => sum + period.decaySteps, 0));
    return new Join({
      schedules: periods.map((kwargs) => new WarmupCosineDecay(kwargs)),
      boundaries: ends.slice(0, -1),
    });
  }

  protected override moreOptions(): readonly string[] {
    return ['cosineKwargs'];
  }
}
