// How often a callback saves or writes.

import { plain, readNumber } from '../declaration.js';
import { describeValue, fail } from '../errors.js';

/** The option `saveFreq` or `name`: a number of batches, or undefined for 'epoch'. */
export function readFrequency(what: string, given: unknown, name = 'saveFreq'): number | undefined {
  if (given === undefined || (typeof given === 'string' && plain(given) === 'epoch')) return undefined;
  const every = readNumber(what, { name, range: '[1, Infinity)' }, given) as number;
  if (Number.isInteger(every)) return every;
  throw fail('INVALID_VALUE', `${what}: ${name}`, "'epoch' or a whole number of batches", describeValue(given));
}
