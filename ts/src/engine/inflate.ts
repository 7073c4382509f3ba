// Inflates raw DEFLATE (RFC 1951) without waiting, as no platform does: for the module that comes as text in the script
// and may be wanted by a synchronous call. Takes only what our own build packed; it checks nothing.

const MOST_BITS = 15;
/** The order in which the lengths of the codes of lengths come (3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END = 256;

/** A canonical Huffman code: how many codes there are of each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** The `size` bytes that were packed. */
export function inflate(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const bits = new Bits(packed);
  const out = new Uint8Array(size);
  let at = 0;
  for (let last = 0; last === 0; ) {
    last = bits.take(1);
    const kind = bits.take(2);
    if (kind === 0) {
      const stored = bits.stored();
      out.set(stored, at);
      at += stored.length;
    } else {
      const [literals, distances] = kind === 1 ? fixedCodes() : codesOf(bits);
      at = block(bits, literals, distances, out, at);
    }
  }
  return out;
}

/** Writes what one block stands for, and returns where it ends. */
function block(bits: Bits, literals: Code, distances: Code, out: Uint8Array, start: number): number {
  let at = start;
  for (let symbol = bits.symbol(literals); symbol !== END; symbol = bits.symbol(literals)) {
    if (symbol < END) {
      out[at++] = symbol;
      continue;
    }
    const length = symbol === 285 ? 258 : 3 + bits.ranged(symbol - 257, 4);
    const distance = 1 + bits.ranged(bits.symbol(distances), 2);
    // Byte by byte: it may repeat what it has just written.
    for (const end = at + length; at < end; at++) out[at] = out[at - distance] as number;
  }
  return at;
}

/** What is read, from the lowest bit of each byte on. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `count` bits, at most 16, as a number. */
  take(count: number): number {
    while (this.#count < count) {
      this.#held |= (this.#bytes[this.#at++] as number) << this.#count;
      this.#count += 8;
    }
    const value = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#count -= count;
    return value;
  }

  /** The next symbol: codes of one length are successive numbers, and follow those of the length before, doubled (3.2.2). */
  symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; ; length++) {
      code |= this.take(1);
      const count = counts[length] as number;
      if (code < first + count) return symbols[index + code - first] as number;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
  }

  /** A number of range `code`: after the first 2·each of width 1, each width is for `each` ranges and then doubles (3.2.5). */
  ranged(code: number, each: number): number {
    if (code < each) return code;
    const extra = Math.floor(code / each) - 1;
    return ((each + (code % each)) << extra) + this.take(extra);
  }

  /** The bytes of a stored block. */
  stored(): Uint8Array {
    this.#held = 0;
    this.#count = 0;
    const length = this.take(16);
    const start = this.#at + 2;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }
}

/** The code in which each symbol has the length given, 0 for none. */
function codeOf(lengths: readonly number[]): Code {
  const counts = new Uint16Array(MOST_BITS + 1);
  const used = [...lengths.keys()].filter((symbol) => lengths[symbol] !== 0);
  for (const symbol of used) counts[lengths[symbol] as number] = (counts[lengths[symbol] as number] as number) + 1;
  const symbols = used.sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  return { counts, symbols: Uint16Array.from(symbols) };
}

function fixedCodes(): [Code, Code] {
  const lengthOf = (symbol: number): number => (symbol < 144 ? 8 : symbol < END ? 9 : symbol < 280 ? 7 : 8);
  return [codeOf(Array.from({ length: 288 }, (_, symbol) => lengthOf(symbol))), codeOf(new Array(30).fill(5))];
}

/** The codes that a block begins with (3.2.7). */
function codesOf(bits: Bits): [Code, Code] {
  const [literals, distances, given] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
  const own = new Array<number>(ORDER.length).fill(0);
  for (const symbol of ORDER.slice(0, given)) own[symbol] = bits.take(3);
  const code = codeOf(own);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(code);
    if (symbol < 16) lengths.push(symbol);
    else {
      const count = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
      const value = symbol === 16 ? (lengths.at(-1) as number) : 0;
      for (let i = 0; i < count; i++) lengths.push(value);
    }
  }
  return [codeOf(lengths.slice(0, literals)), codeOf(lengths.slice(literals))];
}
