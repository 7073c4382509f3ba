// Optimizers by name: all that a string needs. What plain data need besides is for `index.ts` to know.

import { plain } from '../declaration.js';
import { fail, nearest, quote } from '../errors.js';
import { OPTIMIZERS } from '../generated/optimizers.js';
import { unitOf } from '../known.js';
import { refuseClass } from '../units.js';
import { Optimizer } from './optimizer.js';

/** The class of that name. Throws UNKNOWN_NAME. */
export function classOf(name: string): (typeof OPTIMIZERS)[number] {
  for (const optimizer of OPTIMIZERS) if (plain(optimizer.declaration.name) === plain(name)) return optimizer;
  const names = OPTIMIZERS.map((optimizer) => optimizer.declaration.name);
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
