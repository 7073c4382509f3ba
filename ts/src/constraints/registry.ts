// Constraints by name.

import { Units } from '../units.js';
import { Constraint } from './constraint.js';
import type { ConstraintLike } from './index.js';
import * as constraints from './index.js';

type Any = Constraint<object>;

const CONSTRAINTS: Units<Any> = new Units<Any>('constraint', Constraint, [
  constraints.MaxNorm,
  constraints.MinMaxNorm,
  constraints.NonNeg,
  constraints.UnitNorm,
]);

/** The constraint that an option means, if any. Throws UNKNOWN_NAME, INVALID_VALUE. */
export function constraintOf(value: ConstraintLike | undefined): Any | undefined {
  return value == null ? undefined : CONSTRAINTS.resolve(value);
}
