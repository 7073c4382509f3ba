// The options of optimizers that are no numbers, checked.

import type { Hyper } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';

/** What happens to a step when a gradient is NaN or infinite. */
export type OnNonFinite = 'throw' | 'skip' | 'propagate';

const POLICIES: readonly OnNonFinite[] = ['throw', 'skip', 'propagate'];

/** A number with the default that the unit or the parity has for it. */
export function withDefault(hyper: Hyper, defaults: Readonly<Record<string, number>>): Hyper {
  const own = defaults[hyper.name];
  return own === undefined ? hyper : { ...hyper, default: own };
}

/** The name given, or the class in lower case. */
export function readName(what: string, given: unknown): string {
  if (given === undefined || given === null) return what.toLowerCase();
  if (typeof given !== 'string' || given === '')
    throw fail('INVALID_VALUE', `${what}: name`, 'a text', describeValue(given));
  return given;
}

/** The policy given, or `'throw'`. */
export function readPolicy(what: string, given: unknown): OnNonFinite {
  if (given === undefined) return 'throw';
  const policy = POLICIES.find((known) => known === given);
  if (policy !== undefined) return policy;
  const expected = POLICIES.map(quote).join(', ');
  throw fail('INVALID_VALUE', `${what}: onNonFinite`, `one of ${expected}`, describeValue(given));
}

/** The patterns given, also as plain data. */
export function readPatterns(what: string, given: unknown): (string | RegExp)[] {
  if (given === undefined || given === null) return [];
  const expected = 'a list of texts and regular expressions';
  const refuse = () => fail('INVALID_VALUE', `${what}: excludeFromWeightDecay`, expected, describeValue(given));
  if (!Array.isArray(given)) throw refuse();
  return given.map((pattern: unknown) => {
    if (typeof pattern === 'string' || pattern instanceof RegExp) return pattern;
    const { source, flags } = (pattern ?? {}) as { source?: unknown; flags?: unknown };
    if (typeof source !== 'string' || typeof flags !== 'string') throw refuse();
    return new RegExp(source, flags);
  });
}
