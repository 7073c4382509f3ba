// Object headers of an HDF5 file: the messages that say what an object is. Versions 1 and 2; messages that stand in
// another object (committed types) are refused.

import type { Bytes } from './bytes.js';

/** Numbers of the messages that are read. */
export const MESSAGE = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  externalFiles: 7,
  link: 6,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

/** One message: where its contents are. */
export interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}

/** A piece of a header. */
interface Block {
  readonly at: number;
  readonly end: number;
}

const MOST_MESSAGES = 2 ** 16;

/** The messages of the object at an address. Throws FILE_FORMAT. */
export function messagesAt(bytes: Bytes, address: number): Message[] {
  return bytes.u8(address) === 1 ? firstVersion(bytes, address) : secondVersion(bytes, address);
}

function firstVersion(bytes: Bytes, address: number): Message[] {
  const start = address + 16;
  return collect(bytes, { at: start, end: start + bytes.u32(address + 8) }, (at) => {
    const [type, size] = [bytes.u16(at), bytes.u16(at + 2)];
    return { type, size, shared: (bytes.u8(at + 4) & 2) !== 0, at: at + 8 };
  });
}

function secondVersion(bytes: Bytes, address: number): Message[] {
  bytes.expect(address, 'OHDR', 'an object header');
  const flags = bytes.u8(address + 5);
  const sizeAt = address + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const width = 1 << (flags & 3);
  const start = sizeAt + width;
  const more = flags & 4 ? 2 : 0;
  return collect(bytes, { at: start, end: start + bytes.number(sizeAt, width) }, (at) => {
    const [type, size] = [bytes.u8(at), bytes.u16(at + 1)];
    return { type, size, shared: (bytes.u8(at + 3) & 2) !== 0, at: at + 4 + more };
  });
}

// Follows continuations, each once.
function collect(
  bytes: Bytes,
  first: Block,
  read: (at: number) => { type: number; size: number; shared: boolean; at: number },
): Message[] {
  const messages: Message[] = [];
  let count = 0;
  const [blocks, seen] = [[first], new Set<number>()];
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    if (seen.has(block.at)) throw bytes.error('pieces of a header once each', 'one that follows itself');
    seen.add(block.at);
    // A header may end in a gap that is too small for a message.
    for (let at = block.at; at + 8 <= block.end; ) {
      if (++count > MOST_MESSAGES) throw bytes.error(`at most ${MOST_MESSAGES} messages`, 'more');
      const message = read(at);
      if (message.shared) throw bytes.error('objects that say themselves what they are', 'a shared message');
      if (message.at + message.size > block.end) break;
      if (message.type === MESSAGE.continuation) blocks.push(blockAt(bytes, message.at));
      else messages.push(message);
      at = message.at + message.size;
    }
  }
  bytes.take(8 * count, 'messages');
  return messages;
}

function blockAt(bytes: Bytes, at: number): Block {
  const [address, length] = [bytes.u64(at), bytes.u64(at + 8)];
  bytes.part(address, length);
  // Those of version 2 are signed, and end in a checksum.
  const signed = length > 8 && bytes.has(address, 'OCHK');
  return signed ? { at: address + 4, end: address + length - 4 } : { at: address, end: address + length };
}
