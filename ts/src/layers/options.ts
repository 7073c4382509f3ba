// What options of layers may be, for their tables: the units that weights are made and judged by, axes, activations.

import type { ConstraintLike } from '../constraints/index.js';
import { constraintOf } from '../constraints/registry.js';
import { describeValue, fail } from '../errors.js';
import type { InitializerLike } from '../initializers/index.js';
import { INITIALIZERS } from '../initializers/registry.js';
import type { Check, OptionTable } from '../options.js';
import type { RegularizerLike } from '../regularizers/index.js';
import { regularizerOf } from '../regularizers/registry.js';
import { type ActivationLike, activationOf } from './activations.js';
import type { LayerOptions } from './layer.js';

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

/** Options of layers of products with kernels and biases. */
export interface KernelOptions extends LayerOptions {
  /** Whether products add a bias. Default true. */
  useBias?: boolean;
  /** Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** Default 'zeros'. */
  biasInitializer?: InitializerLike;
  /** What the kernels' values cost, such as 'l2' or new regularizers.L2({ l2: 1e-4 }). Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the biases' values cost. Default none. */
  biasRegularizer?: RegularizerLike;
  /** What the kernels are held to after every update, such as 'max_norm'. Default nothing. */
  kernelConstraint?: ConstraintLike;
  /** What the biases are held to. Default nothing. */
  biasConstraint?: ConstraintLike;
}

/** The table of those but for `useBias`. */
export const KERNEL_OPTIONS: OptionTable = {
  kernelInitializer: ['glorot_uniform', initializer],
  biasInitializer: ['zeros', initializer],
  kernelRegularizer: [null, regularizer],
  biasRegularizer: [null, regularizer],
  kernelConstraint: [null, constraint],
  biasConstraint: [null, constraint],
};
