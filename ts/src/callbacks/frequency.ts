// How often a callback saves.

import { plain, readNumber } from '../declaration.js';
import { describeValue, fail } from '../errors.js';

/** The option `saveFreq`: a number of batches, or undefined for 'epoch'. */
export function readFrequency(what: string, given: unknown): number | undefined {
  if (given === undefined || (typeof given === 'string' && plain(given) === 'epoch')) return undefined;
  const every = readNumber(what, { name: 'saveFreq', range: '[1, Infinity)' }, given) as number;
  if (Number.isInteger(every)) return every;
  throw fail('INVALID_VALUE', `${what}: saveFreq`, "'epoch' or a whole number of batches", describeValue(given));
}
