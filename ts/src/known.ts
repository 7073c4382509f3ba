// Schedules, wrappers and optimizers from plain data, for those that others contain. Begins without any, so that an
// application that makes its own need not carry them all: the `index.ts` of each kind makes that kind known.

import { describeValue, fail } from './errors.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Schedule } from './schedules/schedule.js';
import type { Wrapper } from './wrappers/wrapper.js';

/** What finds the unit that plain data describe, by kind. */
interface Finders {
  schedule: (identifier: unknown) => Schedule;
  wrapper: (identifier: unknown) => Wrapper;
  optimizer: (identifier: unknown) => Optimizer;
}

const finders: Partial<Finders> = {};

/** From now on units of this kind are found by `find`. */
export function knowUnits<Kind extends keyof Finders>(kind: Kind, find: Finders[Kind]): void {
  finders[kind] = find;
}

/** The unit that plain data describe. Throws INVALID_VALUE, UNKNOWN_NAME. */
export function unitOf<Kind extends keyof Finders>(
  kind: Kind,
  identifier: unknown,
  what: string,
): ReturnType<Finders[Kind]> {
  const find = finders[kind];
  if (find) return find(identifier) as ReturnType<Finders[Kind]>;
  const hint = 'optimizers.get() and loadModel() also take configurations';
  throw fail('INVALID_VALUE', what, `an object of class ${kind}`, describeValue(identifier), hint);
}
