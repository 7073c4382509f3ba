// Reads what a user names a piece at a time, any number of times, so that a file may be larger than memory.
// Refuses a Response, whose body can be read only once.

import { describeValue, fail } from '../errors.js';
import { hasFiles, readError, type Source, sourceName } from './file.js';

const CHUNK = 2 ** 18;

/** The bytes of `source`, anew for each iteration; ending one early closes the file. Throws FILE_IO, INVALID_VALUE. */
export function chunksOf(source: Source): AsyncIterable<Uint8Array> {
  if (typeof source === 'object' && source !== null && 'body' in source && 'ok' in source) {
    const hint = 'its body can be read only once: give `await response.blob()`';
    throw fail('INVALID_VALUE', 'source', 'a path, URL, bytes or Blob', describeValue(source), hint);
  }
  return { [Symbol.asyncIterator]: () => read(source) };
}

async function* read(source: Source): AsyncGenerator<Uint8Array> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    if (source instanceof Blob) return yield* bodyOf(source.stream(), sourceName(source));
    return yield* slices(ArrayBuffer.isView(source) ? source : new Uint8Array(source as ArrayBuffer));
  }
  const name = sourceName(source);
  try {
    const scheme = /^(file|https?|data|blob):/i.exec(String(source))?.[1]?.toLowerCase();
    if (hasFiles() && (scheme === undefined || scheme === 'file')) {
      const { createReadStream } = process.getBuiltinModule('node:fs');
      return yield* createReadStream(scheme ? new URL(source) : source, { highWaterMark: CHUNK });
    }
    const response = await fetch(source);
    if (!response.ok)
      throw fail('FILE_IO', `reading ${name}`, 'a successful response', `HTTP status ${response.status}`);
    if (response.body) yield* bodyOf(response.body, name);
  } catch (cause) {
    throw readError(name, cause);
  }
}

// Not every runtime can iterate a stream.
async function* bodyOf(body: ReadableStream<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
  } catch (cause) {
    throw readError(name, cause);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function* slices(view: ArrayBufferView): Generator<Uint8Array> {
  for (let at = 0; at < view.byteLength; at += CHUNK) {
    yield new Uint8Array(view.buffer, view.byteOffset + at, Math.min(CHUNK, view.byteLength - at));
  }
}
