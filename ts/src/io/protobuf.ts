// Writes Protocol Buffers messages field by field, without their schemas: numbers of fields are the caller's to know.
// https://protobuf.dev/programming-guides/encoding. Groups are not written. Refuses nothing.

const encoder = new TextEncoder();

/** One message: fields in the order of the calls, each of which returns the message itself. */
export class Message {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** The message so far: a copy. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** A field of type int32, int64, uint32, uint64, bool or enum; whole numbers up to ±2⁵³. */
  varint(field: number, value: number | bigint | boolean): this {
    this.#key(field, 0);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** A double. */
  double(field: number, value: number): this {
    this.#key(field, 1);
    this.#view(8).setFloat64(0, value, true);
    return this;
  }

  /** A float. */
  float(field: number, value: number): this {
    this.#key(field, 5);
    this.#view(4).setFloat32(0, value, true);
    return this;
  }

  /** A fixed32. */
  fixed32(field: number, value: number): this {
    this.#key(field, 5);
    this.#view(4).setUint32(0, value, true);
    return this;
  }

  /** Bytes, or whatever is written like them: packed fields. */
  bytes(field: number, value: Uint8Array): this {
    this.#key(field, 2);
    this.#varint(BigInt(value.length));
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** A text. */
  string(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** A message inside of this one. */
  message(field: number, value: Message): this {
    return this.bytes(field, value.#bytes.subarray(0, value.#length));
  }

  /** Packed doubles. */
  doubles(field: number, values: ArrayLike<number>): this {
    const packed = new DataView(new ArrayBuffer(8 * values.length));
    for (let i = 0; i < values.length; i++) packed.setFloat64(8 * i, values[i] as number, true);
    return this.bytes(field, new Uint8Array(packed.buffer));
  }

  /** Packed whole numbers. */
  varints(field: number, values: Iterable<number | bigint>): this {
    const packed = new Message();
    for (const value of values) packed.#varint(BigInt.asUintN(64, BigInt(value)));
    return this.message(field, packed);
  }

  #key(field: number, wireType: number): void {
    this.#varint(BigInt(field * 8 + wireType));
  }

  #varint(value: bigint): void {
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.#byte(Number(rest & 127n) | 128);
    this.#byte(Number(rest));
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  #view(size: number): DataView {
    const at = this.#reserve(size);
    return new DataView(this.#bytes.buffer, at, size);
  }

  /** Makes room for `size` more bytes and says where they begin. */
  #reserve(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}
