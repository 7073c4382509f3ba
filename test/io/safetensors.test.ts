// The safetensors reader against a corpus of good and bad files and against mutations; the writer against files that
// the reference implementation wrote.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { philox } from '../../ts/src/data/random.js';
import { DescendError } from '../../ts/src/errors.js';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../../ts/src/io/safetensors.js';

const corpus = new URL('../golden/safetensors/', import.meta.url);
const bytesOf = (file: string) => new Uint8Array(readFileSync(new URL(file, corpus)));

interface CorpusFile {
  file: string;
  valid: boolean;
  why: string;
  expect?: Record<string, { dtype: string; shape: number[]; data: (number | string)[] }>;
}

function corpusFiles(): CorpusFile[] {
  return JSON.parse(readFileSync(new URL('manifest.json', corpus), 'utf8')).cases;
}

/** A file of the given header text and number of data bytes. */
function fileOf(header: string, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + dataLength);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 8);
  return file;
}

function formatError(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
  } catch (error) {
    if (error instanceof DescendError && error.code === 'FILE_FORMAT') return error.message;
    throw error;
  }
  return 'no error';
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function bfloatToNumber(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] as number;
}

/** Elements as the manifest writes them. */
function elements({ dtype, data }: SafeTensor): (number | string)[] {
  const decode = dtype === 'F16' ? halfToNumber : dtype === 'BF16' ? bfloatToNumber : (x: number) => x;
  return Array.from(data as Iterable<number | bigint>, (value) => {
    if (typeof value === 'bigint') return String(value);
    const number = decode(value);
    return Number.isFinite(number) ? number : String(number);
  });
}

describe('corpus', () => {
  test.each(corpusFiles())('$file: $why', ({ file, valid, expect: expected }) => {
    const bytes = bytesOf(file);
    if (!valid) {
      expect(formatError(bytes)).toMatch(/^reading safetensors file: expected .*, got /s);
      return;
    }
    const { tensors } = readSafetensors(bytes);
    const wanted = Object.entries(expected ?? {});
    expect([...tensors.keys()].sort()).toEqual(wanted.map(([name]) => name).sort());
    for (const [name, { dtype, shape, data }] of wanted) {
      const tensor = tensors.get(name) as SafeTensor;
      expect([tensor.dtype, tensor.shape, elements(tensor)]).toEqual([dtype, shape, data]);
    }
  });

  test.each(['mlp', 'cnn', 'torch-cnn', 'torch-rnn'])('%s written again is the same file, byte for byte', (model) => {
    const bytes = bytesOf(`${model}.safetensors`);
    const { tensors, metadata } = readSafetensors(bytes);
    expect(writeSafetensors(tensors, metadata)).toEqual(bytes);
    const reversed = new Map([...tensors].reverse());
    expect(writeSafetensors(reversed, metadata)).toEqual(bytes);
  });
});

const entry = '{"dtype":"U8","shape":[2],"data_offsets":[0,2]}';

