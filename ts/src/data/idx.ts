// Reads IDX, the format of the MNIST family: two zero bytes, a type, a rank, big-endian sizes, big-endian data.
// Refuses unknown types, rank 0 or above 16, and a length that is not exactly what the header announces.

import { describeValue, fail } from '../errors.js';
import { readSource, type Source, sourceName } from '../io/file.js';
import { inflate, isGzip } from '../io/gzip.js';
import type { ArrayData } from './arrays.js';
import { formatShape, MAX_RANK } from './shape.js';
import type { FlatData } from './typed.js';

interface IdxType {
  bytes: 1 | 2 | 4 | 8;
  read(view: DataView, count: number): FlatData;
}

const TYPES: ReadonlyMap<number, IdxType> = new Map([
  [0x08, { bytes: 1, read: readBytes }],
  [0x09, integers(1, (view, at) => view.getInt8(at))],
  [0x0b, integers(2, (view, at) => view.getInt16(at))],
  [0x0c, integers(4, (view, at) => view.getInt32(at))],
  [0x0d, floats(4, (view, at) => view.getFloat32(at))],
  [0x0e, floats(8, (view, at) => view.getFloat64(at))],
]);

interface IdxHeader {
  type: IdxType;
  shape: number[];
  count: number;
  dataStart: number;
}

/**
 * Reads an IDX file, gzipped or not. Unsigned bytes stay bytes; signed integers become int32, floats float32.
 * Throws FILE_IO, FILE_FORMAT.
 */
export async function readIdx(source: Source): Promise<ArrayData> {
  const name = sourceName(source);
  const file = await readSource(source);
  return parseIdx(isGzip(file) ? await inflate(file, (start) => announcedLength(start, name), name) : file, name);
}

function parseIdx(bytes: Uint8Array<ArrayBuffer>, name: string): ArrayData {
  const header = parseHeader(bytes, name);
  if (header === undefined) throw fail('FILE_FORMAT', `reading ${name}`, 'an IDX header', `${bytes.length} bytes`);
  const { type, shape, count, dataStart } = header;
  const expected = dataStart + count * type.bytes;
  if (bytes.length !== expected) {
    const size = `${expected} bytes for shape ${formatShape(shape)}`;
    throw fail('FILE_FORMAT', `reading ${name}`, size, String(bytes.length));
  }
  return { ...type.read(new DataView(bytes.buffer, bytes.byteOffset + dataStart, count * type.bytes), count), shape };
}

function announcedLength(start: Uint8Array, name: string): number | undefined {
  const header = parseHeader(start, name);
  return header && header.dataStart + header.count * header.type.bytes;
}

// Undefined while there are too few bytes to tell.
function parseHeader(bytes: Uint8Array, name: string): IdxHeader | undefined {
  if (bytes.length < 4) return undefined;
  const rank = bytes[3] as number;
  const type = TYPES.get(bytes[2] as number);
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || rank === 0 || rank > MAX_RANK) {
    const expected = `an IDX file: bytes 0, 0, a type of 8, 9, 11, 12, 13 or 14, a rank of 1 to ${MAX_RANK}`;
    throw fail('FILE_FORMAT', `reading ${name}`, expected, describeValue([...bytes.subarray(0, 4)]));
  }
  const dataStart = 4 + 4 * rank;
  if (bytes.length < dataStart) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, dataStart);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  // A product beyond 2^53 is inexact, but then far beyond any file, and so refused by its length.
  return { type, shape, count, dataStart };
}

function readBytes(view: DataView, count: number): FlatData {
  return { data: new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, count), dtype: 'uint8' };
}

function integers(bytes: 1 | 2 | 4, get: (view: DataView, at: number) => number): IdxType {
  return {
    bytes,
    read: (view, count) => ({
      data: Int32Array.from({ length: count }, (_, i) => get(view, i * bytes)),
      dtype: 'int32',
    }),
  };
}

function floats(bytes: 4 | 8, get: (view: DataView, at: number) => number): IdxType {
  return {
    bytes,
    read: (view, count) => ({
      data: Float32Array.from({ length: count }, (_, i) => get(view, i * bytes)),
      dtype: 'float32',
    }),
  };
}
