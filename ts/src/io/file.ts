// Reads all bytes of whatever a user names: a path, an address, a Response, a Blob, or the bytes themselves. Writes files.
// node:fs is asked for only when a path is used, and not by `import`, so that bundlers for browsers and the edge leave it alone.

import { DescendError, describeValue, fail, quote } from '../errors.js';

/** What can be read. */
export type Source = string | URL | ArrayBufferLike | ArrayBufferView | Response | Blob;

/**
 * Reads all of `source`; bytes handed in are copied at once. A string is a path in Node, Deno and Bun, an address
 * relative to the page in a browser; http(s), data and blob addresses are fetched everywhere. Throws FILE_IO.
 */
export async function readSource(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof source === 'string' || source instanceof URL) return await readAddress(source);
  if (ArrayBuffer.isView(source) || isBuffer(source)) return copyOf(source);
  if (typeof source === 'object' && source !== null && typeof source.arrayBuffer === 'function') {
    return await readBody(source, sourceName(source));
  }
  throw fail('INVALID_VALUE', 'source', 'a path, URL, bytes, Response or Blob', describeValue(source));
}

/** Replaces the file at `path` by `bytes` in one moment, see `atomic.ts`. Throws FILE_IO, also where there are no files. */
export async function writeFile(path: string | URL, bytes: Uint8Array): Promise<void> {
  if (!hasFiles()) {
    const what = `writing ${quote(String(path))}`;
    throw fail('FILE_IO', what, 'a file system', 'a runtime without one', 'use toBytes() and store those');
  }
  // Pages never get here, and need not load it.
  await (await import('./atomic.js')).writeFileAtomic(path, bytes);
}

/** How messages call a source: the quoted path or address, else its kind. */
export function sourceName(source: unknown): string {
  if (typeof source === 'string') return quote(source);
  if (source instanceof URL) return quote(source.protocol === 'data:' ? 'data:' : source.href);
  return describeValue(source);
}

/** Whether this runtime has a file system behind node:fs. */
export function hasFiles(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node !== undefined;
}

function isBuffer(source: unknown): source is ArrayBufferLike {
  if (source instanceof ArrayBuffer) return true;
  return typeof SharedArrayBuffer !== 'undefined' && source instanceof SharedArrayBuffer;
}

function copyOf(source: ArrayBufferLike | ArrayBufferView): Uint8Array<ArrayBuffer> {
  try {
    if (!ArrayBuffer.isView(source)) return new Uint8Array(new Uint8Array(source));
    return new Uint8Array(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  } catch (cause) {
    throw fail('BUFFER_DETACHED', 'source', 'bytes whose memory is there', 'a detached array', undefined, cause);
  }
}

async function readAddress(source: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const address = String(source);
  const name = sourceName(source);
  const scheme = /^(file|https?|data|blob):/i.exec(address)?.[1]?.toLowerCase();
  try {
    if (hasFiles() && (scheme === undefined || scheme === 'file')) {
      const { readFile } = process.getBuiltinModule('node:fs/promises');
      const { buffer, byteOffset, byteLength } = await readFile(scheme === 'file' ? new URL(address) : address);
      return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    }
    return await readBody(await fetch(address), name);
  } catch (cause) {
    throw readError(name, cause);
  }
}

async function readBody(body: Response | Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  if ('ok' in body && !body.ok) {
    throw fail('FILE_IO', `reading ${name}`, 'a successful response', `HTTP status ${body.status}`);
  }
  try {
    return new Uint8Array(await body.arrayBuffer());
  } catch (cause) {
    throw readError(name, cause);
  }
}

/** The FILE_IO error for what a system threw, unless it is one of ours. */
export function readError(name: string, cause: unknown): DescendError {
  if (cause instanceof DescendError) return cause;
  return fail('FILE_IO', `reading ${name}`, 'a readable file or address', reasonOf(cause), undefined, cause);
}

/** The reason in a system error, without the path that the message names already. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return describeValue(cause);
  // fetch hides its reason one level down.
  const inner = cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
  return inner.split(', ')[0] || cause.name;
}
