// Optimizers by name: all that a string needs. Those that few applications name by a string are in `rest.ts`; what plain
// data need besides is for `index.ts` to know.

import { plain } from '../declaration.js';
import { fail, nearest, quote } from '../errors.js';
import type { OPTIMIZERS } from '../generated/more-optimizers.js';
import { FIRST_OPTIMIZERS } from '../generated/optimizers.js';
import { OPTIMIZER_NAMES } from '../generated/shared.js';
import { unitOf } from '../known.js';
import { refuseClass } from '../units.js';
import { Optimizer } from './optimizer.js';

/** The class of an optimizer. */
export type OptimizerClass = (typeof OPTIMIZERS)[number];

let known: readonly OptimizerClass[] = FIRST_OPTIMIZERS;

/** From now on these are known by their names. */
export function knowOptimizers(classes: readonly OptimizerClass[]): void {
  known = classes;
}

/** The class of that name. Throws UNKNOWN_NAME, and PART_MISSING where it is for `later.ts` to bring. */
export function classOf(name: string): OptimizerClass {
  for (const optimizer of known) if (plain(optimizer.declaration.name) === plain(name)) return optimizer;
  const names = OPTIMIZER_NAMES.split(' ');
  if (names.some((later) => plain(later) === plain(name))) {
    throw fail('PART_MISSING', 'optimizer', 'one that is at hand', quote(name), 'make it by its class');
  }
  const near = nearest(name, names);
  throw fail('UNKNOWN_NAME', 'optimizer', names.join(', '), quote(name), near && `did you mean ${near}?`);
}

/** The optimizer that is meant: itself, one with default options by its name, or by plain data where these are known. */
export function optimizerOf(identifier: unknown): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  if (typeof identifier === 'string') return new (classOf(identifier))();
  refuseClass(identifier, 'optimizer');
  return unitOf('optimizer', identifier, 'optimizer');
}
