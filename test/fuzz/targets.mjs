// The readers that take files from anywhere: what is fed to each, and what each may answer.

import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import {
  Dense,
  Dropout,
  datasets,
  loadModel,
  optimizers,
  Rescaling,
  Sequential,
  schedules,
} from '../../dist/index.node.js';
import { readSafetensors, writeSafetensors } from '../../dist/io/safetensors.js';
import * as exchange from './exchange-targets.mjs';
import { Judge } from './judge.mjs';
import { dice, mutateBytes, mutateJson } from './mutate.mjs';

const encoder = new TextEncoder();
const hex = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
const pick = (roll, list) => list[roll(list.length)];

/** Each makes the case of a number, and hands it to its reader. What is thrown must have one of the codes. */
export const TARGETS = { safetensors, csv, idx, model, ...exchange };

const corpus = new URL('../golden/safetensors/', import.meta.url);
const HEADER_WORDS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '\\',
    ' ',
    '0',
    '-0',
    '1',
    '1e0',
    '0.5',
    '-1',
    '18446744073709551616',
    '9007199254740993',
  ],
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '"a":',
    '"dtype":',
    '"shape":',
    '"data_offsets":',
    '"__metadata__":',
    '"F32"',
    '"F4"',
    '"BOOL"',
  ],
  ...[
    '"F8_E8M0"',
    '"C64"',
    '\\u0061',
    '\\ud800',
    '\u0000',
    '\n',
    '\ufeff',
    'é',
    '"x":1',
    '"dtype":"U8"',
    '[0,0]',
    '4294967296',
  ],
];

/** Our reader beside the official one: what ours takes the other must take, with the same contents. */
function safetensors({ judge: path }) {
  const judge = path ? new Judge(path) : undefined;
  const seeds = readdirSync(corpus)
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => new Uint8Array(readFileSync(new URL(name, corpus))));
  const counts = { taken: 0, strict: 0 };
  const make = (number) => {
    const roll = dice(number);
    const seed = pick(roll, seeds);
    if (roll(4) === 0 || seed.length < 8) return mutateBytes(seed, HEADER_WORDS, roll);
    // A changed header with a length that fits, so that the reader looks into it.
    const length = Math.min(new DataView(seed.buffer, seed.byteOffset).getUint32(0, true), seed.length - 8);
    const header = mutateBytes(seed.subarray(8, 8 + length), HEADER_WORDS, roll);
    const file = new Uint8Array(8 + header.length + seed.length - 8 - length);
    new DataView(file.buffer).setUint32(0, header.length, true);
    file.set(header, 8);
    file.set(seed.subarray(8 + length), 8 + header.length);
    return file;
  };
  const read = async (file) => {
    let ours;
    let refusal;
    try {
      ours = describe(readSafetensors(file));
    } catch (error) {
      refusal = error;
    }
    if (judge) compare(ours, refusal, await judge.ask(file), counts);
    if (refusal) throw refusal;
  };
  return { make, read, codes: ['FILE_FORMAT'], counts, end: () => judge?.end() };
}

