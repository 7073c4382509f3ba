// Many elements as one batch: numbers of equal shape along a new first axis, lists and objects part by part.
// Refuses parts that differ in shape, kind of number or name from those of the first element.

import { type DescendError, describeValue, fail } from '../errors.js';
import { type ArrayData, toArrayData } from './arrays.js';
import { formatShape } from './shape.js';

/** Whether `value` is an element of named parts, such as { x, y }; `{ data, shape }` is one part by itself. */
export function hasParts(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return !Array.isArray(value) && !('data' in value);
}

/** The batch of these elements, of which there is at least one: of the form of the first. Throws SHAPE_MISMATCH. */
export function stack(elements: readonly unknown[]): unknown {
  const [first] = elements;
  if (Array.isArray(first)) {
    for (const element of elements) assertLength(element, first.length);
    return first.map((_, k) =>
      stackPart(
        (elements as unknown[][]).map((element) => element[k]),
        `element[${k}]`,
      ),
    );
  }
  if (!hasParts(first)) return stackPart(elements, 'element');
  const names = Object.keys(first);
  for (const element of elements) assertNames(element, names);
  return Object.fromEntries(
    names.map((name) => [
      name,
      stackPart(
        (elements as (typeof first)[]).map((element) => element[name]),
        name,
      ),
    ]),
  );
}

function assertLength(element: unknown, length: number): void {
  if (Array.isArray(element) && element.length === length) return;
  throw fail('SHAPE_MISMATCH', 'batch', `elements of ${length} parts, as the first one`, describeValue(element));
}

function assertNames(element: unknown, names: readonly string[]): void {
  if (hasParts(element) && Object.keys(element).length === names.length && names.every((name) => name in element))
    return;
  throw fail('SHAPE_MISMATCH', 'batch', `elements { ${names.join(', ')} }, as the first one`, describeValue(element));
}

function stackPart(values: readonly unknown[], what: string): ArrayData {
  if (values.every((value) => typeof value === 'number')) {
    return { data: Float32Array.from(values), shape: [values.length], dtype: 'float32' };
  }
  const first = partOf(values[0], what);
  const size = first.data.length;
  const data = new (first.data.constructor as Float32ArrayConstructor)(values.length * size) as ArrayData['data'];
  for (let i = 0; i < values.length; i++) {
    const part = i === 0 ? first : partOf(values[i], what);
    if (part.dtype !== first.dtype || formatShape(part.shape) !== formatShape(first.shape)) {
      throw differs(what, i, first, part);
    }
    data.set(part.data, i * size);
  }
  return { data, shape: [values.length, ...first.shape], dtype: first.dtype };
}

// A single number has the shape [].
function partOf(value: unknown, what: string): ArrayData {
  if (typeof value === 'number') return { data: Float32Array.of(value), shape: [], dtype: 'float32' };
  if (typeof value === 'boolean') return { data: Uint8Array.of(Number(value)), shape: [], dtype: 'bool' };
  return toArrayData(value, what);
}

function differs(what: string, index: number, first: ArrayData, part: ArrayData): DescendError {
  const form = ({ dtype, shape }: ArrayData): string => `${dtype} of shape ${formatShape(shape)}`;
  const hint = 'map them to one shape first';
  return fail('SHAPE_MISMATCH', `${what} ${index} of a batch`, `${form(first)}, as in the first`, form(part), hint);
}
