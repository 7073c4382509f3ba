// CRC-32 (ISO 3309, as in gzip and PNG) and CRC-32C (Castagnoli's, as in TFRecord files): they tell damaged bytes from
// whole ones, not forged from real ones.

import { hasFiles } from './file.js';

type Crc32 = (bytes: Uint8Array, before?: number) => number;

/** The checksum of `bytes`, or of what `before` is the checksum of with `bytes` behind it. */
export function crc32(bytes: Uint8Array, before = 0): number {
  native ??= hasFiles() ? (process.getBuiltinModule('node:zlib') as { crc32?: Crc32 }).crc32 : undefined;
  return (native ?? crc32Portable)(bytes, before);
}

// Several times as fast, where there is one.
let native: Crc32 | undefined;
let table: Int32Array | undefined;
let tableC: Int32Array | undefined;

/** The same without the runtime's help. */
export function crc32Portable(bytes: Uint8Array, before = 0): number {
  table ??= tableOf(0xedb88320);
  return checksum(table, bytes, before);
}

/** The CRC-32C of `bytes`. */
export function crc32c(bytes: Uint8Array): number {
  tableC ??= tableOf(0x82f63b78);
  return checksum(tableC, bytes, 0);
}

// What becomes of each byte by division by a polynomial, written with its lowest power first.
function tableOf(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
}

function checksum(table: Int32Array, bytes: Uint8Array, before: number): number {
  let rest = ~before;
  for (let i = 0; i < bytes.length; i++) {
    rest = (rest >>> 8) ^ (table[(rest ^ (bytes[i] as number)) & 255] as number);
  }
  return ~rest >>> 0;
}
