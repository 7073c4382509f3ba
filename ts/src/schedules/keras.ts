// Keras's schedules that are other ones put together; the rest comes from the core's registry.

import type { Declaration } from '../declaration.js';
import { fail } from '../errors.js';
import { Join } from './parts.js';
import { Schedule } from './schedule.js';

/** Options of {@link PiecewiseConstantDecay}. */
export interface PiecewiseConstantDecayOptions {
  /** The last step of each value but the last one: numbers ≥ 0 that rise. */
  boundaries: readonly number[];
  /** One more than there are boundaries. */
  values: readonly number[];
}

/** Values that hold up to and including a step each, the last one for ever. Keras's rule. */
export class PiecewiseConstantDecay extends Schedule<PiecewiseConstantDecayOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'PiecewiseConstantDecay',
    hypers: [],
    options: {},
    lists: [
      { name: 'boundaries', range: '[0, Infinity)', rises: true },
      { name: 'values', range: '[0, Infinity)' },
    ],
  };

  constructor(options: PiecewiseConstantDecayOptions) {
    super(PiecewiseConstantDecay.declaration, options);
    const { boundaries, values } = this.values;
    if (values.length === boundaries.length + 1) return;
    const expected = 'one value more than boundaries';
    const got = `${values.length} for ${boundaries.length}`;
    throw fail('INVALID_VALUE', 'PiecewiseConstantDecay', expected, got);
  }

  protected override form(): Schedule {
    const { boundaries, values } = this.values;
    // Of two boundaries between the same steps the first one's value is never used.
    const starts = boundaries.map((last) => Math.floor(last) + 1);
    const kept = values.filter((_, i) => i === 0 || starts[i - 1] !== starts[i]);
    return new Join({ schedules: kept, boundaries: [...new Set(starts)] });
  }
}
