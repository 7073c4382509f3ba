// Checksums of files: the published one, that of zlib, and that no single damaged byte of a saved model goes unnoticed.

import { crc32 as zlibCrc32 } from 'node:zlib';
import { loadModel } from 'descend';
import { describe, expect, test } from 'vitest';
import { crc32, crc32Portable } from '../../ts/src/io/crc32.js';
import { readSafetensors } from '../../ts/src/io/safetensors.js';
import { readSealed, writeSealed } from '../../ts/src/io/sealed.js';
import { refusal, smallModel, x, y } from '../models/small.js';
import { bytes } from '../noise.js';

describe.each([
  ['crc32', crc32],
  ['crc32Portable', crc32Portable],
])('%s', (_, sum) => {
  test('of the digits 1 to 9 is the published check value', () => {
    expect(sum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(sum(new Uint8Array())).toBe(0);
  });

  test('is that of zlib, whole and in parts', () => {
    for (const n of [1, 15, 16, 17, 31, 33, 63, 1000]) {
      const data = bytes(n, n);
      expect(sum(data)).toBe(zlibCrc32(data));
      for (const cut of [0, 1, n >> 1, n])
        expect(sum(data.subarray(cut), sum(data.subarray(0, cut)))).toBe(zlibCrc32(data));
    }
  });
});

describe('a sealed file', () => {
  const tensors = new Map([['w', { dtype: 'F32', shape: [3], data: new Float32Array([1, 2, 3]) } as const]]);

  test('is an ordinary one, and the same for the same contents', () => {
    const file = writeSealed(tensors, new Map([['a', '"checksum":"12345678"']]));
    expect(writeSealed(tensors, new Map([['a', '"checksum":"12345678"']]))).toEqual(file);
    const { metadata } = readSafetensors(file);
    expect(metadata.get('checksum')).toMatch(/^[0-9a-f]{8}$/);
    expect(readSealed(file, 'file').tensors.get('w')?.data).toEqual(new Float32Array([1, 2, 3]));
  });

  test('may be sealed again with other metadata', () => {
    const { tensors: same, metadata } = readSealed(writeSealed(tensors, new Map()), 'file');
    const again = writeSealed(same, metadata.set('note', 'x'));
    expect(readSealed(again, 'file').metadata.get('note')).toBe('x');
  });

  test('without the checksum is taken as it is', () => {
    const file = writeSealed(tensors, new Map());
    const text = new TextDecoder('latin1').decode(file).replace('"checksum"', '"chacksum"');
    const plain = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    expect(readSealed(plain, 'file').tensors.size).toBe(1);
  });
});

test('of a saved model every damaged byte is noticed, but for those of the word checksum itself', async () => {
  const model = smallModel();
  await model.fit(x, y, { verbose: 0 });
  const file = await model.toBytes();
  const word = new TextDecoder('latin1').decode(file).indexOf('checksum');
  let passed = 0;
  for (let i = 0; i < file.length; i++) {
    const damaged = file.slice();
    damaged[i] = (damaged[i] as number) ^ (1 << (i % 8));
    const text = await refusal(() => loadModel(damaged));
    if (text === 'nothing refused') {
      expect(i >= word && i < word + 8, `byte ${i}`).toBe(true);
      passed++;
    } else expect(text, `byte ${i}`).toMatch(/^FILE_FORMAT /);
  }
  expect(passed).toBeLessThanOrEqual(8);
});
