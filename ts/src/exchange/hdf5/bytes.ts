// The bytes of an HDF5 file, read by address. Refuses every address and length outside of the file, and counts what is
// made of it and how many entries are gone through, so that a few bytes stand neither for much memory nor for much work.

import { type DescendError, fail } from '../../errors.js';

/** What a file may become, beyond its own size. */
const MARGIN = 2 ** 25;
/** Eight bytes of ones: no address. */
const UNDEFINED = 2 ** 64;

/** A file of which any part can be read. */
export class Bytes {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #name: string;
  #left: number;

  /** `name` is how messages call the file. */
  constructor(bytes: Uint8Array<ArrayBuffer>, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.#left = bytes.length + MARGIN;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Builds the error for what is not as it should be. */
  error(expected: string, got: string, hint?: string, cause?: unknown): DescendError {
    return fail('FILE_FORMAT', `reading ${this.#name}`, expected, got, hint, cause);
  }

  /** Counts `size` bytes as taken. Throws FILE_FORMAT where all that the file may become has been. */
  take(size: number, what: string): void {
    this.#left -= size;
    if (this.#left >= 0) return;
    throw this.error(`at most ${this.length + MARGIN} bytes of contents`, `${what} of ${size} bytes besides`);
  }

  /** Throws FILE_FORMAT where so much at once is more than the file may become. */
  allow(size: number, what: string): void {
    this.take(size, what);
    this.#left += size;
  }

  /** The bytes of a part: a view. */
  part(at: number, length: number): Uint8Array<ArrayBuffer> {
    this.#check(at, length);
    return this.#bytes.subarray(at, at + length);
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** A size: exact up to 2^53, and beyond that larger than any file. */
  u64(at: number): number {
    this.#check(at, 8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** A whole number of 1, 2, 4 or 8 bytes. */
  number(at: number, size: number): number {
    if (size === 1) return this.u8(at);
    if (size === 2) return this.u16(at);
    return size === 4 ? this.u32(at) : this.u64(at);
  }

  /** An address, or undefined where there is none. */
  address(at: number): number | undefined {
    const address = this.u64(at);
    return address >= UNDEFINED - 2048 ? undefined : address;
  }

  /** Whether these letters stand there. */
  has(at: number, letters: string): boolean {
    const found = this.part(at, letters.length);
    return [...letters].every((letter, i) => found[i] === letter.charCodeAt(0));
  }

  /** Throws FILE_FORMAT unless these letters stand there. */
  expect(at: number, letters: string, what: string): void {
    if (!this.has(at, letters)) throw this.error(`${what} (${letters}) at byte ${at}`, 'other bytes');
  }

  /** The text up to the first zero, of at most `most` bytes. */
  text(at: number, most: number): string {
    const part = this.part(at, Math.max(0, Math.min(most, this.length - at)));
    const end = part.indexOf(0);
    return new TextDecoder().decode(end < 0 ? part : part.subarray(0, end));
  }

  #check(at: number, length: number): void {
    if (at >= 0 && length >= 0 && at + length <= this.length) return;
    throw this.error(`${length} bytes at byte ${at}`, `a file of ${this.length} bytes`, 'damaged or truncated?');
  }
}
