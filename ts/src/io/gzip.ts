// Inflates gzip (and zlib's and zip's forms) with the platform's DecompressionStream, never further than the contents
// themselves announce.
// Refuses damaged streams and streams that go on past the announced size, however small they are when packed.

import { fail } from '../errors.js';

// Memory follows the data that really arrived, from here on by doubling, so that a header cannot reserve it alone.
const FIRST_BLOCK = 1 << 16;

/** Whether `bytes` begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Inflates `bytes`. `announced` looks at the contents so far and says how long they are in all, or undefined while it
 * cannot know; what it throws ends the work. Throws FILE_FORMAT; `name` is how messages call the file.
 */
export async function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  announced: (contents: Uint8Array) => number | undefined,
  name: string,
  format: CompressionFormat = 'gzip',
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  let contents = new Uint8Array(FIRST_BLOCK);
  let length = 0;
  let limit: number | undefined;
  try {
    for (let chunk = await next(reader, name, format); chunk; chunk = await next(reader, name, format)) {
      contents = withRoom(contents, length, length + chunk.length, limit);
      contents.set(chunk, length);
      length += chunk.length;
      limit ??= announced(contents.subarray(0, length));
      if (limit !== undefined && length > limit) {
        throw fail('FILE_FORMAT', `inflating ${name}`, `${limit} bytes, as its header says`, 'more');
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return contents.subarray(0, length);
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  name: string,
  format: string,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch (cause) {
    throw fail(
      'FILE_FORMAT',
      `inflating ${name}`,
      `whole ${format} data`,
      'damaged or truncated data',
      undefined,
      cause,
    );
  }
}

function withRoom(
  contents: Uint8Array<ArrayBuffer>,
  used: number,
  wanted: number,
  limit: number | undefined,
): Uint8Array<ArrayBuffer> {
  if (wanted <= contents.length) return contents;
  const doubled = Math.min(2 * contents.length, limit ?? Number.POSITIVE_INFINITY);
  const larger = new Uint8Array(Math.max(doubled, wanted));
  larger.set(contents.subarray(0, used));
  return larger;
}
