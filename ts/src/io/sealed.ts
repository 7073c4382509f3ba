// Safetensors files that notice damage: among their metadata is the CRC-32 of the whole file, header and all, with the
// checksum's own digits as zeros. Any reader of safetensors can read them. Refuses those whose contents it does not match.

import { fail } from '../errors.js';
import { crc32 } from './crc32.js';
import { readSafetensors, type SafeTensor, type SafetensorsFile, writeSafetensors } from './safetensors.js';

const KEY = 'checksum';
const ZEROS = '00000000';
// Quotes inside of names and texts are escaped in a header, so that these bytes can only be the key itself.
const MARK = `"${KEY}":"`;

/** `writeSafetensors` with a checksum. */
export function writeSealed(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const file = writeSafetensors(tensors, new Map([...metadata, [KEY, ZEROS]]));
  file.set(new TextEncoder().encode(hex(crc32(file))), digitsOf(file));
  return file;
}

/** `readSafetensors`, and the checksum held against the contents where there is one. Throws FILE_FORMAT. */
export function readSealed(bytes: Uint8Array, name: string): SafetensorsFile {
  const file = readSafetensors(bytes, name);
  const checksum = file.metadata.get(KEY);
  if (checksum === undefined) return file;
  const at = digitsOf(bytes);
  const zeros = new TextEncoder().encode(ZEROS);
  const whole = at >= 0 && crc32(bytes.subarray(at + 8), crc32(zeros, crc32(bytes.subarray(0, at))));
  if (whole !== false && checksum === hex(whole)) return file;
  const hint = 'the file was damaged, or changed by a program that kept the old checksum';
  throw fail('FILE_FORMAT', `reading ${name}`, `contents with the checksum ${checksum}`, 'others', hint);
}

/** Where the digits of the checksum stand, or -1. */
function digitsOf(file: Uint8Array): number {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const header = new TextDecoder('latin1').decode(file.subarray(8, 8 + length));
  const at = header.indexOf(MARK);
  return at < 0 ? -1 : 8 + at + MARK.length;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
