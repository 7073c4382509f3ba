// What the public namespace `constraints` holds.

import type { Constraint } from './constraint.js';

export { Constraint } from './constraint.js';
export {
  MaxNorm,
  type MaxNormOptions,
  MinMaxNorm,
  type MinMaxNormOptions,
  NonNeg,
  UnitNorm,
  type UnitNormOptions,
} from './norms.js';

/** What an option for a constraint takes: one, its name in any spelling, its plain data, or null for none. */
export type ConstraintLike = Constraint<object> | string | { className: string; config: unknown } | null;
