// Initializers against the distributions that Keras's have: bounds, mean, variance and shape, over many draws.

import { initializers, Layer, Sequential } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases } from '../golden.js';
import { refusal } from '../models/small.js';

interface Distribution {
  name: string;
  initializer: keyof typeof initializers;
  options: object;
  shape: number[];
  distribution: 'uniform' | 'truncated normal' | 'normal';
  /** Of the normal distribution that is cut, or is not. */
  untruncatedStddev?: number;
  stddev?: number;
  low?: number;
  high?: number;
  variance: number;
}

const DRAWN = 20_000;

/** A layer that is one weight. */
class Holder extends Layer {
  readonly #shape: number[];
  readonly #initializer: initializers.InitializerLike;

  constructor(shape: number[], initializer: initializers.InitializerLike) {
    super({ name: 'holder' });
    this.#shape = shape;
    this.#initializer = initializer;
  }

  override build(): void {
    this.addWeight({ name: 'weight', shape: this.#shape, initializer: this.#initializer });
  }

  override call(x: Parameters<Layer['call']>[0]) {
    return x;
  }
}

async function drawn(shape: number[], initializer: initializers.InitializerLike, seed = 1): Promise<Float32Array> {
  const model = new Sequential([new Holder(shape, initializer)], { seed });
  model.build([1]);
  const data = (await model.getWeights())[0]?.data as Float32Array;
  model.dispose();
  return data;
}

function make({
  initializer,
  options,
}: Pick<Distribution, 'initializer' | 'options'>): initializers.Initializer<object> {
  const Class = initializers[initializer] as unknown as new (options: object) => initializers.Initializer<object>;
  return new Class(options);
}

/** The error function, Abramowitz & Stegun 7.1.26, within 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce((y, c) => y * t + c, 0);
  return Math.sign(x) * (1 - sum * t * Math.exp(-x * x));
}

const normal = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;

/** The share of the distribution below x. */
function below(
  { distribution, low = 0, high = 0, untruncatedStddev = 1, stddev = 1 }: Distribution,
  x: number,
): number {
  if (distribution === 'uniform') return (x - low) / (high - low);
  if (distribution === 'normal') return normal(x / stddev);
  return (normal(x / untruncatedStddev) - normal(-2)) / (normal(2) - normal(-2));
}

const [given, simple] = [
  cases<Distribution>('initializers.json').filter(({ initializer }) => initializer),
  cases<{ name: string; initializers: { initializer: keyof typeof initializers; defaults: object }[] }>(
    'initializers.json',
  ).find(({ name }) => name === 'simple'),
];

describe.each(given)('$name', (golden) => {
  test('bounds, mean, variance and shape are those of the distribution', async () => {
    const size = golden.shape.reduce((a, b) => a * b, 1);
    const values: number[] = [];
    for (let seed = 0; values.length < DRAWN && seed < 400; seed++) {
      values.push(...(await drawn(golden.shape, make(golden), seed)));
    }
    const n = values.length;
    expect(n).toBe(Math.min(400, Math.ceil(DRAWN / size)) * size);
    const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY, variance } = golden;
    // A draw at the very end may be rounded beyond it.
    const slack = 1e-6 * Math.sqrt(variance);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low - slack);
    expect(Math.max(...values)).toBeLessThanOrEqual(high + slack);
    const mean = values.reduce((a, b) => a + b, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / n));
    const spread = values.reduce((sum, x) => sum + x * x, 0) / n;
    // The variance of x² is at most 2 σ⁴ for a normal distribution, less for these others.
    expect(Math.abs(spread - variance)).toBeLessThan(5 * variance * Math.sqrt(2 / n));
    // Kolmogorov and Smirnov: 1.95 / √n is exceeded once in a thousand times.
    values.sort((a, b) => a - b);
    const distance = values.reduce((most, x, i) => Math.max(most, Math.abs(below(golden, x) - (i + 0.5) / n)), 0);
    expect(distance).toBeLessThan(2.4 / Math.sqrt(n));
  });
});

