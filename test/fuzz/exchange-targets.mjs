// Readers of other libraries' files: Keras's archives, HDF5, the JSON of TensorFlow.js.

import { readFileSync } from 'node:fs';
import { exportTfjs, importKeras, importKerasWeights, importTfjs } from '../../dist/exchange/index.js';
import { Zip } from '../../dist/exchange/zip.js';
import { zipOf } from '../exchange/zip.mjs';
import { dice, mutateBytes, mutateJson } from './mutate.mjs';

const file = (name) => new Uint8Array(readFileSync(new URL(`../golden/interop/${name}`, import.meta.url)));
const pick = (roll, list) => list[roll(list.length)];
const encoder = new TextEncoder();

/** A file's fault comes out as what its layers say of their options, too. */
const CODES = [
  ...['FILE_FORMAT', 'UNKNOWN_NAME', 'UNKNOWN_OPTION', 'INVALID_VALUE', 'INVALID_SHAPE', 'SHAPE_MISMATCH'],
  ...['DUPLICATE_NAME', 'NOT_BUILT'],
];
const WORDS = [
  '\u0001',
  '\u0003',
  '\u00ff\u00ff\u00ff\u00ff',
  '\0\0\0\0',
  'TREE',
  'SNOD',
  'HEAP',
  'GCOL',
  'OHDR',
  'PK',
];

const imported = async (bytes) => (await importKeras(bytes)).dispose();

// Whole archives, damaged; and sound ones around a damaged architecture.
export async function keras() {
  const whole = file('deflated.keras');
  const models = await Promise.all(
    ['mlp', 'cnn', 'recurrent', 'attention', 'images'].map(async (name) => {
      const zip = new Zip(file(`${name}.keras`), name);
      const config = JSON.parse(new TextDecoder().decode(await zip.read('config.json')));
      return { config, weights: await zip.read('model.weights.h5') };
    }),
  );
  const make = (number) => {
    const roll = dice(number);
    if (roll(3) === 0) return mutateBytes(whole, WORDS, roll);
    const { config, weights } = pick(roll, models);
    const files = { 'config.json': mutateJson(config, roll), 'model.weights.h5': weights };
    return zipOf({ 'metadata.json': '{"keras_version":"3.0.0"}', ...files });
  };
  return { make, read: imported, codes: CODES };
}

// Damaged where HDF5 keeps its addresses and sizes, in whole models and in weights alone.
export async function hdf5() {
  const model = await importKeras(file('attention.keras'));
  const small = await importKeras(file('mlp.keras'));
  const files = ['mlp.h5', 'cnn.h5', 'latest.weights.h5', 'chunked.weights.h5'].map((name) => ({
    bytes: file(name),
    into: name.startsWith('chunked') ? model : name.startsWith('latest') ? small : undefined,
  }));
  const make = (number) => {
    const roll = dice(number);
    const { bytes, into } = pick(roll, files);
    if (roll(4) === 0) return { bytes: mutateBytes(bytes, WORDS, roll), into };
    const copy = bytes.slice(0, roll(8) === 0 ? roll(bytes.length) : bytes.length);
    const places = placesOf(copy);
    do {
      const at = places.length > 0 && roll(4) > 0 ? pick(roll, places) + roll(64) : roll(copy.length);
      const word = pick(roll, [encoder.encode(pick(roll, WORDS)), Uint8Array.of(roll(256)), eight(roll, copy.length)]);
      copy.set(word.subarray(0, Math.max(0, copy.length - at)), Math.min(at, copy.length));
    } while (roll(2) === 0);
    return { bytes: copy, into };
  };
  const read = ({ bytes, into }) => (into ? importKerasWeights(into, bytes) : imported(bytes));
  return { make, read, codes: CODES };
}

// An address somewhere in the file, or a size without end.
function eight(roll, length) {
  const word = new DataView(new ArrayBuffer(8));
  word.setUint32(0, roll(4) === 0 ? 0xffffffff : roll(length + 1), true);
  word.setUint32(4, roll(8) === 0 ? 0xffffffff : 0, true);
  return new Uint8Array(word.buffer);
}

// Where the structures begin.
function placesOf(bytes) {
  const text = new TextDecoder('latin1').decode(bytes);
  return [...text.matchAll(/HDF|TREE|SNOD|HEAP|GCOL|OHDR/g)].map(({ index }) => index);
}

export async function tfjs() {
  const files = await Promise.all(
    ['mlp.keras', 'cnn.keras'].map(async (name) => exportTfjs(await importKeras(file(name)))),
  );
  const make = (number) => {
    const roll = dice(number);
    const { modelJson, weights } = pick(roll, files);
    const text = mutateJson(modelJson, roll);
    return { bytes: encoder.encode(text), weights: roll(8) === 0 ? weights.subarray(roll(weights.length)) : weights };
  };
  const read = async ({ bytes, weights }) => {
    let modelJson;
    try {
      modelJson = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      modelJson = null;
    }
    (await importTfjs({ modelJson, weights })).dispose();
  };
  return { make, read, codes: CODES };
}
