// What elements of an HDF5 file are, and how many: numbers and texts. Everything else (compounds, references, times) is
// refused when it is read.

import type { Bytes } from './bytes.js';

/** What elements are. */
export interface Datatype {
  readonly kind: 'integer' | 'float' | 'text' | 'texts of any length' | 'something else';
  /** Bytes of one. */
  readonly size: number;
  readonly littleEndian: boolean;
  readonly signed: boolean;
}

const KINDS = new Map<number, Datatype['kind']>([
  [0, 'integer'],
  [1, 'float'],
  [3, 'text'],
  [8, 'integer'],
]);
const MOST_AXES = 16;

/** The type that stands there. */
export function datatypeAt(bytes: Bytes, at: number): Datatype {
  const kind = bytes.u8(at) & 15;
  const bits = bytes.u8(at + 1);
  const [size, littleEndian] = [bytes.u32(at + 4), (bits & 1) === 0];
  if (kind === 9 && (bits & 15) === 1) return { kind: 'texts of any length', size, littleEndian: true, signed: false };
  // An enumeration (of true and false) is that of its numbers, which follows.
  const signed = kind === 0 && (bits & 8) !== 0;
  return { kind: KINDS.get(kind) ?? 'something else', size, littleEndian: kind === 8 || littleEndian, signed };
}

/** The sizes that stand there; those of a single value are none. Throws FILE_FORMAT. */
export function dataspaceAt(bytes: Bytes, at: number): number[] {
  const [version, rank] = [bytes.u8(at), bytes.u8(at + 1)];
  if (version !== 1 && version !== 2) throw bytes.error('a dataspace of version 1 or 2', String(version));
  if (rank > MOST_AXES) throw bytes.error(`at most ${MOST_AXES} axes`, String(rank));
  if (version === 2 && bytes.u8(at + 3) === 2) return [0];
  const first = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, i) => bytes.u64(first + 8 * i));
}

/** The number of elements of these sizes. Throws FILE_FORMAT where it is beyond all memory. */
export function countOf(bytes: Bytes, shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  // A zero must not hide what stands beside it.
  if (shape.every((size) => size <= 2 ** 31) && count <= 2 ** 40) return count;
  throw bytes.error('sizes that memory could hold', `shape [${shape.join(', ')}]`);
}

/** Up to so many numbers keep all their digits: counts of steps, rates. */
const FEW = 64;

/** Elements as float32 numbers, a few as float64. Throws FILE_FORMAT where they are none. */
export function numbersOf(bytes: Bytes, type: Datatype, data: Uint8Array, count: number): Float64Array | Float32Array {
  const { kind, size, littleEndian, signed } = type;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = reader(view, kind, size, littleEndian, signed);
  if (read === undefined) throw bytes.error('numbers of 1 to 8 bytes', `${kind} of ${size} bytes`);
  const numbers = count > FEW ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = read(i * size);
  return numbers;
}

function reader(
  view: DataView,
  kind: Datatype['kind'],
  size: number,
  little: boolean,
  signed: boolean,
): ((at: number) => number) | undefined {
  if (kind === 'float') {
    if (size === 2) return (at) => halfOf(view.getUint16(at, little));
    if (size === 4) return (at) => view.getFloat32(at, little);
    return size === 8 ? (at) => view.getFloat64(at, little) : undefined;
  }
  if (kind !== 'integer') return undefined;
  if (size === 1) return (at) => (signed ? view.getInt8(at) : view.getUint8(at));
  if (size === 2) return (at) => (signed ? view.getInt16(at, little) : view.getUint16(at, little));
  if (size === 4) return (at) => (signed ? view.getInt32(at, little) : view.getUint32(at, little));
  if (size !== 8) return undefined;
  return (at) => Number(signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little));
}

/** A number of IEEE 754's 16 bits. */
export function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
