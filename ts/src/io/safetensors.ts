// Reads and writes safetensors: 8 bytes of header length, a JSON header, the raw little-endian data.
// Stricter than the reference reader where the format text is: no duplicate names, no unknown fields, no space before
// the header. Nothing is allocated that the file's own size does not bound. Writing the same tensors gives the same bytes.

import { describeValue, fail, quote } from '../errors.js';
import { type Header, HeaderError, parseHeader, type TensorEntry } from './header.js';

const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

/** A dtype name of the format. */
export type SafetensorsDType =
  | ('BOOL' | 'U8' | 'I8' | 'F8_E5M2' | 'F8_E4M3')
  | ('I16' | 'U16' | 'F16' | 'BF16')
  | ('I32' | 'U32' | 'F32')
  | ('F64' | 'I64' | 'U64');

/** The elements of a tensor. */
export type ElementArray =
  | (Uint8Array | Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array)
  | (Float32Array | Float64Array | BigInt64Array | BigUint64Array);

interface ArrayClass {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): ElementArray;
}

// In the order of the reference implementation, which lays tensors out by it, last ones first.
const ARRAYS: Readonly<Record<SafetensorsDType, ArrayClass>> = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  F8_E5M2: Uint8Array,
  F8_E4M3: Uint8Array,
  I16: Int16Array,
  U16: Uint16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
};
const DTYPES = Object.keys(ARRAYS) as SafetensorsDType[];

/** One tensor of a file, row-major. */
export interface SafeTensor {
  dtype: SafetensorsDType;
  shape: readonly number[];
  /** Of the class that belongs to the dtype: Float32Array for F32, BigInt64Array for I64; raw bits for F16, BF16, F8. */
  data: ElementArray;
}

/** The contents of a file. */
export interface SafetensorsFile {
  tensors: Map<string, SafeTensor>;
  metadata: Map<string, string>;
}

/**
 * Reads a file, checking all of it. Tensors are views of `bytes` where their alignment allows and copies elsewhere.
 * Throws FILE_FORMAT, naming what is wrong; `name` is how messages call the file.
 */
export function readSafetensors(bytes: Uint8Array, name = 'safetensors file'): SafetensorsFile {
  try {
    const dataStart = 8 + headerLength(bytes);
    const { entries, metadata } = decodeHeader(bytes.subarray(8, dataStart));
    assertCovered(entries, bytes.length - dataStart);
    const tensors = new Map<string, SafeTensor>();
    for (const entry of entries) tensors.set(entry.name, tensorOf(entry, bytes, dataStart));
    return { tensors, metadata };
  } catch (error) {
    if (!(error instanceof HeaderError)) throw error;
    throw fail('FILE_FORMAT', `reading ${name}`, error.expected, error.got);
  }
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) throw new HeaderError('at least 8 bytes', String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  // Exact up to 2^53, and beyond that certainly over the limit.
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER_BYTES) throw new HeaderError('a header of at most 100 MB', `${length} bytes`);
  if (length > bytes.length - 8) {
    throw new HeaderError(`a header of ${length} bytes`, `${bytes.length - 8} bytes of file after the length`);
  }
  return length;
}

function decodeHeader(bytes: Uint8Array): Header {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new HeaderError('a header in UTF-8', 'other bytes');
  }
  return parseHeader(text);
}

// In the order of their data the tensors must follow each other without gap or overlap, from the first byte to the last.
function assertCovered(entries: readonly TensorEntry[], dataLength: number): void {
  const ordered = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of ordered) {
    if (begin !== position || end < begin) {
      throw new HeaderError(`data of ${quote(name)} from byte ${position} on`, `offsets [${begin}, ${end}]`);
    }
    position = end;
  }
  if (position !== dataLength) throw new HeaderError(`${position} bytes of data`, `${dataLength}`);
}

function tensorOf(entry: TensorEntry, bytes: Uint8Array, dataStart: number): SafeTensor {
  const { name, dtype, shape, begin, end } = entry;
  if (!isDType(dtype)) throw new HeaderError(`a dtype of ${DTYPES.join(', ')}`, quote(dtype));
  const ArrayClass = ARRAYS[dtype];
  const count = safeProduct(shape);
  if (count * ArrayClass.BYTES_PER_ELEMENT !== end - begin) {
    const size = `${end - begin} bytes for shape [${shape.slice(0, 16).join(', ')}] of ${dtype}`;
    throw new HeaderError(`shape and offsets of ${quote(name)} to agree`, size);
  }
  const start = bytes.byteOffset + dataStart + begin;
  if (start % ArrayClass.BYTES_PER_ELEMENT === 0) {
    return { dtype, shape, data: new ArrayClass(bytes.buffer, start, count) };
  }
  return {
    dtype,
    shape,
    data: new ArrayClass(new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end)).buffer),
  };
}

