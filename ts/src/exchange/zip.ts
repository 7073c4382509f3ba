// Reads files out of a zip archive: stored and deflated ones, by the directory at its end. Refuses encryption, archives
// beyond 4 GB and in parts, names twice, sizes that contradict each other, and contents that are larger, all together,
// than the archive and 32 MB. Nothing is ever written anywhere, so that no name can lead out of a folder.

import { type DescendError, fail, quote } from '../errors.js';
import { crc32 } from '../io/crc32.js';
import { inflate } from '../io/gzip.js';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const ENTRY_SIZE = 46;
const LOCAL_SIZE = 30;
const LONGEST_COMMENT = 0xffff;
const MOST_ENTRIES = 10_000;
const MARGIN = 2 ** 25;

/** What the directory says of one file. */
interface Entry {
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/** Whether `bytes` begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** An archive, whose files are unpacked when they are asked for. */
export class Zip {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #name: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  /** Reads the directory. Throws FILE_FORMAT; `name` is how messages call the archive. */
  constructor(bytes: Uint8Array<ArrayBuffer>, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.#entries = this.#directory();
    const total = [...this.#entries.values()].reduce((sum, { size }) => sum + size, 0);
    const most = bytes.length + MARGIN;
    if (total > most) throw this.#error(`at most ${most} bytes of contents`, `${total}`);
  }

  /** Whether there is a file of that name. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The contents of a file. Throws FILE_FORMAT. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw this.#error(`a file ${name}`, 'none');
    const { method, packed, size, checksum } = entry;
    const start = this.#dataAt(entry);
    const data = this.#bytes.subarray(start, start + packed);
    const contents = method === 0 ? data : await inflate(data, () => size, `${name} of ${this.#name}`, 'deflate-raw');
    if (contents.length !== size) throw this.#error(`${size} bytes in ${name}`, String(contents.length));
    if (crc32(contents) !== checksum) throw this.#error(`the checksum of ${name}`, 'another', 'damaged?');
    return contents;
  }

  #directory(): Map<string, Entry> {
    const end = this.#end();
    const [count, size, start] = [this.#u16(end + 10), this.#u32(end + 12), this.#u32(end + 16)];
    if (this.#u16(end + 8) !== count || this.#u16(end + 4) !== 0) throw this.#error('one archive', 'a part of one');
    if (count > MOST_ENTRIES || start + size > end) throw this.#error('a directory before its end', 'another place');
    const entries = new Map<string, Entry>();
    let at = start;
    for (let i = 0; i < count; i++) {
      if (at + ENTRY_SIZE > end || this.#u32(at) !== ENTRY) throw this.#error(`${count} files`, `${i}`);
      const lengths = [28, 30, 32].map((offset) => this.#u16(at + offset)) as [number, number, number];
      const name = new TextDecoder().decode(this.#bytes.subarray(at + ENTRY_SIZE, at + ENTRY_SIZE + lengths[0]));
      if (entries.has(name)) throw this.#error('each name once', `${quote(name)} twice`);
      entries.set(name, this.#entry(at, name));
      at += ENTRY_SIZE + lengths[0] + lengths[1] + lengths[2];
    }
    return entries;
  }

  #entry(at: number, name: string): Entry {
    const [flags, method] = [this.#u16(at + 8), this.#u16(at + 10)];
    if (flags & 1) throw this.#error(`${quote(name)} as it is`, 'encrypted contents');
    if (method !== 0 && method !== 8) throw this.#error(`${quote(name)} stored or deflated`, `method ${method}`);
    const [checksum, packed, size, from] = [16, 20, 24, 42].map((offset) => this.#u32(at + offset)) as [
      ...[number, number],
      ...[number, number],
    ];
    if (method === 0 && packed !== size) throw this.#error(`${packed} bytes in ${quote(name)}`, String(size));
    return { method, checksum, packed, size, at: from };
  }

  // Where the contents of an entry begin: behind a header of their own.
  #dataAt({ at, packed }: Entry): number {
    if (at + LOCAL_SIZE > this.#bytes.length || this.#u32(at) !== LOCAL) throw this.#error('a file', 'other bytes');
    const start = at + LOCAL_SIZE + this.#u16(at + 26) + this.#u16(at + 28);
    if (start + packed <= this.#bytes.length) return start;
    throw this.#error(`${packed} bytes at ${start}`, `an archive of ${this.#bytes.length}`, 'truncated?');
  }

  // The last record of an archive, behind which there may be a comment.
  #end(): number {
    const least = Math.max(0, this.#bytes.length - END_SIZE - LONGEST_COMMENT);
    for (let at = this.#bytes.length - END_SIZE; at >= least; at--) {
      if (this.#u32(at) === END && at + END_SIZE + this.#u16(at + 20) === this.#bytes.length) return at;
    }
    throw this.#error('a zip archive with a directory at its end', 'none', 'truncated?');
  }

  #error(expected: string, got: string, hint?: string): DescendError {
    return fail('FILE_FORMAT', `reading ${this.#name}`, expected, got, hint);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }
}
