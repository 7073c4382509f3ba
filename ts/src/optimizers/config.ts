// Groups and numbers of an optimizer as plain data, for configurations.

import { fail } from '../errors.js';
import { Schedule } from '../schedules/schedule.js';
import type { GivenGroup } from './groups.js';
import type { HyperValue } from './hyper.js';
import type { Optimizer } from './optimizer.js';

/** A group with the optimizer of its variables; frozen ones have none. */
export interface Group extends GivenGroup {
  readonly part: Optimizer | undefined;
}

/** A group as plain data, with `match` for its patterns. */
export function groupConfig(group: Group, match: unknown[]): Record<string, unknown> {
  const { part, optimizer, options, frozen } = group;
  if (!part) return { match, frozen };
  if (optimizer !== undefined) {
    return { match, optimizer: { className: part.className, config: part.getConfig() } };
  }
  const own = Object.entries(options).map(([name, value]) => [
    name,
    numberData(part.className, name, value as HyperValue),
  ]);
  return { match, ...Object.fromEntries(own) };
}

/** A number, or how it depends on the step, as plain data. Throws INVALID_VALUE for a function. */
export function numberData(what: string, name: string, value: HyperValue | null): unknown {
  if (value instanceof Schedule) return { className: value.className, config: value.getConfig() };
  if (typeof value !== 'function') return value;
  const hint = 'use a schedule instead, or save the model with { includeOptimizer: false }';
  throw fail('INVALID_VALUE', `${what}.getConfig`, 'numbers and schedules', `a function for ${name}`, hint);
}
