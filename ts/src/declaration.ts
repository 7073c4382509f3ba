// What a generated class says about itself, and the one place where users' options are held against it: names (with the
// nearest known one), kinds and ranges. Knows no optimizer and no schedule.

import { type DescendError, describeValue, fail, nearest, quote } from './errors.js';

/** A number that a unit takes. */
export interface Hyper {
  readonly name: string;
  /** Its value unless given; null: off; left out: it must be given. */
  readonly default?: number | null;
  /** An interval as mathematics writes it, such as `[0, 1)`. */
  readonly range: string;
}

/**
 * Shapes of state: without the last axis or the last but one (nothing for fewer axes than two), all of it for fewer axes
 * than two or other than two, one number for each index of each axis, a square over all axes but the last or over that one
 * (nothing for fewer axes than two or more than 4,096 indices).
 */
export type StateShape =
  | 'rows'
  | 'columns'
  | 'unfactored'
  | 'unmatrixed'
  | 'axes'
  | 'leftSquare'
  | 'rightSquare'
  | TimesShape;

/** As many times the parameter as the number of this name says. */
export interface TimesShape {
  readonly times: string;
}

/** A tensor of state that an optimizer keeps for each parameter. */
export interface StateSpec {
  readonly name: string;
  /** How many numbers it is, each as a pair of floats, or which part of the parameter's shape it has. Unless given: all. */
  readonly shape?: number | StateShape;
  /** What its elements start with: the number of this name, `unset` (NaN), or this. Unless given: 0. */
  readonly from?: string | number;
  /** The option without which there is no such state. */
  readonly onlyIf?: string;
  /** How it is kept. Unless given: in float32. */
  readonly dtype?: 'bfloat16' | 'int8';
}

/** What becomes of weight decay: taken off before the rule, added to the gradient, not times the rate, or by the rule. */
export type Decay = 'decoupled' | 'coupled' | 'independent' | 'inside';

/** Another library's rule of the same name. */
export interface Parity {
  readonly decay: Decay;
  /** Its defaults where they differ. */
  readonly defaults: Readonly<Record<string, number>>;
}

/** A list of numbers that a unit takes. */
export interface NumberList {
  readonly name: string;
  /** That of each number. */
  readonly range: string;
  readonly whole?: boolean;
  /** Whether each number must be above the one before. */
  readonly rises?: boolean;
}

/** Everything a unit says about itself. */
export interface Declaration {
  readonly name: string;
  readonly hypers: readonly Hyper[];
  readonly options: Readonly<Record<string, boolean>>;
  readonly lists?: readonly NumberList[];
  /** Options that are one of some words, the first unless given. */
  readonly words?: Readonly<Record<string, readonly string[]>>;
}

/** What is looked at besides gradients; `evaluations`: loss and gradients at several points of a step. */
export type Needs = 'loss' | 'curvature' | 'evaluations';

/** What an optimizer says besides. */
export interface OptimizerDeclaration extends Declaration {
  readonly sharedDefaults: Readonly<Record<string, number>>;
  /** Whose rule it is unless `parity` says otherwise. */
  readonly origin: string;
  readonly decay: Decay;
  /** What the rule looks at besides gradients. */
  readonly needs?: Needs;
  /** Copies of the parameters that a step works in, at most: `rows`, and `each` for each of the number `times`. */
  readonly work?: { readonly rows: number; readonly each: number; readonly times: string };
  readonly parities: Readonly<Record<string, Parity>>;
  readonly states: readonly StateSpec[];
  /** Whether its rule looks at whole variables, not at one element after another. */
  readonly whole?: boolean;
  /** Whether it leaves rows without a gradient alone unless told otherwise. */
  readonly lazy?: boolean;
  /** Where variables lie between a state z and x, what is worth evaluating: z and β of `w = (1−β)·z + β·x`. */
  readonly between?: readonly [state: string, share: string];
}

/** What a wrapper says besides. */
export interface WrapperDeclaration extends Declaration {
  readonly needs?: Needs;
  readonly states: readonly StateSpec[];
}

/**
 * The given options under their known names. `learning_rate`, `learningrate` and `learningRate` are one name, so that
 * configurations written by Keras are understood.
 */
export function readOptions(what: string, given: unknown, known: readonly string[]): Map<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw fail('INVALID_VALUE', what, 'an object of options', describeValue(given));
  }
  const options = new Map<string, unknown>();
  for (const [key, value] of Object.entries(given)) {
    const name = known.find((candidate) => plain(candidate) === plain(key));
    if (name === undefined) throw unknownOption(what, key, known);
    if (options.has(name)) throw fail('DUPLICATE_NAME', what, `the option ${name} once`, `${quote(key)} as well`);
    if (value !== undefined) options.set(name, value);
  }
  return options;
}

/** The error of an option that nothing here has. */
export function unknownOption(what: string, key: string, known: readonly string[]): DescendError {
  const near = nearest(key, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
  return fail('UNKNOWN_OPTION', what, 'a known option', quote(key), hint);
}

/** A name without what differs between spellings: case and underscores. */
export function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** The number given for `hyper`, its default, or null where it is off. */
export function readNumber(what: string, hyper: Hyper, given: unknown): number | null {
  if (given === undefined && hyper.default !== undefined) return hyper.default;
  if (given === null && hyper.default === null) return null;
  if (given === undefined) throw fail('INVALID_VALUE', what, `the option ${hyper.name}`, 'none');
  if (typeof given !== 'number' || !inRange(hyper.range, given)) {
    throw fail('INVALID_VALUE', `${what}: ${hyper.name}`, `a number in ${hyper.range}`, describeValue(given));
  }
  return given;
}

/** A copy of the list of numbers given for `list`. */
export function readNumbers(what: string, { name, range, whole, rises }: NumberList, given: unknown): number[] {
  const isIn = (x: unknown, i: number, all: readonly unknown[]): boolean =>
    typeof x === 'number' &&
    inRange(range, x) &&
    (!whole || Number.isSafeInteger(x)) &&
    (!rises || i === 0 || x > (all[i - 1] as number));
  if (Array.isArray(given) && given.every(isIn)) return [...given];
  const expected = `${whole ? 'whole ' : ''}numbers in ${range}${rises ? ' that rise' : ''}`;
  const wrong = Array.isArray(given) ? given.find((x, i) => !isIn(x, i, given)) : given;
  throw fail('INVALID_VALUE', `${what}: ${name}`, expected, describeValue(wrong));
}

/** The word given for `name`, the first of `choices` unless given. */
export function readWord(what: string, name: string, choices: readonly string[], given: unknown): string {
  if (given === undefined) return choices[0] as string;
  const found = typeof given === 'string' ? choices.find((choice) => plain(choice) === plain(given)) : undefined;
  if (found !== undefined) return found;
  throw fail('INVALID_VALUE', `${what}: ${name}`, `one of ${choices.map(quote).join(', ')}`, describeValue(given));
}

/** The switch given for `name`, or its default. */
export function readSwitch(what: string, name: string, given: unknown, otherwise: boolean): boolean {
  if (given === undefined) return otherwise;
  if (typeof given !== 'boolean')
    throw fail('INVALID_VALUE', `${what}: ${name}`, 'true or false', describeValue(given));
  return given;
}

/** Whether `value` lies in an interval such as `[0, 1)`. NaN lies in none. */
export function inRange(range: string, value: number): boolean {
  const [low, high] = range.slice(1, -1).split(',').map(Number) as [number, number];
  const above = range.startsWith('[') ? value >= low : value > low;
  return above && (range.endsWith(']') ? value <= high : value < high);
}
