// Wrappers and optimizers from plain data, for those that others contain. Begins without any, so that an application that
// makes its optimizers itself need not carry them all: `get` of the optimizers makes them known.

import { describeValue, fail } from '../errors.js';
import type { Wrapper } from '../wrappers/wrapper.js';
import type { Optimizer } from './optimizer.js';

/** Finds units by what describes them. */
export interface Finder {
  wrapper(identifier: unknown): Wrapper;
  optimizer(identifier: unknown): Optimizer;
}

let finder: Finder | undefined;

/** From now on units are found by `known`. */
export function knowOptimizers(known: Finder): void {
  finder = known;
}

/** The unit that plain data describe. Throws INVALID_VALUE, UNKNOWN_NAME. */
export function unitOf<Kind extends keyof Finder>(
  kind: Kind,
  identifier: unknown,
  what: string,
): ReturnType<Finder[Kind]> {
  if (finder) return finder[kind](identifier) as ReturnType<Finder[Kind]>;
  const hint = 'optimizers.get() and loadModel() also take configurations';
  throw fail('INVALID_VALUE', what, kind === 'wrapper' ? 'wrappers' : 'an optimizer', describeValue(identifier), hint);
}
