// One thing, a list of them, or some by their names: how a model's inputs and outputs, its data and what it is compiled
// with are given. Refuses names that are not the model's, and lists of another length.

import { describeValue, fail, nearest, quote } from '../errors.js';

/** One, a list, or some by name. */
export type Structure<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** Entries in the order of `names`; of names left out undefined. Throws SHAPE_MISMATCH, UNKNOWN_NAME. */
export function entriesOf(value: unknown, names: readonly string[], what: string): unknown[] {
  if (Array.isArray(value)) {
    if (value.length === names.length) return value;
    const expected = `${names.length}: ${names.join(', ')}`;
    throw fail('SHAPE_MISMATCH', what, expected, `a list of ${value.length}`);
  }
  if (typeof value !== 'object' || value === null) {
    throw fail('INVALID_VALUE', what, `a list, or an object of ${names.join(', ')}`, describeValue(value));
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    const hint = meant === undefined ? `known are ${names.join(', ')}` : `did you mean ${quote(meant)}?`;
    throw fail('UNKNOWN_NAME', what, 'names of the model', quote(name), hint);
  }
  return names.map((name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined));
}
