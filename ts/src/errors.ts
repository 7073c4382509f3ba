// The one error class, and the words of its messages: `what failed: expected …, got … (hint)`.
// Describing a value never throws and never runs long, whatever the value is.

import type { ErrorCode } from './generated/codes.js';

export { CODES, type ErrorCode } from './generated/codes.js';

/** Every failure that the library itself detects. Branch on `code`, which is stable; show `message`. */
export class DescendError extends Error {
  /** The kind of failure; `CODES` holds the meaning of each. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DescendError';
    this.code = code;
  }
}

/** Builds (does not throw) the error `what: expected …, got … (hint)`. */
export function fail(
  code: ErrorCode,
  what: string,
  expected: string,
  got: string,
  hint?: string,
  cause?: unknown,
): DescendError {
  const message = `${what}: expected ${expected}, got ${got}${hint ? ` (${hint})` : ''}`;
  return new DescendError(code, message, cause === undefined ? undefined : { cause });
}

/** What other libraries call some options. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['lr', 'learningRate'],
  ['eps', 'epsilon'],
  ['axes', 'axis'],
  ['dim', 'axis'],
]);

/**
 * The known word that `word` was probably meant to be, or undefined when none is close: two edits away, in words of up
 * to 4 letters one behind the same first letter, and in those of 3 not a changed letter, for that makes another name
 * (mae, mse). Case and `_` do not count.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string =>
    text
      .slice(0, 64)
      .toLowerCase()
      .replace(/[_\-\s]/g, '');
  const wanted = plain(word);
  const alias = ALIASES.get(wanted);
  if (alias !== undefined && known.includes(alias)) return alias;
  const short = wanted.length <= 4;
  const changeCost = wanted.length <= 3 ? 2 : 1;
  let best: string | undefined;
  let bestDistance = short ? 2 : 3;
  for (const candidate of known) {
    if (short && plain(candidate)[0] !== wanted[0]) continue;
    const distance = editDistance(wanted, plain(candidate), changeCost);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

// Edits between two words: insert, delete, change, or swap two neighbours; one row of the table at a time.
function editDistance(a: string, b: string, changeCost: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : changeCost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(change, swap, at(last, j) + 1, at(row, j - 1) + 1));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], j: number): number {
  return row[j] as number;
}

/**
 * Throws INVALID_VALUE for what is no object of options, UNKNOWN_OPTION for the first own key of `options` that is not
 * in `known`, naming the nearest that is.
 */
export function checkOptionNames(options: unknown, known: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw fail('INVALID_VALUE', what, 'an object of options', describeValue(options));
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  throw fail('UNKNOWN_OPTION', what, known.join(', '), quote(unknown), meant && `did you mean ${meant}?`);
}

/** A value in a few words, for the `got` of a message: `-1`, `"adamm"`, `Float32Array(784)`, `[2, NaN]`, `undefined`. */
export function describeValue(value: unknown): string {
  try {
    return describe(value);
  } catch {
    return 'an object that cannot be inspected';
  }
}

function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${shorten(String(value))}n`;
    case 'symbol':
      return shorten(value.toString());
    case 'function':
      return value.name ? `function ${shorten(String(value.name))}` : 'a function';
    case 'object':
      return value === null ? 'null' : describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return describeArray(value);
  const name = shorten(String(value.constructor?.name ?? 'Object'));
  if (ArrayBuffer.isView(value)) return `${name}(${'length' in value ? value.length : value.byteLength})`;
  if (value instanceof Error) return `${name}: ${shorten(value.message)}`;
  if (name !== 'Object') return `an object of class ${name}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return '{}';
  return `{ ${keys.slice(0, 4).map(shorten).join(', ')}${keys.length > 4 ? ', …' : ''} }`;
}

function describeArray(value: readonly unknown[]): string {
  const flat = value.length <= 8 && value.every((item) => typeof item !== 'object' || item === null);
  return flat ? `[${value.map(describe).join(', ')}]` : `an array of ${value.length} values`;
}

/** Text in double quotes, cut to a length that fits a message, control characters made visible. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