describe('those of no size', () => {
  const defaults = new Map(simple?.initializers.map(({ initializer, defaults }) => [initializer, defaults]));

  test('Zeros, Ones, Constant', async () => {
    expect([...(await drawn([3], 'zeros'))]).toEqual([0, 0, 0]);
    expect([...(await drawn([3], 'ones'))]).toEqual([1, 1, 1]);
    const constant = make({ initializer: 'Constant', options: defaults.get('Constant') as object });
    expect([...(await drawn([2, 2], constant))]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test.each([
    [3, 3],
    [2, 5],
    [5, 2],
    [1, 1],
    [33, 17],
  ])('Identity of %i rows and %i columns', async (rows, columns) => {
    const data = await drawn([rows, columns], new initializers.Identity({ gain: 1.5 }));
    const expected = Array.from(data, (_, i) => (Math.floor(i / columns) === i % columns ? 1.5 : 0));
    expect([...data]).toEqual(expected);
  });

  test('RandomNormal, RandomUniform and TruncatedNormal by default', async () => {
    for (const [name, sigma, most] of [
      ['random_normal', 0.05, 0.3],
      ['random_uniform', 0.05 / Math.sqrt(3), 0.05],
      ['truncated_normal', 0.05 * 0.8796256610342398, 0.1],
    ] as const) {
      const data = await drawn([200, 100], name);
      const spread = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
      expect(Math.abs(spread / sigma - 1)).toBeLessThan(0.03);
      expect(data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0)).toBeLessThanOrEqual(Math.fround(most));
    }
    const shifted = await drawn([1000], new initializers.RandomNormal({ mean: 3, stddev: 0 }));
    expect(new Set(shifted)).toEqual(new Set([3]));
  });

  test('draws that are independent: neighbours do not correlate', async () => {
    const data = await drawn([40_000], new initializers.RandomNormal({ stddev: 1 }));
    for (const lag of [1, 2, 16]) {
      const sum = data.subarray(lag).reduce((total, x, i) => total + x * (data[i] as number), 0);
      expect(Math.abs(sum / data.length)).toBeLessThan(5 / Math.sqrt(data.length));
    }
  });
});

describe('Orthogonal', () => {
  test.each([
    [1, 1],
    [16, 16],
    [17, 31],
    [63, 33],
    [200, 128],
  ])('%i rows and %i columns', async (rows, columns) => {
    const data = await drawn([rows, columns], new initializers.Orthogonal({ gain: 2 }));
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const at = (vector: number, i: number) =>
      data[rows < columns ? vector * columns + i : i * columns + vector] as number;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let i = 0; i < length; i++) sum += at(a, i) * at(b, i);
        expect(Math.abs(sum / 4 - (a === b ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
  });

  test('axes but the last count as one', async () => {
    const flat = await drawn([18, 4], new initializers.Orthogonal());
    expect(await drawn([3, 3, 2, 4], 'orthogonal')).toEqual(flat);
  });
});

describe('names and refusals', () => {
  test.each([
    'he_normal',
    'HeUniform',
    'lecunNormal',
    'lecun_uniform',
    'glorot_normal',
    'variance_scaling',
    'normal',
    'uniform',
    'one',
    'zero',
    'identity',
  ])('%s', async (name) => {
    expect((await drawn([4, 4], name)).length).toBe(16);
  });

  test.each([
    ['Identity of one axis', () => drawn([3], 'identity'), 'SHAPE_MISMATCH Identity'],
    ['Orthogonal of one axis', () => drawn([3], 'orthogonal'), 'SHAPE_MISMATCH Orthogonal'],
    ['a negative spread', () => new initializers.RandomNormal({ stddev: -1 }), 'INVALID_VALUE RandomNormal stddev'],
    ['a scale of 0', () => new initializers.VarianceScaling({ scale: 0 }), 'INVALID_VALUE VarianceScaling scale'],
    [
      'another mode',
      () => new initializers.VarianceScaling({ mode: 'fan' as 'fan_in' }),
      'INVALID_VALUE VarianceScaling mode',
    ],
    ['another option', () => new initializers.HeNormal({ sigma: 1 } as never), 'UNKNOWN_OPTION HeNormal'],
  ])('%s', async (_, work, expected) => {
    expect(await refusal(work)).toContain(expected);
  });

  test('as plain data and back', () => {
    for (const Class of [initializers.VarianceScaling, initializers.RandomNormal, initializers.Orthogonal]) {
      const config = new Class().getConfig();
      expect((Class as typeof initializers.VarianceScaling).fromConfig(config).getConfig()).toEqual(config);
    }
  });
});
