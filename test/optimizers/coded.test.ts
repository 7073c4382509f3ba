// State in fewer bits: what of a step it may change and by how much, how much memory it takes, that training is as good.
// Bits, saving and rows are tested with all optimizers.

import {
  Adam,
  type AdamW,
  Dense,
  datasets,
  Flatten,
  type Optimizer,
  optimizers,
  Rescaling,
  Sequential,
  SGD,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import { noise } from '../noise.js';
import { coded, WHOLE } from './combinations.js';

/** The most that rounding to either neighbour changes, relative to the number. */
const STEP = { bfloat16: 2 ** -7, int8: 2 ** -3 } as const;
const NUMBERS = ['momentumProduct', 'weights'];
const SHAPES = [[500], [20, 25], [3], [1300]] as const;
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

const sameBits = (a: Float32Array, b: Float32Array) => a.every((x, i) => Object.is(x, b[i]));

type Dtype = keyof typeof STEP;

describe('one step from the same state', () => {
  test.each(coded())('$name', ({ make, className, options }) => {
    const stateDtype = options.stateDtype as Dtype;
    const own = make();
    const config = { ...options, lazy: false, stateDtype: 'float32' };
    const start = (t: number) => SHAPES.map((shape, i) => noise(sizeOf(shape), 10 * t + i).map((x) => x * 10 ** -i));
    const named = (arrays: Float32Array[]) => arrays.map((x, i) => variable(x, [...SHAPES[i]!], { name: `w${i}` }));
    const w = named(start(1));
    // Not from what state begins with, which fewer bits may not hold.
    own.applyGradients(start(11).map((g, i) => [g, w[i]!]));
    for (let t = 0; t < 9; t++) {
      const other = named(w.map(({ data }) => data));
      const gradients = start(t + 2);
      const fresh = optimizers.get({ className, config });
      fresh.loadStateDict(own.stateDict());
      own.applyGradients(gradients.map((g, i) => [g, w[i]!]));
      fresh.applyGradients(gradients.map((g, i) => [g, other[i]!]));
      // The rule itself has the state as floats, so the parameter is that of a step in float32.
      for (const [i, { data }] of w.entries()) expect(sameBits(data, other[i]!.data)).toBe(true);
      const [got, want] = [own.stateDict(), fresh.stateDict()];
      for (const [name, pieces] of Object.entries(want.variables)) {
        for (const [slot, { data }] of Object.entries(pieces)) {
          const mine = got.variables[name]![slot]!.data;
          if (NUMBERS.includes(slot)) expect(mine).toEqual(data);
          else for (const [i, x] of data.entries()) expectNear(mine[i]!, x, data, i, stateDtype);
        }
      }
    }
  });

  function expectNear(got: number, x: number, all: Float32Array, i: number, dtype: Dtype): void {
    if (Math.abs(got - x) <= STEP[dtype] * Math.abs(x)) return;
    // Far below the largest of its block a number becomes the least there is or, beside negative ones, 0.
    const block = all.subarray(i - (i % 256), i - (i % 256) + 256);
    const largest = block.reduce((max, y) => Math.max(max, Math.abs(y)), 0);
    const least = largest * 2 ** (block.some((y) => y < 0) ? -14 : -30);
    expect(dtype).toBe('int8');
    expect(Math.max(Math.abs(got), Math.abs(x))).toBeLessThanOrEqual(least);
  }
});

describe('small changes count in the long run', () => {
  // v = 0.999·v + 0.001·g² from 0 on, where each change after the first is far less than a step of its numbers.
  test.each(['bfloat16', 'int8'] as const)('%s', (stateDtype) => {
    const w = variable(new Float32Array(2048), [2048], { name: 'w' });
    const adam = new Adam({ stateDtype, learningRate: 0 });
    const g = new Float32Array(2048).fill(2);
    for (let t = 0; t < 1500; t++) adam.applyGradients([[g, w]]);
    const { data } = adam.stateDict().variables.w!.velocity!;
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    // Of 2,048 elements, each off by some parts in ten: the mean by less than two in a hundred.
    expect(Math.abs(mean / (4 * (1 - 0.999 ** 1500)) - 1)).toBeLessThan(0.02);
  });
});

describe('memory', () => {
  const size = 100_000;
  const perElement = { float32: 8, bfloat16: 4, int8: 2 + 4 / 256 } as const;

  test.each(Object.entries(perElement))('of Adam in %s: %f bytes an element', (stateDtype, expected) => {
    const { sync } = localEngine();
    const w = variable(new Float32Array(size), [size], { name: 'w' });
    const g = variable(noise(size, 1));
    // So that both are on the engine.
    new SGD().applyGradients([[g, w]]);
    const before = sync.stats().bytes;
    const adam = new Adam({ stateDtype: stateDtype as Dtype });
    adam.applyGradients([[g, w]]);
    expect((sync.stats().bytes - before) / size).toBeCloseTo(expected, 3);
  });

  test('as a model foretells', async () => {
    const of = async (stateDtype: 'float32' | Dtype) => {
      const model = new Sequential([new Dense({ units: 64, inputShape: [256] })], { seed: 1 });
      model.compile({ optimizer: new Adam({ stateDtype }), loss: 'meanSquaredError' });
      const { optimizer } = await model.memory();
      return optimizer;
    };
    const n = 256 * 64 + 64;
    expect(await of('float32')).toBe(8 * n);
    expect(await of('bfloat16')).toBe(4 * n);
    expect(await of('int8')).toBe(2 * (n + 2 * 65));
  });
});

describe('is refused', () => {
  test.each([{ stateDtype: 'int4' }, { stateDtype: 8 }, { stateDtype: null }, { lazy: 1 }, { lazy: 'yes' }])(
    '%j',
    (config) => {
      const [name] = Object.keys(config);
      expect(() => optimizers.get({ className: 'Adam', config })).toThrow(`Adam: ${name}: expected`);
      expect(() => new Adam().set(config as never)).toThrow(/fixed|expected/);
    },
  );

  test.each(WHOLE)('by %s, which looks at whole variables', (className) => {
    for (const config of [{ stateDtype: 'int8' }, { lazy: true }]) {
      expect(() => optimizers.get({ className, config })).toThrow(/its rule looks at whole variables/);
    }
  });

  test('and kept in configurations', () => {
    const adamw = optimizers.get({ className: 'AdamW', config: { state_dtype: 'INT8', lazy: true } }) as AdamW;
    expect(adamw).toMatchObject({ stateDtype: 'int8', lazy: true });
    expect(optimizers.get(optimizers.serialize(adamw))).toMatchObject({ stateDtype: 'int8', lazy: true });
    expect(new Adam()).toMatchObject({ stateDtype: 'float32', lazy: false });
  });
});

describe('digits', () => {
  const SEEDS = 6;

  async function accuracy(make: () => Optimizer): Promise<number> {
    let sum = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const { train, test } = await datasets.loadDigits({ seed });
      const layers = [
        new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
        new Flatten(),
        new Dense({ units: 64, activation: 'relu' }),
        new Dense({ units: 10, activation: 'softmax' }),
      ];
      const model = new Sequential(layers, { seed });
      model.compile({ optimizer: make(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      await model.fit(train.x, train.y, { epochs: 30, batchSize: 32, verbose: 0 });
      sum += (await model.evaluate(test.x, test.y)).accuracy as number;
    }
    return sum / SEEDS;
  }

  test.each(['Adam', 'AdamW', 'Lion'])('%s is as good within 0.2 points', async (className) => {
    const of = (stateDtype: string) => {
      const learningRate = className === 'Lion' ? 3e-4 : 2e-3;
      return accuracy(() => optimizers.get({ className, config: { learningRate, stateDtype } }));
    };
    const full = await of('float32');
    const results = { full, half: await of('bfloat16'), byte: await of('int8') };
    expect(results.half).toBeGreaterThan(full - 0.002);
    expect(results.byte).toBeGreaterThan(full - 0.002);
  });
});
