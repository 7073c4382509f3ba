// What stands behind a command: options and names, read by node:util and held against what the command knows.
// A mistake there is the user's and ends with exit code 2; everything else that fails ends with 1.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../errors.js';

/** A command line that is not understood. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** The values of options as they were written, and the names without a dash. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly names: readonly string[];
}

/** Reads `words`. `names` are what must stand there besides options, as usage texts call them. */
export function readArguments(words: readonly string[], options: Options, names: readonly string[]): Arguments {
  const { values, positionals } = parsed(words, { ...options, help: { type: 'boolean', short: 'h' } });
  if (!values.help && positionals.length < names.length)
    throw new UsageError(`${names[positionals.length]} is missing`);
  const [extra] = positionals.slice(names.length);
  if (extra !== undefined) throw new UsageError(`${JSON.stringify(extra)} is one too many`);
  return { values: values as Arguments['values'], names: positionals };
}

function parsed(words: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    const { message } = error as Error;
    const [, unknown] = /Unknown option '--([^']*)'/.exec(message) ?? [];
    const meant = unknown === undefined ? undefined : nearest(unknown.split('=')[0] ?? '', Object.keys(options));
    if (unknown !== undefined)
      throw new UsageError(`no option --${unknown}${meant ? `; did you mean --${meant}?` : ''}`);
    throw new UsageError(message.split('\n')[0]);
  }
}

/** The text of an option. */
export function textOf({ values }: Arguments, option: string): string | undefined {
  const value = values[option];
  if (value === '') throw new UsageError(`--${option} wants a value`);
  return value as string | undefined;
}

/** The texts of an option that lists them with commas. */
export function listOf(given: Arguments, option: string): string[] | undefined {
  return textOf(given, option)
    ?.split(',')
    .map((part) => part.trim());
}

/** One of a few words. */
export function choiceOf<T extends string>(given: Arguments, option: string, known: readonly T[]): T | undefined {
  const text = textOf(given, option);
  if (text === undefined || known.includes(text as T)) return text as T | undefined;
  throw new UsageError(`--${option} is ${known.join(' or ')}, not ${JSON.stringify(text)}`);
}

/** A number that `fits`, which `what` describes. */
export function numberOf(
  given: Arguments,
  option: string,
  what: string,
  fits: (value: number) => boolean,
): number | undefined {
  const text = textOf(given, option);
  return text === undefined ? undefined : toFit(text, option, what, fits);
}

/** A whole number of at least `least`. */
export function wholeOf(given: Arguments, option: string, least: number): number | undefined {
  return numberOf(given, option, `a whole number of at least ${least}`, isWhole(least));
}

/** Whole numbers of at least 1, or none at all for the word `none`. */
export function sizesOf(given: Arguments, option: string): number[] | undefined {
  const parts = listOf(given, option);
  if (parts?.join() === 'none') return [];
  return parts?.map((part) => toFit(part, option, "whole numbers of at least 1, or 'none'", isWhole(1)));
}

function isWhole(least: number): (value: number) => boolean {
  return (value) => Number.isSafeInteger(value) && value >= least;
}

function toFit(text: string, option: string, what: string, fits: (value: number) => boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw new UsageError(`--${option} wants ${what}, not ${JSON.stringify(text)}`);
}
