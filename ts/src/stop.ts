// When a loop ends by itself: the options that `minimize` and `fit` share, checked.

import { inRange } from './declaration.js';
import { describeValue, fail, nearest, quote } from './errors.js';

/** A loop ends when any of these holds. */
export interface StopWhen {
  /** After so many steps. */
  maxSteps?: number | undefined;
  /** When the loss is below this. */
  lossBelow?: number | undefined;
  /** When the L2 norm of all gradients together, before clipping, is below this. */
  gradNormBelow?: number | undefined;
  /** When the loss has not fallen by more than this for `patience` steps. */
  minDelta?: number | undefined;
  /** 1 unless given. Without `minDelta`, any fall counts. */
  patience?: number | undefined;
}

const RANGES: Readonly<Record<keyof StopWhen, string>> = {
  maxSteps: '[1, Infinity]',
  lossBelow: '(-Infinity, Infinity)',
  gradNormBelow: '(0, Infinity)',
  minDelta: '[0, Infinity)',
  patience: '[1, Infinity)',
};
const WHOLE = ['maxSteps', 'patience'];

/** A checked copy, with `minDelta` where there is `patience`. Throws INVALID_VALUE, UNKNOWN_OPTION. */
export function readStopWhen(given: unknown, what: string): StopWhen {
  if (typeof given !== 'object' || given === null) {
    throw fail('INVALID_VALUE', `${what}: stopWhen`, 'an object such as { maxSteps: 1000 }', describeValue(given));
  }
  const names = Object.keys(RANGES);
  const rules: StopWhen = {};
  for (const [name, value] of Object.entries(given)) {
    const range = RANGES[name as keyof StopWhen];
    if (range === undefined) {
      const close = nearest(name, names);
      const hint = close && `did you mean ${close}?`;
      throw fail('UNKNOWN_OPTION', `${what}: stopWhen`, `one of ${names.join(', ')}`, quote(name), hint);
    }
    if (value === undefined) continue;
    const whole = WHOLE.includes(name);
    const fits = typeof value === 'number' && inRange(range, value);
    if (!fits || (whole && !Number.isInteger(value) && value !== Number.POSITIVE_INFINITY)) {
      const expected = `a ${whole ? 'whole ' : ''}number in ${range}`;
      throw fail('INVALID_VALUE', `${what}: stopWhen.${name}`, expected, describeValue(value));
    }
    rules[name as keyof StopWhen] = value;
  }
  return rules.patience === undefined ? rules : { ...rules, minDelta: rules.minDelta ?? 0 };
}
