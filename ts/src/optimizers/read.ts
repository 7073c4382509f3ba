// The options of optimizers that are no numbers, checked.

import type { Hyper } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import type { NamePattern } from './options.js';

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
export function readPatterns(what: string, given: unknown): NamePattern[] {
  if (given === undefined || given === null) return [];
  const expected = 'a list of texts, regular expressions and functions';
  const refuse = () => fail('INVALID_VALUE', what, expected, describeValue(given));
  if (!Array.isArray(given)) throw refuse();
  return given.map((pattern: unknown) => {
    if (typeof pattern === 'string' || pattern instanceof RegExp) return pattern;
    if (typeof pattern === 'function') return pattern as (name: string) => boolean;
    const { source, flags } = (pattern ?? {}) as { source?: unknown; flags?: unknown };
    if (typeof source !== 'string' || typeof flags !== 'string') throw refuse();
    return new RegExp(source, flags);
  });
}

/** Whether a name is meant by one of the patterns. */
export function matches(patterns: readonly NamePattern[], name: string): boolean {
  return patterns.some((pattern) => {
    if (typeof pattern === 'string') return name.includes(pattern);
    return typeof pattern === 'function' ? pattern(name) === true : name.search(pattern) >= 0;
  });
}

/** Patterns as plain data. Throws INVALID_VALUE for a function. */
export function patternData(what: string, patterns: readonly NamePattern[]): unknown[] {
  return patterns.map((pattern) => {
    if (typeof pattern === 'string') return pattern;
    if (typeof pattern !== 'function') return { source: pattern.source, flags: pattern.flags };
    const hint = 'functions cannot be saved';
    throw fail('INVALID_VALUE', `${what}.getConfig`, 'texts and regular expressions', 'a function of names', hint);
  });
}

/**
 * Texts that mean the same of these names as `patterns`: a pattern from a file could be made to run for ever. Throws
 * INVALID_VALUE where texts cannot say the same.
 */
export function textsFor(what: string, patterns: readonly NamePattern[], names: readonly string[]): string[] {
  const texts = patterns.filter((pattern) => typeof pattern === 'string');
  const matched = names.filter((name) => matches(patterns, name) && !matches(texts, name));
  const wrong = names.find((name) => !matches(patterns, name) && matches(matched, name));
  if (wrong === undefined) return [...texts, ...matched];
  const expected = 'patterns for names that are not part of others';
  const hint = 'rename its layer, or save with { includeOptimizer: false }';
  throw fail('INVALID_VALUE', what, expected, `also ${quote(wrong)}`, hint);
}
