// Parameter groups: which variables an optimizer treats in a way of their own.

import { readSwitch } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import type { NamePattern } from './options.js';
import { matches, readPatterns } from './read.js';

/** A group as it was given, checked. */
export interface GivenGroup {
  readonly patterns: readonly NamePattern[];
  readonly frozen: boolean;
  /** What was given as `optimizer`. */
  readonly optimizer: unknown;
  /** The other options. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The groups given. */
export function readGroups(what: string, given: unknown): GivenGroup[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw fail('INVALID_VALUE', `${what}: groups`, 'a list', describeValue(given));
  return given.map((group: unknown) => {
    if (typeof group !== 'object' || group === null || !('match' in group)) {
      throw fail('INVALID_VALUE', `${what}: groups`, 'groups { match, … }', describeValue(group));
    }
    const { match, frozen, optimizer, ...options } = group as Record<string, unknown>;
    const patterns = readPatterns(`${what}: groups: match`, Array.isArray(match) ? match : [match]);
    const held = readSwitch(`${what}: groups`, 'frozen', frozen, false);
    if ((held || (optimizer ?? null) !== null) && Object.keys(options).length > 0) {
      const got = `${Object.keys(options)[0]} as well`;
      throw fail('INVALID_VALUE', `${what}: groups`, held ? 'frozen alone' : 'an optimizer alone', got);
    }
    return { patterns, frozen: held, optimizer: optimizer ?? undefined, options };
  });
}

/** Whether a group has the variable of this name. */
export function isIn({ patterns }: GivenGroup, name: string): boolean {
  return matches(patterns, name);
}
