// The weights of a TensorFlow.js model: one block of bytes, and a list that says which of them are which tensor. Numbers of
// 8 and 16 bits (quantised) become float32. Refuses strings, complex numbers, and lists that the bytes do not bear out.

import { checkShape } from '../../data/shape.js';
import { describeValue, fail } from '../../errors.js';
import { product } from '../arrays.js';
import { halfOf } from '../hdf5/datatype.js';
import { isObject, type Json, listOf, member, objectOf, textOf } from '../json.js';

/** One tensor by its name. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A group of tensors: the files that hold them, one behind the other. */
export interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly unknown[];
}

/** The groups of a `weightsManifest`. Throws FILE_FORMAT; paths lead nowhere but to files beside or below. */
export function groupsOf(modelJson: Json): Group[] {
  const manifest = listOf(member(modelJson, 'weightsManifest') ?? [], 'weightsManifest');
  return manifest.map((entry) => {
    const group = objectOf(entry, 'weightsManifest');
    const paths = listOf(member(group, 'paths') ?? [], 'paths').map((path) => textOf(path, 'path of a shard'));
    for (const path of paths) {
      const parts = path.split('/');
      if (parts.every((part) => /^[\w\-. ]+$/.test(part) && !/^\.+$/.test(part))) continue;
      throw fail('FILE_FORMAT', 'weightsManifest', 'paths of files beside model.json', describeValue(path));
    }
    return { paths, weights: listOf(member(group, 'weights') ?? [], 'weights') };
  });
}

/** Elements by dtype: how many bytes they have, and what they are. */
const READERS: ReadonlyMap<string, readonly [size: number, read: (view: DataView, at: number) => number]> = new Map([
  ['float32', [4, (view: DataView, at: number) => view.getFloat32(at, true)] as const],
  ['int32', [4, (view: DataView, at: number) => view.getInt32(at, true)] as const],
  ['float16', [2, (view: DataView, at: number) => halfOf(view.getUint16(at, true))] as const],
  ['uint16', [2, (view: DataView, at: number) => view.getUint16(at, true)] as const],
  ['uint8', [1, (view: DataView, at: number) => view.getUint8(at)] as const],
  ['bool', [1, (view: DataView, at: number) => view.getUint8(at)] as const],
]);

/** The tensors of a list, read from `bytes` from its first on. Throws FILE_FORMAT unless they fill it. */
export function tensorsIn(weights: readonly unknown[], bytes: Uint8Array): NamedTensor[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const tensors = weights.map((entry) => {
    const weight = objectOf(entry, 'a weight');
    const name = textOf(member(weight, 'name'), 'name of a weight');
    const shape = checkShape(member(weight, 'shape') as number[], `shape of ${name}`);
    const quantised = member(weight, 'quantization');
    const dtype = isObject(quantised) ? member(quantised, 'dtype') : member(weight, 'dtype');
    const [size, read] = READERS.get(String(dtype)) ?? [0, undefined];
    if (read === undefined) {
      throw fail('FILE_FORMAT', name, `a dtype of ${[...READERS.keys()].join(', ')}`, describeValue(dtype));
    }
    const count = product(shape);
    if (at + count * size > bytes.length) {
      throw fail('FILE_FORMAT', name, `${count * size} bytes of weights`, `${bytes.length - at}`, 'a shard missing?');
    }
    const [scale, min] = isObject(quantised) ? [factor(quantised, 'scale', 1), factor(quantised, 'min', 0)] : [1, 0];
    const start = at;
    at += count * size;
    const data = Float32Array.from({ length: count }, (_, i) => read(view, start + i * size) * scale + min);
    return { name, shape: [...shape], data };
  });
  if (at === bytes.length) return tensors;
  throw fail('FILE_FORMAT', 'weights', `${at} bytes, as the manifest says`, String(bytes.length));
}

function factor(quantization: Json, name: string, fallback: number): number {
  const value = member(quantization, name) ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw fail('FILE_FORMAT', `quantization ${name}`, 'a number', describeValue(value));
}
