// JSON out of other people's files: bounded in length and depth, looked at by own keys alone, so that no name reaches a
// prototype.

import { describeValue, fail } from '../errors.js';

/** Architectures are some hundred kilobytes; parsed, JSON takes up to sixteen times its length. */
const MOST_BYTES = 2 ** 22;
const MOST_DEPTH = 64;

/** The value of JSON text. Throws FILE_FORMAT; `what` is how messages call it. */
export function parseJson(text: string | Uint8Array, what: string): unknown {
  if (text.length > MOST_BYTES)
    throw fail('FILE_FORMAT', what, `at most ${MOST_BYTES} bytes of JSON`, `${text.length}`);
  try {
    const value: unknown = JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text));
    if (depthOf(value) > MOST_DEPTH) throw new Error(`more than ${MOST_DEPTH} levels`);
    return value;
  } catch (cause) {
    throw fail('FILE_FORMAT', what, `JSON of at most ${MOST_DEPTH} levels`, reasonOf(cause), undefined, cause);
  }
}

const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : describeValue(cause)).slice(0, 80);

// Level by level, for a deep value would end the stack.
function depthOf(value: unknown): number {
  let depth = 0;
  let level = [value];
  while (level.length > 0 && depth <= MOST_DEPTH) {
    depth++;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return depth;
}

/** An object whose own properties are all there is. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether `value` is an object, not a list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object that `value` is. Throws FILE_FORMAT. */
export function objectOf(value: unknown, what: string): Json {
  if (isObject(value)) return value;
  throw fail('FILE_FORMAT', what, 'an object', describeValue(value));
}

/** The list that `value` is. Throws FILE_FORMAT. */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw fail('FILE_FORMAT', what, 'a list', describeValue(value));
}

/** The text that `value` is. Throws FILE_FORMAT. */
export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw fail('FILE_FORMAT', what, 'a text', describeValue(value));
}

/** An own property, or undefined. */
export function member(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
