// Arrays of an HDF5 file: in one piece, in the header, or in chunks that may be compressed (gzip, shuffle, checksums).
// Refuses other filters, parts in other files, virtual arrays, and the chunk indices of "latest" files (layout 4).

import { inflate } from '../../io/gzip.js';
import type { Bytes } from './bytes.js';
import { countOf, type Datatype, dataspaceAt, datatypeAt, numbersOf } from './datatype.js';
import { MESSAGE, type Message } from './messages.js';

const GZIP = 1;
const SHUFFLE = 2;
const FLETCHER = 3;
const RESAVE = 'save it again with h5py and its default settings';

/** An array of a file. */
export class Dataset {
  readonly shape: readonly number[];
  readonly #bytes: Bytes;
  readonly #type: Datatype;
  readonly #layout: Message;
  readonly #filters: readonly number[];

  /** Throws FILE_FORMAT. */
  constructor(bytes: Bytes, messages: readonly Message[]) {
    const find = (type: number): Message | undefined => messages.find((message) => message.type === type);
    const [space, type, layout] = [find(MESSAGE.dataspace), find(MESSAGE.datatype), find(MESSAGE.layout)];
    if (!space || !type || !layout) throw bytes.error('an array with its shape, type and layout', 'a part of that');
    if (find(MESSAGE.externalFiles)) throw bytes.error('arrays in this file', 'one in other files', RESAVE);
    this.#bytes = bytes;
    this.#type = datatypeAt(bytes, type.at);
    this.#layout = layout;
    this.shape = dataspaceAt(bytes, space.at);
    const filters = find(MESSAGE.filters);
    this.#filters = filters ? filtersAt(bytes, filters.at) : [];
  }

