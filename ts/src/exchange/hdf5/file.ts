// Reads HDF5 files as h5py and Keras write them: groups, arrays, attributes. Strict and small instead of a package, for
// what those packages do with a malformed file cannot be bounded here. Links to other files and to other paths are
// refused when they are followed, and so are the indices of groups with thousands of names in "latest" files.
// https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html

import { type Attribute, attributeNumbers, attributeOf, textsOf } from './attribute.js';
import { Bytes } from './bytes.js';
import { Dataset } from './dataset.js';
import { MESSAGE, type Message, messagesAt } from './messages.js';

const SIGNATURE = '\u0089HDF\r\n\u001a\n';
const MOST_NAMES = 2 ** 17;
const LONGEST_NAME = 4096;

/** Whether `bytes` begin as an HDF5 file does. */
export function isHdf5(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && [...SIGNATURE].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/** The outermost group of a file. Throws FILE_FORMAT; `name` is how messages call the file. */
export function readHdf5(file: Uint8Array<ArrayBuffer>, name: string): Group {
  const bytes = new Bytes(file, name);
  if (!isHdf5(file)) throw bytes.error('an HDF5 file', 'other bytes');
  const version = bytes.u8(8);
  const old = version < 2;
  if (version > 3) throw bytes.error('an HDF5 superblock of version 0 to 3', String(version));
  const sizes = old ? 13 : 9;
  if (bytes.u8(sizes) !== 8 || bytes.u8(sizes + 1) !== 8) throw bytes.error('addresses of 8 bytes', 'others');
  const base = version === 0 ? 24 : version === 1 ? 28 : 12;
  if (bytes.u64(base) !== 0) throw bytes.error('addresses from the first byte on', `a block of ${bytes.u64(base)}`);
  const end = bytes.u64(base + 16);
  if (end > bytes.length) throw bytes.error(`${end} bytes`, `a file of ${bytes.length}`, 'truncated?');
  return new Group(bytes, bytes.u64(old ? base + 40 : base + 24), '');
}

/** What a name stands for: an object's address, or why there is none. */
type Target = number | string;

/** A group: objects by their names. */
export class Group {
  /** Where it is in the file: names with `/` between them. */
  readonly path: string;
  readonly #bytes: Bytes;
  readonly #address: number;
  readonly #messages: readonly Message[];
  #targets: ReadonlyMap<string, Target> | undefined;

  /** Throws FILE_FORMAT. */
  constructor(bytes: Bytes, address: number, path: string) {
    this.#bytes = bytes;
    this.#address = address;
    this.path = path;
    this.#messages = messagesAt(bytes, address);
  }

  /** The names in it, in the order of the file. */
  get names(): string[] {
    return [...this.#all.keys()];
  }

  /** Whether there is an object of that name. */
  has(name: string): boolean {
    return this.#all.has(name);
  }

  /** The group of that name or path in it, if any. Throws FILE_FORMAT for an array. */
  group(path: string): Group | undefined {
    const found = this.#object(path);
    if (found === undefined) return undefined;
    const [address] = found;
    const group = new Group(this.#bytes, address, this.#pathOf(path));
    if (group.#messages.some(({ type }) => type === MESSAGE.layout)) {
      throw this.#bytes.error(`a group ${group.path}`, 'an array');
    }
    return group;
  }

  /** The array of that name or path, if any. Throws FILE_FORMAT for a group. */
  dataset(path: string): Dataset | undefined {
    const found = this.#object(path);
    return found && new Dataset(this.#bytes, messagesAt(this.#bytes, found[0]));
  }

  /** The texts of an attribute, or undefined where there is none of that name. Throws FILE_FORMAT. */
  texts(name: string): string[] | undefined {
    const attribute = this.#attribute(name);
    return attribute && textsOrNone(this.#bytes, attribute);
  }

  #attribute(name: string): Attribute | undefined {
    for (const message of this.#messages) {
      if (message.type !== MESSAGE.attribute) continue;
      const attribute = attributeOf(this.#bytes, message);
      if (attribute.name === name) return attribute;
    }
    return undefined;
  }

  #pathOf(path: string): string {
    return this.path === '' ? path : `${this.path}/${path}`;
  }

  // The object at a path, group by group.
  #object(path: string): [address: number] | undefined {
    const cut = path.indexOf('/');
    const target = this.#all.get(cut < 0 ? path : path.slice(0, cut));
    if (target === undefined) return undefined;
    if (typeof target === 'string') {
      throw this.#bytes.error(`an object ${this.#pathOf(path)}`, target, 'links are not followed');
    }
    if (cut < 0) return [target];
    return new Group(this.#bytes, target, this.#pathOf(path.slice(0, cut))).#object(path.slice(cut + 1));
  }

  get #all(): ReadonlyMap<string, Target> {
    this.#targets ??= this.#read();
    return this.#targets;
  }

  #read(): Map<string, Target> {
    const targets = new Map<string, Target>();
    const bytes = this.#bytes;
    const add = (name: string, target: Target): void => {
      if (targets.has(name)) throw bytes.error(`each name of group /${this.path} once`, `${name.slice(0, 40)} twice`);
      if (targets.size >= MOST_NAMES) throw bytes.error(`at most ${MOST_NAMES} names in a group`, 'more');
      bytes.take(64 + name.length, 'a name');
      targets.set(name, target);
    };
    for (const { type, at } of this.#messages) {
      if (type === MESSAGE.symbolTable) tableAt(bytes, bytes.u64(at), bytes.u64(at + 8), add);
      if (type === MESSAGE.link) linkAt(bytes, at, add);
      if (type !== MESSAGE.linkInfo) continue;
      const heap = bytes.address(at + 2 + (bytes.u8(at + 1) & 1 ? 8 : 0));
      if (heap === undefined) continue;
      const hint = 'save it again with h5py and its default settings';
      throw bytes.error(`names in the header of the group at byte ${this.#address}`, 'a dense index', hint);
    }
    return targets;
  }
}

function textsOrNone(bytes: Bytes, attribute: Attribute): string[] {
  // h5py writes an empty list of texts as numbers.
  if (attribute.shape.includes(0)) return [];
  return attribute.type.kind === 'float' ? attributeNumbers(bytes, attribute).map(String) : textsOf(bytes, attribute);
}

// Names and addresses of a group of the first kind: a B-tree of tables, the names in a heap.
function tableAt(bytes: Bytes, root: number, heap: number, add: (name: string, target: Target) => void): void {
  bytes.expect(heap, 'HEAP', 'a heap of names');
  const [size, names] = [bytes.u64(heap + 8), bytes.u64(heap + 24)];
  bytes.part(names, size);
  const seen = new Set<number>();
  const stack = [{ address: root, below: 256 }];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { address, below } = node;
    if (seen.has(address)) throw bytes.error('an index of names', 'a loop');
    seen.add(address);
    if (below === 0) {
      bytes.expect(address, 'SNOD', 'a table of names');
      const count = bytes.u16(address + 6);
      for (let i = 0; i < count; i++) {
        const entry = address + 8 + 40 * i;
        const offset = bytes.u64(entry);
        if (offset >= size) throw bytes.error(`names in a heap of ${size} bytes`, `one at ${offset}`);
        const soft = bytes.u32(entry + 16) === 2;
        add(bytes.text(names + offset, Math.min(size - offset, LONGEST_NAME)), soft ? 'a link' : bytes.u64(entry + 8));
      }
      continue;
    }
    bytes.expect(address, 'TREE', 'an index of names');
    const [kind, level, count] = [bytes.u8(address + 4), bytes.u8(address + 5), bytes.u16(address + 6)];
    if (kind !== 0 || level >= below) throw bytes.error('an index of names', 'a loop');
    bytes.take(16 * count, 'an index of names');
    // From the last to the first, for they come off the stack the other way round.
    for (let i = count - 1; i >= 0; i--) stack.push({ address: bytes.u64(address + 32 + 16 * i), below: level });
  }
}

// One name of a group of the second kind.
function linkAt(bytes: Bytes, at: number, add: (name: string, target: Target) => void): void {
  const flags = bytes.u8(at + 1);
  let from = at + 2;
  const kind = flags & 8 ? bytes.u8(from++) : 0;
  if (flags & 4) from += 8;
  if (flags & 16) from += 1;
  const width = 1 << (flags & 3);
  const length = bytes.number(from, width);
  const name = new TextDecoder().decode(bytes.part(from + width, Math.min(length, LONGEST_NAME)));
  add(name, kind === 0 ? bytes.u64(from + width + length) : 'a link');
}
