// Rules that look at whole tensors and have no reference numbers, against the same in f64 from their papers (whole.ts), both
// going on from one f32 state; and which variables count as matrices.

import { type Optimizer, optimizers, type Variable, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { RULES, type Tensor } from './whole.js';

const SHAPES = [[5, 5], [7, 4], [17, 3], [2, 3, 4], [1, 6], [9], []] as const;
/** Steps before the two part, and steps after that. SOAP improves its bases at 41 and 51. */
const BEFORE = 37;
const AFTER = 16;

/**
 * How far apart they may be after some steps: as a part of the magnitudes of each parameter and its changes, added up over
 * the steps. SOAP's bases amplify rounding by the ratio of neighbouring eigenvalues.
 */
const BOUNDS: Readonly<Record<string, number>> = { StableAdamW: 5 * 2 ** -24, DoG: 5 * 2 ** -24, SOAP: 32 * 2 ** -24 };

const product = (shape: readonly number[]): number => shape.reduce((total, n) => total * n, 1);
const gradient = (w: Variable, i: number, t: number): Float32Array =>
  noise(w.size, 100 * t + i).map((x) => x * (1 + i));

/** What is kept of each variable, in f64; numbers are kept as sums of two floats. */
function tensorsOf(optimizer: Optimizer, variables: readonly Variable[]): Tensor[] {
  const { variables: saved } = optimizer.stateDict();
  return variables.map((w) => {
    // Before its first step it keeps nothing, where the rules have zeros.
    const zeros = { momentum: w, velocity: w, sums: { data: [0, 0, 0, 0] } };
    const pieces = Object.entries(saved[w.name] ?? zeros).map(([name, { data }]) => {
      if (!(w.name in saved) && name !== 'sums') return [name, [...data].fill(0)] as const;
      const numbers = name === 'sums' ? [data[0]! + data[1]!, data[2]! + data[3]!] : [...data];
      return [name, numbers] as const;
    });
    const columns = w.shape.length < 2 ? w.size : w.shape.at(-1)!;
    return { w: [...w.data], g: [], shape: [w.size / columns, columns], s: Object.fromEntries(pieces) };
  });
}

/** How many times its bound the farthest parameter is off. */
function worstOf(className: string, config: Record<string, number>, before: number): number {
  const optimizer = optimizers.get({ className, config });
  const variables = SHAPES.map((shape, i) => variable(noise(product(shape), i), [...shape], { name: `w${i}` }));
  const step = (t: number) => optimizer.applyGradients(variables.map((w, i) => [gradient(w, i, t), w]));
  for (let t = 0; t < before; t++) step(t);
  const options = optimizer.getConfig() as Record<string, number>;
  let worst = 0;
  const tensors = tensorsOf(optimizer, variables);
  const magnitudes = tensors.map(({ w }) => w.map(() => 0));
  for (let t = before; t < before + AFTER; t++) {
    const old = tensors.map(({ w }) => [...w]);
    for (const [i, { g }] of tensors.entries()) g.splice(0, g.length, ...gradient(variables[i]!, i, t));
    step(t);
    RULES[className]!(tensors, options, t + 1);
    for (const [i, { w }] of tensors.entries()) {
      for (const [j, want] of w.entries()) {
        magnitudes[i]![j]! += Math.abs(want) + Math.abs(want - old[i]![j]!);
        const off = Math.abs(variables[i]!.data[j]! - want) / (BOUNDS[className]! * magnitudes[i]![j]!);
        worst = Math.max(worst, off);
      }
    }
  }
  return worst;
}

describe('as in f64', () => {
  test.each([
    ['StableAdamW', {}],
    ['StableAdamW', { learningRate: 0.01, weightDecay: 0.5, beta1: 0.8, beta2: 0.5, epsilon: 1e-3 }],
    ['DoG', {}],
    ['DoG', { learningRate: 0.5, initStep: 0.01, epsilon: 0.125 }],
    ['SOAP', {}],
    ['SOAP', { learningRate: 0.5, beta1: 0.8, beta2: 0.9, shampooBeta: 0.9, epsilon: 1e-4, preconditionFrequency: 4 }],
  ] as const)('%s %j', (className, config) => {
    // SOAP begins with bases of its own making; in the other two the first step counts as well.
    for (const before of className === 'SOAP' ? [BEFORE] : [0, BEFORE]) {
      expect(worstOf(className, config, before)).toBeLessThanOrEqual(1);
    }
  });
});

describe('what counts as a matrix', () => {
  const step = (optimizer: Optimizer, name: string, shape: number[]): { moved: number[]; state: string[] } => {
    const w = variable(noise(36, 1), shape, { name });
    for (let t = 0; t < 3; t++) optimizer.applyGradients([[noise(36, 10 + t), w]]);
    const state = Object.entries(optimizer.stateDict().variables[name]!).map(
      ([slot, { data }]) => `${slot} ${data.length}`,
    );
    return { moved: [...w.data], state };
  };

  test.each(['Muon', 'SOAP', 'Adafactor', 'SM3'])('%s takes what is excluded for a vector', (className) => {
    const make = (config: object = {}) => optimizers.get({ className, config: { ...config } });
    const [matrix, vector] = [step(make(), 'dense/kernel', [4, 9]), step(make(), 'dense/bias', [36])];
    expect(matrix).not.toEqual(vector);
    expect(step(make({ excludeLayers: ['nse/', 'other'] }), 'dense/kernel', [4, 9])).toEqual(vector);
    expect(step(make({ excludeLayers: [/^dense/] }), 'dense/kernel', [2, 9, 2])).toEqual(vector);
    expect(step(make({ excludeLayers: ['other'] }), 'dense/kernel', [4, 9])).toEqual(matrix);
  });

  test('to Muon no embedding does, unless asked', () => {
    const [matrix, vector] = [step(new optimizers.Muon(), 'a', [4, 9]), step(new optimizers.Muon(), 'a', [36])];
    expect(step(new optimizers.Muon(), 'Embedding_1/table', [4, 9])).toEqual(vector);
    expect(step(new optimizers.Muon({ excludeEmbeddings: false }), 'embedding', [4, 9])).toEqual(matrix);
  });

  test('is kept in configurations, and refused where no matrix is more than a vector', () => {
    const excludeLayers = ['head', /^x/i];
    const muon = new optimizers.Muon({ excludeLayers, excludeFromWeightDecay: ['bias'] });
    const again = optimizers.get(JSON.parse(JSON.stringify(optimizers.serialize(muon))));
    expect(again.getConfig()).toEqual(muon.getConfig());
    const { configFor } = muon as unknown as { configFor(this: Optimizer, names: string[]): object };
    expect(configFor.call(muon, ['head/kernel', 'xs', 'body'])).toMatchObject({
      excludeLayers: ['head', 'xs'],
      excludeFromWeightDecay: ['bias'],
    });
    const adam = () => new optimizers.Adam({ excludeLayers } as never);
    expect(adam).toThrow(/a known option.*excludeLayers/);
    expect(() => new optimizers.Muon({ excludeLayers: 'head' } as never)).toThrow(/Muon: excludeLayers: expected/);
  });
});

describe('the size of a step of Muon', () => {
  const moved = (shape: number[], config: object): number[] => {
    const w = variable(new Float32Array(36), shape);
    new optimizers.Muon({ learningRate: 1, rmsRate: 0, ...config }).applyGradients([[noise(36, 3), w]]);
    return [...w.data];
  };

  test.each([
    ['rmsRate', { rmsRate: 0.5 }, [4, 9], 1.5],
    ['rmsRate', { rmsRate: 0.5 }, [9, 4], 1.5],
    ['spectralUnclamped', { spectralUnclamped: true }, [4, 9], 1.5],
    ['spectralUnclamped', { spectralUnclamped: true, rmsRate: 0.5 }, [9, 4], 2 / 3],
  ] as const)('by %s, %j, of %j', (_, config, shape, factor) => {
    const plain = moved([...shape], {});
    for (const [i, x] of moved([...shape], config).entries()) expect(x).toBeCloseTo(factor * plain[i]!, 6);
  });

  test("by shape, as PyTorch's matrices lie and as Optax's do", () => {
    const size = (x: number[]): number => Math.sqrt(x.reduce((total, y) => total + y * y, 0));
    const of = (shape: number[], parity: string, config = {}): number => size(moved(shape, { parity, ...config }));
    expect(of([9, 4], 'torch') / of([9, 4], 'torch', { rmsRate: 1 })).toBeCloseTo(1.5 / 3, 6);
    expect(of([4, 9], 'torch') / of([4, 9], 'torch', { rmsRate: 1 })).toBeCloseTo(1 / 3, 6);
    expect(of([4, 9], 'torch', { spectralUnclamped: true }) / of([4, 9], 'torch')).toBeCloseTo(2 / 3, 6);
    expect(of([4, 9], 'optax') / of([4, 9], 'optax', { rmsRate: 1 })).toBeCloseTo(1.5 / 3, 6);
    expect(of([9, 4], 'optax') / of([9, 4], 'optax', { rmsRate: 1 })).toBeCloseTo(1 / 3, 6);
  });
});
