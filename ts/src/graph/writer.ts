// Builds the bytes that the core's `Reader` takes: little endian, growing as needed. Pure: same calls, same bytes.

import { describeValue, fail } from '../errors.js';

const ASCII = /^[\0-\x7f]*$/;

/** Appends numbers, text and bytes to a growing buffer. */
export class Writer {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  /** One byte, 0 to 255. */
  u8(value: number): this {
    this.#room(1)[this.#length++] = value;
    return this;
  }

  /** An unsigned whole number below 2^64: seven bits a byte, lowest first, the high bit says that more follow. */
  varuint(value: number | bigint): this {
    if (value < 0 || (typeof value === 'number' ? !Number.isSafeInteger(value) : value >= 1n << 64n)) {
      throw fail('INVALID_VALUE', 'encode', 'a whole number from 0 to 2^53 - 1, or a bigint', describeValue(value));
    }
    if (typeof value === 'bigint') {
      let rest = value;
      for (; rest >= 0x80n; rest >>= 7n) this.u8(Number(rest & 0x7fn) | 0x80);
      return this.u8(Number(rest));
    }
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.u8((rest % 0x80) | 0x80);
    return this.u8(rest);
  }

  /** Eight bytes. Every NaN is written as the same one. */
  f64(value: number): this {
    const bytes = this.#room(8);
    const view = new DataView(bytes.buffer);
    if (Number.isNaN(value)) view.setUint32(this.#length + 4, 0x7ff80000, true);
    else view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** The length in bytes, then UTF-8. */
  str(text: string): this {
    if (!ASCII.test(text)) {
      const bytes = new TextEncoder().encode(text);
      return this.varuint(bytes.length).bytes(bytes);
    }
    // Names of ops and their attributes, thousands of them: a TextEncoder takes longer to begin with.
    this.varuint(text.length);
    const bytes = this.#room(text.length);
    for (let i = 0; i < text.length; i++) bytes[this.#length++] = text.charCodeAt(i);
    return this;
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): this {
    this.#room(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  // New bytes are zero: nothing is ever written twice.
  #room(more: number): Uint8Array {
    if (this.#length + more > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + more, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}