function isDType(name: string): name is SafetensorsDType {
  return Object.hasOwn(ARRAYS, name);
}

// Zeros are left out of the bound so that the verdict does not depend on where a zero stands.
function safeProduct(shape: readonly number[]): number {
  let bound = 1;
  for (const size of shape) {
    bound *= size || 1;
    if (bound > Number.MAX_SAFE_INTEGER) throw new HeaderError('shapes of fewer than 2^53 elements', 'a larger one');
  }
  return shape.includes(0) ? 0 : bound;
}

/**
 * Writes a file. Tensors are laid out by falling element size and then by name, as the reference writer does, so that
 * each is aligned and the order of `tensors` changes no byte. NaNs of F32 and F64 become the canonical one.
 * Throws INVALID_VALUE, INVALID_DTYPE or SHAPE_MISMATCH for a tensor that does not fit its own description.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(([nameA, a], [nameB, b]) => {
    return DTYPES.indexOf(b.dtype) - DTYPES.indexOf(a.dtype) || compare(nameA, nameB);
  });
  const header = encodeHeader(ordered, metadata);
  const dataStart = 8 + header.length;
  const dataLength = ordered.reduce((sum, [, tensor]) => sum + tensor.data.byteLength, 0);
  const file = new Uint8Array(dataStart + dataLength);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 8);
  let position = dataStart;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    canonicalizeNaN(data, file, position);
    position += data.byteLength;
  }
  return file;
}

function encodeHeader(ordered: readonly [string, SafeTensor][], metadata: ReadonlyMap<string, string>): Uint8Array {
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(([a], [b]) => compare(a, b));
    const texts = pairs.map(([key, value]) => `${encode(key)}:${encode(value)}`);
    members.push(`"${METADATA}":{${texts.join(',')}}`);
  }
  let position = 0;
  for (const [name, tensor] of ordered) {
    assertWritable(name, tensor);
    const end = position + tensor.data.byteLength;
    const shape = `[${tensor.shape.join(',')}]`;
    members.push(`${encode(name)}:{"dtype":"${tensor.dtype}","shape":${shape},"data_offsets":[${position},${end}]}`);
    position = end;
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  if (json.length > MAX_HEADER_BYTES) {
    throw fail('INVALID_VALUE', 'writing safetensors', 'a header of at most 100 MB', `${json.length} bytes`);
  }
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  return padded;
}

function assertWritable(name: string, { dtype, shape, data }: SafeTensor): void {
  const what = `writing tensor ${quote(name)}`;
  if (name === METADATA) throw fail('INVALID_VALUE', what, 'another name', 'the one reserved for metadata');
  if (!isDType(dtype)) throw fail('INVALID_DTYPE', what, `a dtype of ${DTYPES.join(', ')}`, describeValue(dtype));
  if (!(data instanceof ARRAYS[dtype])) {
    throw fail('INVALID_DTYPE', what, `${ARRAYS[dtype].name} for ${dtype}`, describeValue(data));
  }
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw fail('INVALID_SHAPE', what, 'whole numbers of at least 0', describeValue(shape));
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length) throw fail('SHAPE_MISMATCH', what, `${count} elements`, `${data.length}`);
}

function encode(text: unknown): string {
  if (typeof text !== 'string' || /\p{Surrogate}/u.test(text)) {
    throw fail('INVALID_VALUE', 'writing safetensors', 'names and metadata of well-formed text', describeValue(text));
  }
  return JSON.stringify(text);
}

// By code units, which no locale changes.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// A NaN's sign and payload differ between engines; a file must not. `start` is aligned, for data is laid out so.
function canonicalizeNaN(data: ElementArray, file: Uint8Array<ArrayBuffer>, start: number): void {
  const view = new DataView(file.buffer, start, data.byteLength);
  if (data instanceof Float32Array) {
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) view.setUint32(4 * i, 0x7fc00000, true);
  } else if (data instanceof Float64Array) {
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) view.setBigUint64(8 * i, 0x7ff8n << 48n, true);
  }
}
