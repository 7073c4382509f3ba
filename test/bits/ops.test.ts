// Every public op and its gradients, on ordinary numbers and on denormals, zeros of both signs, infinities and NaN: the
// same bits on every engine and with any number of threads.

import { ops, ready } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { Committed, ENGINE, THREADS } from './committed.js';
import { type OpCase, opCases } from './op-cases.js';
import { hashOf, resultsOf } from './op-results.js';
import { sha256 } from './sha256.js';

const committed = new Committed('ops');

describe('ops', () => {
  for (const one of opCases()) {
    test(one.name, async () => {
      await ready({ engine: ENGINE, threads: THREADS.at(-1)! });
      committed.expect(one.name, await hashOf(one));
    });
  }
});

describe('large enough to be shared out', () => {
  const large: OpCase[] = [
    {
      name: 'matmul 300 700 200',
      shapes: [
        [300, 700],
        [700, 200],
      ],
      run: (a, b) => ops.matmul(a, b),
    },
    {
      name: 'conv [4, 60, 60, 16] by 3',
      shapes: [
        [4, 60, 60, 16],
        [3, 3, 16, 40],
      ],
      run: (x, w) => ops.conv(x, w, { padding: 'same' }),
    },
    { name: 'sum 1000003', shapes: [[1_000_003]], run: (x) => ops.sum(x) },
    { name: 'sum [5000, 130] over 0', shapes: [[5000, 130]], run: (x) => ops.sum(x, { axis: 0 }) },
    { name: 'softmax [5000, 130]', shapes: [[5000, 130]], run: (x) => ops.softmax(x) },
    { name: 'tanh 1000003', shapes: [[1_000_003]], run: (x) => ops.tanh(x) },
    { name: 'mul [5000, 130] [130]', shapes: [[5000, 130], [130]], run: (x, y) => ops.mul(x, y) },
    { name: 'dropout 1000003', shapes: [[1_000_003]], run: (x) => ops.dropout(x, 0.5) },
  ];
  for (const threads of THREADS) {
    for (const one of large) {
      test(`${one.name}, ${threads} threads`, async () => {
        expect(await ready({ engine: ENGINE, threads })).toMatchObject({ threads });
        committed.expect(`${one.name}, large`, await sha256(await resultsOf(one, noise)));
      });
    }
  }
});