describe('reader', () => {
  test.each([
    ['spaces between tokens', '{ "a" :\t{ "dtype": "U8",\n"shape":[ 2 ] , "data_offsets":[0,\r2]} }  ', 2],
    ['fields in another order', '{"a":{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}}', 2],
    ['escaped names', '{"\\u0061\\n\\"\\\\":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 2],
    ['empty tensors at one offset', `{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"b":${entry}}`, 2],
    ['empty metadata', `{"__metadata__":{},"a":${entry}}`, 2],
    ['names of object prototypes', `{"constructor":${entry},"__metadata__":{"__proto__":"x","toString":"y"}}`, 2],
  ])('takes %s', (_, header, length) => {
    expect(readSafetensors(fileOf(header, length)).tensors.size).toBeGreaterThan(0);
  });

  test.each([
    ['text after the header', `{"a":${entry}}x`, 2],
    ['lists in lists without end', `{"a":{"dtype":"U8","shape":${'['.repeat(100_000)}`, 2],
    ['a NUL after the header', `{"a":${entry}}\0`, 2],
    ['a second object', `{"a":${entry}}{}`, 2],
    ['a trailing comma', `{"a":${entry},}`, 2],
    ['a comma too many in a list', '{"a":{"dtype":"U8","shape":[2,],"data_offsets":[0,2]}}', 2],
    ['an unknown field', '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}', 2],
    ['a field twice', '{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 2],
    ['a metadata key twice', '{"__metadata__":{"a":"1","a":"2"}}', 0],
    ['metadata twice', '{"__metadata__":{},"__metadata__":{}}', 0],
    ['a name twice, once escaped', `{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":${entry}}`, 2],
    ['a leading zero', '{"a":{"dtype":"U8","shape":[02],"data_offsets":[0,2]}}', 2],
    ['an exponent', '{"a":{"dtype":"U8","shape":[2e0],"data_offsets":[0,2]}}', 2],
    ['minus zero', '{"a":{"dtype":"U8","shape":[0],"data_offsets":[-0,0]}}', 0],
    ['a size beyond 2^53', '{"a":{"dtype":"U8","shape":[0,9007199254740993],"data_offsets":[0,0]}}', 0],
    [
      'a product beyond 2^53 beside a zero',
      '{"a":{"dtype":"U8","shape":[0,94906267,94906267],"data_offsets":[0,0]}}',
      0,
    ],
    [
      'a product of 4 modulo 2^64',
      '{"a":{"dtype":"U8","shape":[4194305,4194305,211106198978564],"data_offsets":[0,4]}}',
      4,
    ],
    ['dtype constructor', '{"a":{"dtype":"constructor","shape":[2],"data_offsets":[0,2]}}', 2],
    ['half a surrogate pair', `{"\\ud800":${entry}}`, 2],
    ['a control character in a name', `{"a\u0001":${entry}}`, 2],
    ['a bad escape', `{"\\x61":${entry}}`, 2],
    ['an open string', '{"a', 0],
    ['a string that ends in a backslash', '{"a\\', 0],
    ['a byte order mark', '\ufeff{}', 0],
    ['null', 'null', 0],
  ])('refuses %s', (_, header, length) => {
    expect(formatError(fileOf(header, length))).not.toBe('no error');
  });

  test('100,000 tensors are read, and 100,000 levels refused, in seconds', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`);
    const many = fileOf(`{${names.join(',')}}`);
    const start = performance.now();
    expect(readSafetensors(many).tensors.size).toBe(100_000);
    expect(formatError(fileOf(`{"a":{"shape":${'['.repeat(100_000)}`))).not.toBe('no error');
    expect(formatError(fileOf('{"a":'.repeat(100_000)))).not.toBe('no error');
    expect(performance.now() - start).toBeLessThan(4000);
  });

  test('unaligned bytes give the same elements', () => {
    const file = writeSafetensors(new Map([['w', { dtype: 'F64', shape: [2], data: new Float64Array([1.5, -2]) }]]));
    for (let shift = 0; shift < 9; shift++) {
      const moved = new Uint8Array(file.length + shift);
      moved.set(file, shift);
      const { tensors } = readSafetensors(moved.subarray(shift));
      expect([...(tensors.get('w') as SafeTensor).data]).toEqual([1.5, -2]);
    }
  });

  test('mutations of good files give a result or FILE_FORMAT, nothing else', { timeout: 30_000 }, () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    const sources = goodFiles();
    let accepted = 0;
    for (let round = 0; round < 20_000; round++) {
      const words = philox([round, 0, 0, 0], [7, 0]);
      const file = mutate(sources[round % sources.length] as Uint8Array, round, words[0]);
      if (formatError(file) === 'no error') accepted++;
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(20_000);
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
    expect(Reflect.get({}, 'dtype')).toBeUndefined();
  });
});

function goodFiles(): Uint8Array[] {
  const named = new Map<string, SafeTensor>([
    ['__proto__', { dtype: 'F32', shape: [2, 3], data: new Float32Array(6).fill(0.5) }],
    ['layer/kernel:0', { dtype: 'I64', shape: [1], data: new BigInt64Array(1) }],
    ['é', { dtype: 'U8', shape: [0, 4], data: new Uint8Array(0) }],
  ]);
  const own = [writeSafetensors(named, new Map([['format', 'x']])), writeSafetensors(new Map())];
  return own.concat(corpusFiles().map(({ file }) => bytesOf(file)));
}

// One to four edits: flip a bit, write an interesting byte, insert, delete, truncate, or change the header's length.
function mutate(source: Uint8Array, round: number, edits: number): Uint8Array {
  let bytes = [...source];
  for (let edit = 0; edit <= edits % 4; edit++) {
    const [kind, where, what] = philox([round, edit, 1, 0], [7, 0]);
    const at = where % Math.max(1, Math.min(bytes.length, 400));
    const byte = '{}[],:"\\0-e. \u00ff'.charCodeAt(what % 15) & 0xff;
    if (kind % 6 === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (what % 8));
    else if (kind % 6 === 1) bytes[at] = byte;
    else if (kind % 6 === 2) bytes.splice(at, 0, byte);
    else if (kind % 6 === 3) bytes.splice(at, 1 + (what % 3));
    else if (kind % 6 === 4) bytes = bytes.slice(0, at);
    else if (bytes.length > 0) bytes[0] = ((bytes[0] ?? 0) + (what % 5) - 2) & 0xff;
  }
  return Uint8Array.from(bytes);
}

describe('writer', () => {
  const f32 = (values: number[]): SafeTensor => ({
    dtype: 'F32',
    shape: [values.length],
    data: new Float32Array(values),
  });

  test('reads back what it wrote, whatever the names', () => {
    const names = ['a', '', '__proto__', 'constructor', '"\\\n\u0000', 'ключ', '😀', 'x'.repeat(1000)];
    const tensors = new Map(names.map((name, i) => [name, f32([i, -i])]));
    const metadata = new Map([['__proto__', '{"a":1}']]);
    const back = readSafetensors(writeSafetensors(tensors, metadata));
    expect(new Map([...back.tensors].sort())).toEqual(new Map([...tensors].sort()));
    expect(back.metadata).toEqual(metadata);
  });

  test('aligns the data to 8 bytes and pads with spaces', () => {
    for (let length = 0; length < 17; length++) {
      const file = writeSafetensors(new Map([['n'.repeat(length), f32([1])]]));
      const header = file.subarray(8, file.length - 4);
      expect((8 + header.length) % 8).toBe(0);
      expect(new DataView(file.buffer).getUint32(0, true)).toBe(header.length);
      expect(new TextDecoder().decode(header)).toMatch(/^\{.*\} {0,7}$/s);
    }
  });

  test('NaNs become the canonical one', () => {
    const data = new Float32Array(new Uint32Array([0xffc00001, 0x7f800001, 0x3f800000]).buffer);
    const file = writeSafetensors(new Map([['w', { dtype: 'F32', shape: [3], data }]]));
    const words = new Uint32Array(file.slice(-12).buffer);
    expect([...words]).toEqual([0x7fc00000, 0x7fc00000, 0x3f800000]);
  });

  test.each([
    ['reserved name', '__metadata__', f32([1]), 'INVALID_VALUE'],
    ['half a surrogate pair', '\ud800', f32([1]), 'INVALID_VALUE'],
    ['too few elements', 'w', { ...f32([1]), shape: [2] }, 'SHAPE_MISMATCH'],
    ['a fraction in the shape', 'w', { ...f32([1]), shape: [0.5, 2] }, 'INVALID_SHAPE'],
    ['another class', 'w', { ...f32([1]), dtype: 'I32' }, 'INVALID_DTYPE'],
    ['an unknown dtype', 'w', { ...f32([1]), dtype: 'toString' }, 'INVALID_DTYPE'],
  ])('refuses %s', (_, name, tensor, code) => {
    expect(() => writeSafetensors(new Map([[name, tensor as SafeTensor]]))).toThrow(expect.objectContaining({ code }));
  });
});