// Where the text of the format is stricter than the official reader, and what ours has no use for: its dtypes of less than
// a byte and of two numbers.
const STRICTER = [
  /expected every name once/,
  /expected a header that begins with \{/,
  /expected the fields dtype, shape and data_offsets, each once/,
  /expected a dtype of/,
  /expected shapes of fewer than 2\^53/,
  /expected whole numbers/,
];

function compare(ours, refusal, verdict, counts) {
  if (ours === undefined) {
    if (verdict.startsWith('no')) return;
    counts.strict++;
    if (!STRICTER.some((reason) => reason.test(refusal.message))) {
      throw new Error(`refused what the official reader takes: ${refusal.message}`);
    }
  } else if (ours === verdict) counts.taken++;
  else throw new Error(`read ${ours.slice(0, 500)}, the official reader ${verdict.slice(0, 500)}`);
}

function describe({ tensors, metadata }) {
  const texts = [...metadata].map((pair) => pair.map((text) => hex(encoder.encode(text))).join('='));
  const all = [...tensors].map(([name, { dtype, shape, data }]) => {
    return `${hex(encoder.encode(name))} ${dtype} [${shape.join(', ')}] ${hex(data)}`;
  });
  return `yes ${texts.sort().join(',')} ${all.sort().join(';')}`;
}

const TABLE = 'a,b,"c d",y\r\n1,2,3,0\r\n-4.5,1e-3,"7",1\n0x1f,+.5,1_000,2\n';
const TABLE_WORDS = [
  ...[
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    '\r',
    '\ufeff',
    '1e999',
    '-0',
    'NaN',
    'Infinity',
    ' ',
    '\t',
    ';',
    '__proto__',
    'constructor',
  ],
  ...['9'.repeat(400), '"a\nb"', ',,,,', '\u0000', '\ud7ff', '1e', '--1', '.', '1.5e+3', 'é', '"'.repeat(99)],
];

const CSV_OPTIONS = [
  {},
  { label: 'y' },
  { header: false },
  { delimiter: ';' },
  { missing: 'drop' },
  { missing: 'mean', missingValues: ['1', 'NA'] },
  {
    columns: { a: 'category', b: { type: 'number', missing: { value: 0.5 } } },
    label: { name: 'y', type: 'category' },
  },
  { columns: { a: { type: 'category', encoding: 'index', unknown: 'drop' }, 'c d': 'ignore' } },
  { columns: ['b', 'a'] },
];

function csv() {
  const seeds = [
    TABLE,
    'x\n1\n',
    '1,2\n3,4\n',
    '',
    '\ufeffa,b\n1,2\n',
    `a${',a'.repeat(200)}\n${'1,'.repeat(200)}1\n`,
  ].map((text) => encoder.encode(text));
  const make = (number) => {
    const roll = dice(number);
    return {
      bytes: mutateBytes(pick(roll, seeds), TABLE_WORDS, roll),
      options: pick(roll, CSV_OPTIONS),
    };
  };
  const read = async ({ bytes, options }) => {
    const { x, y } = await datasets.readCsv(bytes, options);
    if (x.data.length !== x.shape[0] * x.shape[1]) throw new Error('a table that is not whole');
    if (options.label && y.data.length !== x.shape[0]) throw new Error('labels for other rows');
    if (x.data.some((value) => Number.isNaN(value))) throw new Error('NaN in a table');
  };
  return { make, read, codes: ['FILE_FORMAT', 'DUPLICATE_NAME', 'UNKNOWN_NAME'] };
}

function idx() {
  const file = (type, shape, size) => {
    const bytes = new Uint8Array(4 + 4 * shape.length + size);
    bytes.set([0, 0, type, shape.length]);
    shape.forEach((length, axis) => {
      new DataView(bytes.buffer).setUint32(4 + 4 * axis, length);
    });
    return bytes;
  };
  const plain = [
    file(8, [2, 3, 3], 18),
    file(9, [4], 4),
    file(11, [2, 2], 8),
    file(12, [1], 4),
    file(13, [3], 12),
    file(14, [1, 2], 16),
    file(8, [0, 5], 0),
  ];
  const words = ['\u0000', '\u0008', '\u0010', '\u007f', '\u0000\u0000\u0008\u0001', '\u0000\u0000\u000e\u0004'];
  const make = (number) => {
    const roll = dice(number);
    const bytes = pick(roll, plain);
    const kind = roll(4);
    if (kind === 0) return mutateBytes(gzipSync(bytes), words, roll);
    const changed = mutateBytes(bytes, words, roll);
    return kind === 1 ? new Uint8Array(gzipSync(changed)) : changed;
  };
  const read = async (bytes) => {
    const { data, shape } = await datasets.readIdx(bytes);
    if (data.length !== shape.reduce((product, length) => product * length, 1))
      throw new Error('another size than said');
  };
  return { make, read, codes: ['FILE_FORMAT'] };
}

async function models() {
  const rate = new schedules.CosineDecay({ initialLearningRate: 0.1, decaySteps: 20, warmupSteps: 3 });
  const make = (layers, optimizer) => {
    const model = new Sequential(layers, { seed: 1 });
    model.compile({ optimizer, loss: 'mse', metrics: ['mse'] });
    return model;
  };
  const all = [
    make(
      [
        new Dense({ units: 3, activation: 'tanh', inputShape: [2] }),
        new Dropout({ rate: 0.5 }),
        new Dense({ units: 1 }),
      ],
      'adam',
    ),
    make(
      [new Rescaling({ scale: [1, 2], inputShape: [2] }), new Dense({ units: 2 })],
      optimizers.get({ className: 'SGD', config: { learningRate: rate, momentum: 0.9 } }),
    ),
    make([new Dense({ units: 4 })], 'rmsprop'),
  ];
  for (const model of all.slice(0, 2))
    await model.fit(
      [
        [1, 2],
        [3, 4],
      ],
      model.outputShapes.at(-1)[0] === 1
        ? [1, 2]
        : [
            [1, 2],
            [3, 4],
          ],
      { verbose: 0 },
    );
  return await Promise.all(all.map((model) => model.toBytes()));
}

async function model() {
  const files = (await models()).map((bytes) => readSafetensors(bytes));
  const make = (number) => {
    const roll = dice(number);
    const { tensors, metadata } = pick(roll, files);
    const text = metadata.get('descend');
    const json =
      roll(5) === 0
        ? new TextDecoder().decode(mutateBytes(encoder.encode(text), HEADER_WORDS, roll))
        : mutateJson(JSON.parse(text), roll);
    return writeSafetensors(tensors, new Map([['descend', json.replace(/\p{Surrogate}/gu, '?')]]));
  };
  const read = async (bytes) => {
    const loaded = await loadModel(bytes);
    loaded.dispose();
  };
  return { make, read, codes: ['FILE_FORMAT', 'UNKNOWN_NAME'] };
}
