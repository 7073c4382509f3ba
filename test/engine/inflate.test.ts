// What zlib packs, by every kind of block, is what comes out; and `descend/inline` holds both parts of the module beside it.

import { readFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inflate } from '../../ts/src/engine/inflate.js';

const { Z_FIXED, Z_HUFFMAN_ONLY } = constants;
const NOTHING = new Uint8Array();
const NOISE = Uint8Array.from({ length: 70_000 }, (_, i) => ((i * 2_654_435_761) >>> 13) ^ (i >> 3));
const SAME = new Uint8Array(70_000).fill(7);
const TEXT = new TextEncoder().encode(
  'Whoever writes it once may read it twice; whoever reads it twice, etc. '.repeat(600),
);

const cases = { NOTHING, NOISE, SAME, TEXT, one: NOISE.subarray(0, 1) };
const settings = {
  best: { level: 9 },
  stored: { level: 0 },
  fixed: { strategy: Z_FIXED },
  plain: { strategy: Z_HUFFMAN_ONLY },
};

for (const [name, bytes] of Object.entries(cases)) {
  for (const [kind, options] of Object.entries(settings)) {
    test(`${name}, ${kind}`, () => {
      const out = inflate(deflateRawSync(bytes, options), bytes.length);
      expect(Buffer.compare(out, bytes)).toBe(0);
    });
  }
}

test.each([
  ['WASM', 'descend.wasm'],
  ['MORE', 'descend.more.wasm'],
])('descend/inline holds %s, which is %s', async (name, file) => {
  const inline = (await import(String(new URL('../../dist/wasm/inline.js', import.meta.url)))) as Record<
    string,
    { size: number; packed: string }
  >;
  const { size, packed } = inline[name]!;
  const module = readFileSync(new URL(`../../dist/wasm/${file}`, import.meta.url));
  expect(Buffer.compare(inflate(Buffer.from(packed, 'base64'), size), module)).toBe(0);
});
