// Attributes of an HDF5 object: numbers and texts beside it, texts of any length out of the file's global heap.

import type { Bytes } from './bytes.js';
import { countOf, type Datatype, dataspaceAt, datatypeAt, numbersOf } from './datatype.js';
import type { Message } from './messages.js';

/** One attribute: its name, and where its parts stand. */
export interface Attribute {
  readonly name: string;
  readonly type: Datatype;
  readonly shape: readonly number[];
  readonly at: number;
  readonly size: number;
}

const padded = (size: number): number => Math.ceil(size / 8) * 8;

/** The attribute of a message. Throws FILE_FORMAT. */
export function attributeOf(bytes: Bytes, { at, size }: Message): Attribute {
  const version = bytes.u8(at);
  if (version < 1 || version > 3) throw bytes.error('an attribute of version 1 to 3', String(version));
  if (version > 1 && bytes.u8(at + 1) !== 0) throw bytes.error('an attribute that says its own type', 'a shared type');
  const room = version === 1 ? padded : (length: number): number => length;
  const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((offset) => bytes.u16(at + offset)) as [number, number, number];
  const nameAt = at + (version === 3 ? 9 : 8);
  const typeAt = nameAt + room(nameSize);
  const spaceAt = typeAt + room(typeSize);
  const dataAt = spaceAt + room(spaceSize);
  const type = datatypeAt(bytes, typeAt);
  const shape = spaceSize === 0 ? [] : dataspaceAt(bytes, spaceAt);
  return { name: bytes.text(nameAt, nameSize), type, shape, at: dataAt, size: Math.max(0, at + size - dataAt) };
}

/** The texts of an attribute, in order. Throws FILE_FORMAT where it holds no texts. */
export function textsOf(bytes: Bytes, { name, type, shape, at, size }: Attribute): string[] {
  const count = countOf(bytes, shape);
  if (count * type.size > size) throw bytes.error(`${count} values of attribute ${name}`, `${size} bytes`);
  // Texts of no length take no bytes: then their number is bounded here alone.
  bytes.take(16 * count, `attribute ${name}`);
  if (type.kind === 'text') return Array.from({ length: count }, (_, i) => bytes.text(at + i * type.size, type.size));
  if (type.kind !== 'texts of any length' || type.size !== 16) {
    throw bytes.error(`texts in attribute ${name}`, type.kind);
  }
  return Array.from({ length: count }, (_, i) => {
    const from = at + 16 * i;
    return heapText(bytes, bytes.u32(from), bytes.u64(from + 4), bytes.u32(from + 12), name);
  });
}

/** The numbers of an attribute. Throws FILE_FORMAT where it holds none. */
export function attributeNumbers(bytes: Bytes, { name, type, shape, at, size }: Attribute): number[] {
  const count = countOf(bytes, shape);
  if (count * type.size > size) throw bytes.error(`${count} values of attribute ${name}`, `${size} bytes`);
  return Array.from(numbersOf(bytes, type, bytes.part(at, count * type.size), count));
}

// Object `index` of the collection at `address`.
function heapText(bytes: Bytes, length: number, address: number, index: number, name: string): string {
  if (length === 0) return '';
  bytes.expect(address, 'GCOL', 'a global heap');
  const end = address + bytes.u64(address + 8);
  for (let at = address + 16; at + 16 <= end; ) {
    const [number, size] = [bytes.u16(at), bytes.u64(at + 8)];
    if (number === 0) break;
    bytes.take(16, 'entries of a heap');
    if (number === index && length <= size) {
      bytes.take(length, `attribute ${name}`);
      return bytes.text(at + 16, length);
    }
    at += 16 + padded(size);
  }
  throw bytes.error(`object ${index} of a global heap, for attribute ${name}`, 'none of that number and length');
}
