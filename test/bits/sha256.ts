// The SHA-256 of numbers, in Node and in a page.

/** In hex, of arrays one after the other, with one NaN. */
export async function sha256(arrays: readonly (Float32Array | Uint8Array)[]): Promise<string> {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const array of arrays) {
    const own = array.slice();
    const words = new Uint32Array(own.buffer, 0, own.byteLength >> 2);
    if (own instanceof Float32Array) for (const [i, x] of own.entries()) if (Number.isNaN(x)) words[i] = 0x7fc00000;
    bytes.set(new Uint8Array(own.buffer), at);
    at += own.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
