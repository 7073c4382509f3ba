// Gradients of rows: some rows of a variable, by index, as an embedding has them. They reach the core as rows added to zeros,
// which the plan takes apart again, so that rows from here and those of a traced `gather` go one way.

import { type ArrayData, toArrayData } from '../data/arrays.js';
import { formatShape } from '../data/shape.js';
import { describeValue, fail } from '../errors.js';
import type { Captured, Tensor } from '../graph/tensor.js';
import type { Tracer } from '../graph/trace.js';
import { shaped, Variable } from '../variable.js';

/** The gradient of some rows of a variable; of a row given twice the sum counts. Other rows have none. */
export interface RowGradient {
  /** The rows, as whole numbers: `[n]`. */
  indices: Captured | Variable;
  /** A gradient each: `[n, ...variable.shape.slice(1)]`. */
  values: Captured | Variable;
}

/** Indices and values as variables. */
export type Rows = readonly [indices: Variable, values: Variable];

/** Where rows from JavaScript's memory go: as long as the number of rows stays, the same. */
export interface RowsKept {
  indices: Variable | undefined;
  values: Variable | undefined;
}

/** Whether a gradient is one of rows. */
export function isRows(gradient: unknown): gradient is RowGradient {
  return typeof gradient === 'object' && gradient !== null && 'indices' in gradient;
}

/**
 * The rows as variables: the user's, or those in `kept`. Throws SHAPE_MISMATCH, INVALID_VALUE, UNKNOWN_OPTION. Whether the
 * variable has such rows is for the core to see.
 */
export function rowsOf({ indices, values, ...rest }: RowGradient, of: Variable, kept: RowsKept): Rows {
  const what = `gradient of ${of}`;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw fail('UNKNOWN_OPTION', what, 'indices and values', extra);
  if (of.shape.length === 0) throw fail('SHAPE_MISMATCH', what, 'a number', 'rows');
  const index = indices instanceof Variable ? indices : wholeNumbers(indices, `${what}: indices`);
  if (index.shape.length !== 1 || index.dtype !== 'int32') {
    throw fail('SHAPE_MISMATCH', `${what}: indices`, 'int32[n]', `${index.dtype}${formatShape(index.shape)}`);
  }
  const shape = [...index.shape, ...of.shape.slice(1)];
  if (values instanceof Variable) {
    if (values.dtype !== 'float32' || formatShape(values.shape) !== formatShape(shape)) {
      throw fail('SHAPE_MISMATCH', `${what}: values`, `float32${formatShape(shape)}`, String(values));
    }
    kept.indices = keptIn(kept.indices, index);
    return [kept.indices ?? (index as Variable), values];
  }
  const data = Float32Array.from(shaped(values, shape, `${what}: values`));
  kept.indices = keptIn(kept.indices, index);
  kept.values = keptIn(kept.values, { data, shape, dtype: 'float32' });
  return [kept.indices ?? (index as Variable), kept.values as Variable];
}

/** The gradient as a value of a trace. */
export function scattered(tracer: Tracer, [indices, values]: Rows, { shape }: Variable): Tensor {
  const type = { shape, dtype: 'float32' } as const;
  const dims = { tag: 'dims', value: shape } as const;
  const [zeros] = tracer.op('fill', [], { dims, value: { tag: 'float', value: 0 } }, [type]) as [Tensor];
  const inputs = [zeros, tracer.variable(values), tracer.variable(indices)];
  return tracer.op('scatter_rows', inputs, {}, [type])[0] as Tensor;
}

function wholeNumbers(indices: Captured, what: string): ArrayData {
  const { data, shape } = toArrayData(indices, what);
  const wrong = data.find((x) => !Number.isInteger(x));
  if (wrong !== undefined) throw fail('INVALID_VALUE', what, 'whole numbers', describeValue(wrong));
  return { data: Int32Array.from(data), shape, dtype: 'int32' };
}

/** A variable of these elements: `old` if it has their shape, else a new one. None for what is a variable already. */
function keptIn(old: Variable | undefined, array: ArrayData | Variable): Variable | undefined {
  const fits = !(array instanceof Variable) && old && formatShape(old.shape) === formatShape(array.shape);
  if (!fits) old?.dispose();
  if (array instanceof Variable) return undefined;
  const { data, shape, dtype } = array;
  if (!fits) return new Variable(data, shape, { name: 'rows', dtype, trainable: false });
  old.assign(data);
  return old;
}
