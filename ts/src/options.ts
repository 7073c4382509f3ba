// Options of units as tables: for each its default and what it may be. A table says once what is read, checked, kept in a
// property of the same name, and saved; classes whose options are few and alike need no constructor.

import { describeValue, fail } from './errors.js';
import { boolean, finiteNumber, numberFrom, wholeNumber } from './numbers.js';
import type { Config } from './units.js';

/** Gives the value that an option means, or throws INVALID_VALUE; `what` names the option. */
export type Check = (value: unknown, what: string) => unknown;

/** Options by name. With `null` for a default, null is a value too and stays as it is; without one there is no property. */
export type OptionTable = Readonly<Record<string, readonly [fallback: unknown, check: Check]>>;

/** Sets the properties of `unit` that the table lists, from `options` or by default. */
export function readOptions(unit: object, options: object, table: OptionTable, what: string): void {
  for (const [name, [fallback, check]] of Object.entries(table)) {
    const given = (options as Config)[name];
    const value = given === undefined ? fallback : given;
    if (value === null && fallback === null) continue;
    (unit as Config)[name] = check(value, `${what} ${name}`);
  }
}

/** The name of a unit: a text, or the one it has by default. */
export function nameFrom(name: unknown, fallback: string): string {
  if (name === undefined) return fallback;
  if (typeof name === 'string' && name !== '') return name;
  throw fail('INVALID_VALUE', `${fallback} name`, 'a text', describeValue(name));
}

/** True or false. */
export const flag: Check = boolean;

/** A finite number. */
export const number: Check = finiteNumber;

/** A finite number from `low` to `high`. */
export const from =
  (low: number, high?: number): Check =>
  (value, what) =>
    numberFrom(value, what, low, high);

/** A whole number of at least `least`. */
export const whole =
  (least: number): Check =>
  (value, what) =>
    wholeNumber(value, what, least);

/** One of some words (or null). */
export const oneOf =
  (...words: readonly (string | null)[]): Check =>
  (value, what) => {
    if (words.includes(value as string)) return value;
    throw fail('INVALID_VALUE', what, words.map((word) => describeValue(word)).join(', '), describeValue(value));
  };

/** A list, not empty, of what `check` lets pass. */
export const listOf =
  (check: Check): Check =>
  (value, what) => {
    if (Array.isArray(value) && value.length > 0) return Array.from(value, (entry) => check(entry, what));
    throw fail('INVALID_VALUE', what, 'a list', describeValue(value));
  };

/** One of what `check` lets pass, or a list of it. */
export const oneOrMore =
  (check: Check): Check =>
  (value, what) =>
    Array.isArray(value) ? listOf(check)(value, what) : check(value, what);

/** An axis: a whole number, negative ones from the last. */
export const axis: Check = (value, what) => {
  if (Number.isInteger(value)) return value;
  throw fail('INVALID_VALUE', what, 'a whole number', describeValue(value));
};
