// What options of layers may be, for their tables: the units that weights are made and judged by, axes, activations.

import type { ConstraintLike } from '../constraints/index.js';
import { constraintOf } from '../constraints/registry.js';
import { describeValue, fail } from '../errors.js';
import { INITIALIZERS } from '../initializers/registry.js';
import type { Check } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { regularizerOf } from '../regularizers/registry.js';
import { type ActivationLike, activationOf } from './activations.js';

/** What a weight begins with. */
export const initializer: Check = (value) => INITIALIZERS.resolve(value);

/** What a weight costs, or null. */
export const regularizer: Check = (value) => regularizerOf(value as RegularizerLike);

/** An activation. */
export const activation: Check = (value, what) =>
  activationOf(value as ActivationLike, what.replace(/ activation$/, ''));

/** What a weight is held to after every update, or null. */
export const constraint: Check = (value) => constraintOf(value as ConstraintLike);

/** The share that is dropped. */
export const rate: Check = (value, what) => {
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw fail('INVALID_VALUE', what, 'a number from 0 up to, not including, 1', describeValue(value));
};
