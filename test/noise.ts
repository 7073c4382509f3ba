// Numbers that look random and are the same everywhere: integer arithmetic and exact divisions alone.

/** A stream of 32-bit words (SplitMix32: a Weyl sequence through a mixer of 32 bits). */
export function words(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  };
}

/** `n` floats, evenly spread between −1 and 1 in steps of 2⁻²³. */
export function noise(n: number, seed: number): Float32Array {
  const next = words(seed);
  return Float32Array.from({ length: n }, () => (next() >>> 8) / 2 ** 23 - 1);
}

/** `n` bytes, skewed to small ones as in images. */
export function bytes(n: number, seed: number): Uint8Array {
  const next = words(seed);
  return Uint8Array.from({ length: n }, () => ((next() >>> 24) * (next() >>> 24)) >>> 8);
}

/** Floats at the edges of the format, and what functions and sums stumble over. */
export const SPECIAL: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, -0.5, 2, 1 / 3, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[2 ** -149, -(2 ** -149), 2 ** -127, -(2 ** -127), 2 ** -126, -(2 ** -126), 2 ** -126 - 2 ** -149],
  ...[2 ** 127, -(2 ** 127), (2 - 2 ** -23) * 2 ** 127, 2 ** 24 + 2, 2 ** 31, -(2 ** 31), 2 ** 63, 255, 256, -0.999],
  ...[88.72283, 88.72284, -87.33654, -87.33655, -103.97208, -103.97209, 104, 9.01, -9.01, 17, -17, 1e-4, 1e-20, 1e20],
];

/** `n` floats: some special, some of any bits at all, the rest ordinary. */
export function hostile(n: number, seed: number): Float32Array {
  const next = words(seed);
  const bits = new Uint32Array(1);
  const asFloat = new Float32Array(bits.buffer);
  return Float32Array.from({ length: n }, () => {
    const kind = next() % 4;
    if (kind === 0) return SPECIAL[next() % SPECIAL.length]!;
    bits[0] = next();
    return kind === 1 ? asFloat[0]! : ((next() >>> 8) / 2 ** 23 - 1) * 4;
  });
}
