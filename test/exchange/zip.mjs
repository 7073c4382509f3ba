// Writes zip archives of stored (or deflated) files, for tests: just what readers need.

import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../dist/io/crc32.js';

/** The archive; `size` is what the directory says that each file is long, where that is not to be true. */
export function zipOf(files, options = {}) {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const [name, contents] of Object.entries(files)) {
    const data = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    const packed = options.deflate ? deflateRawSync(data) : data;
    const title = new TextEncoder().encode(name);
    const fields = new DataView(new ArrayBuffer(26));
    fields.setUint16(0, 20, true);
    fields.setUint16(4, options.deflate ? 8 : 0, true);
    fields.setUint32(10, crc32(data), true);
    fields.setUint32(14, packed.length, true);
    fields.setUint32(18, options.size ?? data.length, true);
    fields.setUint16(22, title.length, true);
    const common = new Uint8Array(fields.buffer);
    const local = Buffer.concat([Uint8Array.of(0x50, 0x4b, 3, 4), common, title, packed]);
    const rest = new DataView(new ArrayBuffer(14));
    rest.setUint32(10, at, true);
    directory.push(Buffer.concat([Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), common, new Uint8Array(rest.buffer), title]));
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, directory.length, true);
  end.setUint16(10, directory.length, true);
  end.setUint32(12, list.length, true);
  end.setUint32(16, at, true);
  return Buffer.concat([...parts, list, new Uint8Array(end.buffer)]);
}
