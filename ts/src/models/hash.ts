// The fingerprint of a set of weights.

import { DescendError } from '../errors.js';

/**
 * SHA-256 in hex of float32 arrays one after the other, as little-endian bytes. NaNs count as the canonical one, for
 * their sign and payload differ between machines.
 */
export async function hashOf(arrays: readonly Float32Array[]): Promise<string> {
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  const view = new DataView(bytes.buffer);
  let position = 0;
  for (const array of arrays) {
    for (const value of array) {
      // Writing NaN through a Float32Array or a DataView may keep its payload, so its bits are written.
      if (Number.isNaN(value)) view.setUint32(position, 0x7fc00000, true);
      else view.setFloat32(position, value, true);
      position += 4;
    }
  }
  const { subtle } = globalThis.crypto ?? {};
  if (subtle === undefined) {
    const message = 'hash: expected crypto.subtle, got a page without it (serve the page from https or localhost)';
    throw new DescendError('ENGINE_UNAVAILABLE', message);
  }
  const digest = await subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