  /** Its numbers, in C order. Throws FILE_FORMAT. */
  async read(): Promise<Float32Array | Float64Array> {
    const count = countOf(this.#bytes, this.shape);
    const size = count * this.#type.size;
    this.#bytes.take(Math.max(size, 4 * count), 'an array');
    return numbersOf(this.#bytes, this.#type, await this.#data(size), count);
  }

  async #data(size: number): Promise<Uint8Array> {
    const [bytes, { at }] = [this.#bytes, this.#layout];
    const [version, kind] = [bytes.u8(at), bytes.u8(at + 1)];
    if (version !== 3 && version !== 4) throw bytes.error('a layout of version 3', String(version), RESAVE);
    if (kind === 0) return this.#whole(at + 4, bytes.u16(at + 2), size);
    if (kind === 1) {
      const address = bytes.address(at + 2);
      // Never written: zeros.
      return address === undefined ? new Uint8Array(size) : this.#whole(address, bytes.u64(at + 10), size);
    }
    if (kind === 2 && version === 3) return await this.#chunks(size);
    throw bytes.error('an array in one piece or in chunks', `layout ${kind} of version ${version}`, RESAVE);
  }

  #whole(at: number, length: number, size: number): Uint8Array {
    if (length >= size) return this.#bytes.part(at, size);
    throw this.#bytes.error(`${size} bytes of an array`, String(length));
  }

  async #chunks(size: number): Promise<Uint8Array> {
    const [bytes, { at }, { shape }] = [this.#bytes, this.#layout, this];
    const rank = bytes.u8(at + 2) - 1;
    if (rank !== shape.length || rank < 1) throw bytes.error(`chunks of ${shape.length} axes`, String(rank));
    const sizes = shape.map((_, i) => bytes.u32(at + 11 + 4 * i));
    if (sizes.includes(0)) throw bytes.error('chunks of some size', 'none');
    const chunkSize = countOf(bytes, sizes) * this.#type.size;
    bytes.allow(chunkSize, 'a chunk');
    const result = new Uint8Array(size);
    const root = bytes.address(at + 3);
    if (root === undefined) return result;
    const places = new Set<string>();
    for (const chunk of chunksIn(bytes, root, rank)) {
      const place = chunk.offsets.join();
      const fits = chunk.offsets.every(
        (offset, i) => offset < (shape[i] as number) && offset % (sizes[i] as number) === 0,
      );
      if (!fits || places.has(place)) throw bytes.error('chunks in the array, each once', `one at [${place}]`);
      places.add(place);
      const data = await this.#unpacked(bytes.part(chunk.at, chunk.size), chunkSize, chunk.mask);
      copyChunk(data, result, shape, sizes, chunk.offsets, this.#type.size);
    }
    return result;
  }

  async #unpacked(packed: Uint8Array<ArrayBuffer>, size: number, mask: number): Promise<Uint8Array> {
    let data = packed;
    for (let i = this.#filters.length - 1; i >= 0; i--) {
      if (mask & (1 << i)) continue;
      const id = this.#filters[i] as number;
      if (id === GZIP) {
        data = await inflate(data, () => size + 4, 'a chunk', 'deflate');
      } else if (id === SHUFFLE) data = unshuffled(data, this.#type.size);
      else if (id === FLETCHER) data = data.subarray(0, Math.max(0, data.length - 4));
      else throw this.#bytes.error('the filters gzip, shuffle and fletcher32', `filter ${id}`, RESAVE);
    }
    if (data.length === size) return data;
    throw this.#bytes.error(`a chunk of ${size} bytes`, String(data.length));
  }
}

function filtersAt(bytes: Bytes, at: number): number[] {
  const [version, count] = [bytes.u8(at), bytes.u8(at + 1)];
  const filters: number[] = [];
  let from = at + (version === 1 ? 8 : 2);
  for (let i = 0; i < count; i++) {
    const id = bytes.u16(from);
    // The filters of the library itself have no name in version 2.
    const named = version === 1 || id >= 256;
    const nameLength = named ? bytes.u16(from + 2) : 0;
    const rest = from + (named ? 4 : 2);
    const values = bytes.u16(rest + 2);
    filters.push(id);
    const name = version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength;
    from = rest + 4 + name + 4 * values + (version === 1 && values % 2 === 1 ? 4 : 0);
  }
  return filters;
}

/** A chunk: where it is in the array and in the file. */
interface Chunk {
  readonly offsets: readonly number[];
  readonly at: number;
  readonly size: number;
  readonly mask: number;
}

// Those of a B-tree, each node once, levels falling.
function* chunksIn(bytes: Bytes, root: number, rank: number): Generator<Chunk> {
  const keySize = 8 + 8 * (rank + 1);
  const seen = new Set<number>();
  const stack = [{ address: root, below: 256 }];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { address, below } = node;
    bytes.expect(address, 'TREE', 'an index of chunks');
    const [kind, level, count] = [bytes.u8(address + 4), bytes.u8(address + 5), bytes.u16(address + 6)];
    if (kind !== 1 || level >= below || seen.has(address)) throw bytes.error('an index of chunks', 'a loop');
    seen.add(address);
    bytes.take((keySize + 8) * count, 'an index of chunks');
    for (let i = 0; i < count; i++) {
      const key = address + 24 + i * (keySize + 8);
      const child = bytes.u64(key + keySize);
      if (level > 0) stack.push({ address: child, below: level });
      else {
        const offsets = Array.from({ length: rank }, (_, axis) => bytes.u64(key + 8 + 8 * axis));
        yield { offsets, at: child, size: bytes.u32(key), mask: bytes.u32(key + 4) };
      }
    }
  }
}

// The first bytes of all elements, then the second bytes …
function unshuffled(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const count = Math.floor(data.length / size);
  const result = new Uint8Array(data.length);
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < size; byte++) result[i * size + byte] = data[byte * count + i] as number;
  }
  result.set(data.subarray(count * size), count * size);
  return result;
}

// Row by row of the last axis; what lies beyond the array is left.
function copyChunk(
  chunk: Uint8Array,
  array: Uint8Array,
  shape: readonly number[],
  sizes: readonly number[],
  offsets: readonly number[],
  width: number,
): void {
  const last = shape.length - 1;
  const row = Math.min(sizes[last] as number, (shape[last] as number) - (offsets[last] as number)) * width;
  const rows = sizes.slice(0, -1).reduce((product, size) => product * size, 1);
  for (let i = 0; i < rows; i++) {
    let [rest, to, stride, inside] = [i, offsets[last] as number, shape[last] as number, true];
    for (let axis = last - 1; axis >= 0; axis--) {
      const place = (offsets[axis] as number) + (rest % (sizes[axis] as number));
      rest = Math.floor(rest / (sizes[axis] as number));
      inside &&= place < (shape[axis] as number);
      to += place * stride;
      stride *= shape[axis] as number;
    }
    const from = i * (sizes[last] as number) * width;
    if (inside) array.set(chunk.subarray(from, from + row), to * width);
  }
}
