// The public function that makes variables. Apart from their class, for what else comes with it: who makes variables may
// also want to make steps on them.

import { toArrayData } from './data/arrays.js';
import { checkShape } from './data/shape.js';
import type { DType } from './data/typed.js';
import { describeValue, fail } from './errors.js';
import type { Captured } from './graph/tensor.js';
import { applyGradients } from './optimizers/apply.js';
import { knowSteps } from './optimizers/steps.js';
import { assertOptions } from './units.js';
import { CLASSES, castTo, Variable, type VariableOptions } from './variable.js';

/** What becomes float32. */
export type Floats =
  | Float32Array
  | Float64Array
  | readonly Numbers[]
  | { data: Float32Array | Float64Array | readonly Numbers[] };
/** Nested arrays of numbers. */
export type Numbers = number | readonly Numbers[];

/**
 * A variable with a copy of `data`: a typed array (with a shape unless it is a vector), nested arrays, or
 * `{ data, shape }`. Throws INVALID_SHAPE, SHAPE_MISMATCH, INVALID_DTYPE, INVALID_VALUE.
 */
export function variable<D extends DType>(
  data: Captured,
  shape: readonly number[] | undefined,
  options: VariableOptions & { dtype: D },
): Variable<D>;
export function variable(
  data: Floats,
  shape?: readonly number[],
  options?: Omit<VariableOptions, 'dtype'>,
): Variable<'float32'>;
export function variable(data: Captured, shape?: readonly number[], options?: VariableOptions): Variable;
export function variable(data: Captured, shape?: readonly number[], options: VariableOptions = {}): Variable {
  knowSteps(applyGradients);
  assertOptions('variable', options, ['name', 'dtype', 'trainable']);
  const { name = '', trainable } = options;
  if (typeof name !== 'string') throw fail('INVALID_VALUE', 'variable: name', 'a string', describeValue(name));
  const array = toArrayData(data, 'variable', shape === undefined ? undefined : checkShape(shape, 'variable'));
  const dtype = options.dtype ?? array.dtype;
  if (!Object.hasOwn(CLASSES, dtype)) {
    throw fail('INVALID_DTYPE', 'variable', "'float32', 'int32', 'uint8' or 'bool'", describeValue(dtype));
  }
  if (trainable === true && dtype !== 'float32') {
    throw fail('INVALID_DTYPE', 'variable', 'float32 where it is trainable', dtype);
  }
  return new Variable(castTo(dtype, array.data), array.shape, {
    name,
    dtype,
    trainable: trainable ?? dtype === 'float32',
  });
}
