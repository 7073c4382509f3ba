// Regularizers by name.

import { type Config, serialize, Units } from '../units.js';
import type { RegularizerLike } from './index.js';
import * as regularizers from './index.js';
import { Regularizer } from './regularizer.js';

type Any = Regularizer<object>;

const REGULARIZERS: Units<Any> = new Units<Any>('regularizer', Regularizer, [
  regularizers.L1,
  regularizers.L1L2,
  regularizers.L2,
  regularizers.OrthogonalRegularizer,
]);

/** The regularizer that an option means, if any. Throws UNKNOWN_NAME, INVALID_VALUE. */
export function regularizerOf(value: RegularizerLike | undefined): Any | undefined {
  return value == null ? undefined : REGULARIZERS.resolve(value);
}

/** Options for regularizers as plain data: those that there are. */
export function regularizerConfigs(options: Readonly<Record<string, Any | undefined>>): Config {
  const given = Object.entries(options).filter((entry): entry is [string, Any] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, regularizer]) => [name, serialize(regularizer)]));
}
