// Typed arrays of any class to one of the four element kinds that data may have.
// Trusts no property of the array: length, buffer and class come from the intrinsic getters of %TypedArray%.prototype,
// which read internal slots, so that subclasses cannot lie and a proxy is no typed array. Bytes are never widened.

import { type DescendError, fail } from '../errors.js';

/** The element kinds that data may have. `bool` is stored as bytes 0 and 1. */
export type DType = 'float32' | 'int32' | 'uint8' | 'bool';

/** Flat elements: Float32Array for float32, Int32Array for int32, Uint8Array for uint8 and bool. */
export interface FlatData {
  data: Float32Array | Int32Array | Uint8Array;
  dtype: DType;
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const classOf = getter<string | undefined>(typedArrayPrototype, Symbol.toStringTag);
const lengthOf = getter<number>(typedArrayPrototype, 'length');
const bufferOf = getter<ArrayBuffer>(typedArrayPrototype, 'buffer');
const byteOffsetOf = getter<number>(typedArrayPrototype, 'byteOffset');
const unsharedByteLength = getter<number>(ArrayBuffer.prototype, 'byteLength');
const valuesOf = Reflect.get(typedArrayPrototype, 'values') as () => unknown;

function getter<T>(prototype: object, property: PropertyKey): (receiver: unknown) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, property)?.get as () => T;
  return (receiver) => Reflect.apply(get, receiver, []) as T;
}

/** The class of a typed array, such as `Float32Array`; undefined for everything else. */
export function typedArrayName(x: unknown): string | undefined {
  return classOf(x);
}

/**
 * The elements of a typed array; a view of the same memory where no cast is needed. Float64Array and Float16Array
 * become float32, other widths of integer int32. Throws BUFFER_DETACHED, and INVALID_VALUE for integers beyond int32.
 */
export function castTyped(array: unknown, what: string): FlatData {
  const source = plainView(array, what);
  switch (classOf(source)) {
    case 'Float32Array':
      return { data: source as Float32Array, dtype: 'float32' };
    case 'Int32Array':
      return { data: source as Int32Array, dtype: 'int32' };
    case 'Uint8Array':
      return { data: source as Uint8Array, dtype: 'uint8' };
    case 'Float16Array':
    case 'Float64Array':
      return { data: new Float32Array(source as Float64Array), dtype: 'float32' };
    case 'Int8Array':
    case 'Int16Array':
    case 'Uint16Array':
      return { data: new Int32Array(source as Int16Array), dtype: 'int32' };
    default:
      return { data: narrowed(source as Uint32Array | BigInt64Array, what), dtype: 'int32' };
  }
}

// A view of a built-in class. Shared memory is copied once, for another thread may go on writing to it.
function plainView(array: unknown, what: string): ArrayBufferView {
  assertAttached(array, what);
  const name = classOf(array) as string;
  const Class = Reflect.get(globalThis, name === 'Uint8ClampedArray' ? 'Uint8Array' : name) as Float32ArrayConstructor;
  const plain = new Class(bufferOf(array), byteOffsetOf(array), lengthOf(array));
  return isShared(bufferOf(array)) ? new Class(plain) : plain;
}

// `values` refuses an array whose buffer is detached or has shrunk below it, where every getter just answers 0.
function assertAttached(array: unknown, what: string): void {
  try {
    Reflect.apply(valuesOf, array, []);
  } catch (cause) {
    const hint = 'its memory was transferred to another thread, grown by WebAssembly, or shrunk by resize()';
    throw fail('BUFFER_DETACHED', what, 'an array whose memory is there', 'a detached array', hint, cause);
  }
}

// The getter of ArrayBuffer refuses a SharedArrayBuffer, from whichever realm it comes.
function isShared(buffer: ArrayBufferLike): boolean {
  try {
    unsharedByteLength(buffer);
    return false;
  } catch {
    return true;
  }
}

function narrowed(source: Uint32Array | BigInt64Array | BigUint64Array, what: string): Int32Array {
  const narrow = new Int32Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const value = source[i] as number | bigint;
    if (value > 0x7fffffff || value < -0x80000000) throw beyondInt32(value, i, what);
    narrow[i] = Number(value);
  }
  return narrow;
}

function beyondInt32(value: number | bigint, index: number, what: string): DescendError {
  const hint = 'integers are 32-bit here; use a Float32Array for larger values';
  return fail('INVALID_VALUE', `${what}[${index}]`, 'an integer from -2^31 to 2^31 - 1', String(value), hint);
}
