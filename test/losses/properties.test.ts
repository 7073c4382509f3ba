// What holds for every loss: gradients are those of finite differences, weights of 0 and masks leave samples out, and what
// cannot be meant is refused.

import { checkGradients, Dense, losses, ops, Sequential, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../golden.js';
import { refusal } from '../models/small.js';
import { noise } from '../noise.js';

type Kind = 'numbers' | 'signs' | 'rates' | 'distribution' | 'labels' | 'yes';

/** Every loss with the targets it takes, by its name in some spelling. */
const LOSSES: readonly [name: string, kind: Kind, options?: object][] = [
  ['mean_squared_error', 'numbers'],
  ['mse', 'numbers'],
  ['meanAbsoluteError', 'numbers'],
  ['mae', 'numbers'],
  ['MeanAbsolutePercentageError', 'rates'],
  ['mape', 'rates'],
  ['mean_squared_logarithmic_error', 'rates'],
  ['msle', 'rates'],
  ['cosineSimilarity', 'numbers'],
  ['huber', 'numbers', { delta: 0.3 }],
  ['log_cosh', 'numbers'],
  ['logcosh', 'numbers'],
  ['hinge', 'signs'],
  ['squaredHinge', 'signs'],
  ['categorical_hinge', 'yes'],
  ['poisson', 'rates'],
  ['KLDivergence', 'distribution'],
  ['kl_divergence', 'distribution'],
  ['kld', 'distribution'],
  ['binaryCrossentropy', 'yes', { labelSmoothing: 0.1 }],
  ['bce', 'yes'],
  ['binary_focal_crossentropy', 'yes', { gamma: 1.7, applyClassBalancing: true }],
  ['categoricalCrossentropy', 'distribution', { labelSmoothing: 0.2 }],
  ['categorical_focal_crossentropy', 'distribution', { gamma: 3.1 }],
  ['sparseCategoricalCrossentropy', 'labels'],
  ['categorical_generalized_cross_entropy', 'labels', { q: 0.3 }],
  ['dice', 'yes', { axis: 1 }],
  ['tversky', 'yes', { axis: [1], alpha: 0.2, beta: 0.9 }],
];

/** The same sums in another order, relative to the largest number. */
const BOUND = 32 * 2 ** -24;

const ROWS = 7;
const CLASSES = 3;

/** Predictions from 0.1 to 0.9, and targets of a kind for them. */
function data(kind: Kind, rows = ROWS): { yTrue: { data: Float32Array; shape: number[] }; yPred: Float32Array } {
  const yPred = noise(rows * CLASSES, 5).map((value) => 0.5 + 0.4 * Math.sin(value));
  const drawn = noise(rows * CLASSES, 6);
  if (kind === 'labels') {
    return { yTrue: { data: Float32Array.from({ length: rows }, (_, i) => (i * 5) % 3), shape: [rows] }, yPred };
  }
  const of: Record<Exclude<Kind, 'labels'>, (value: number, i: number) => number> = {
    numbers: (value) => value,
    signs: (value) => Math.sign(value),
    rates: (value) => Math.abs(value) + 0.1,
    distribution: (_, i) => [0.2, 0.5, 0.3][i % 3] as number,
    yes: (value) => (value > 0 ? 1 : 0),
  };
  return { yTrue: { data: drawn.map(of[kind]), shape: [rows, CLASSES] }, yPred };
}

function lossOf(name: string, options: object = {}): losses.Loss {
  const model = new Sequential([new Dense({ units: CLASSES, inputShape: [2] })]);
  // Names are those that compile knows.
  model.compile({ loss: { className: name, config: options } });
  const { outputs } = (model as unknown as { compiled(what: string): { outputs: { loss: losses.Loss }[] } }).compiled(
    'test',
  );
  return outputs[0]!.loss;
}

describe.each(LOSSES)('%s', (name, kind, options = {}) => {
  test('gradients are those of finite differences', async () => {
    const { yTrue, yPred } = data(kind);
    const w = variable(yPred, [ROWS, CLASSES]);
    const sampleWeight = Float32Array.of(1, 2, 0, 0.5, 1, 3, 1);
    const loss = lossOf(name, options);
    const report = await checkGradients(() => loss.apply(yTrue, w, { sampleWeight }), [w]);
    expect(report.ok).toBe(true);
  });

  test.each(['sampleWeight', 'mask'] as const)('a %s of 0 leaves a sample out', async (what) => {
    const { yTrue, yPred } = data(kind);
    const keep = [0, 2, 3, 6];
    const weights = Float32Array.from({ length: ROWS }, (_, i) => (keep.includes(i) ? 1 : 0));
    const width = kind === 'labels' ? 1 : CLASSES;
    const rows = (from: ArrayLike<number>, size: number) =>
      Float32Array.from(keep.flatMap((row) => Array.from({ length: size }, (_, k) => from[row * size + k] as number)));
    const left = { data: rows(yTrue.data, width), shape: [keep.length, ...yTrue.shape.slice(1)] };
    // Of the sums that are divided by the weights, and by what a mask leaves.
    const reduction = what === 'mask' ? 'sumOverBatchSize' : 'meanWithSampleWeight';
    const [weighted, plain] = [lossOf(name, { ...options, reduction }), lossOf(name, options)];
    const [w, v] = [variable(yPred, [ROWS, CLASSES]), variable(rows(yPred, CLASSES), [keep.length, CLASSES])];
    const all = await valueAndGrad(() => weighted.apply(yTrue, w, { [what]: weights }), [w]);
    const some = await valueAndGrad(() => plain.apply(left, v), [v]);
    expectClose([all.value], [some.value], BOUND, 'value');
    expectClose(rows(all.grads[0]?.data ?? [], CLASSES), some.grads[0]?.data ?? [], BOUND, 'gradient');
    const others = (all.grads[0]?.data ?? []).filter((_, i) => !keep.includes(Math.floor(i / CLASSES)));
    expect(new Set(others.map(Math.abs))).toEqual(new Set([0]));
  });

  test('without a reduction the losses of samples, each times its weight', async () => {
    const { yTrue, yPred } = data(kind);
    const w = variable(yPred, [ROWS, CLASSES]);
    const sampleWeight = Float32Array.of(1, 2, 0, 0.5, 1, 3, 1);
    const [none, sum] = (['none', 'sum'] as const).map((reduction) => lossOf(name, { ...options, reduction }));
    const added = await valueAndGrad(() => ops.sum(none!.apply(yTrue, w, { sampleWeight })), [w]);
    const total = await valueAndGrad(() => sum!.apply(yTrue, w, { sampleWeight }), [w]);
    expect(added.value).toBe(total.value);
    expect(added.grads).toEqual(total.grads);
  });
});

describe('masks', () => {
  const w = variable(data('labels').yPred, [ROWS, CLASSES]);
  type Targets = Parameters<losses.Loss['apply']>[0];
  const apply = async (loss: losses.Loss, yTrue: Targets, weights: losses.LossWeights = {}) =>
    (await valueAndGrad(() => loss.apply(yTrue, w, weights), [w])).value;

  test('of nothing leave 0', async () => {
    const mask = new Float32Array(ROWS);
    expect(await apply(new losses.SparseCategoricalCrossentropy(), data('labels').yTrue, { mask })).toBe(0);
  });

  test('are true or not: any number but 0 counts as 1', async () => {
    const [a, b] = [Float32Array.of(1, 0, 1, 0, 1, 1, 0), Float32Array.of(5, 0, -1, 0, 0.25, 1, 0)];
    const loss = new losses.SparseCategoricalCrossentropy();
    expect(await apply(loss, data('labels').yTrue, { mask: a })).toBe(
      await apply(loss, data('labels').yTrue, { mask: b }),
    );
  });

  test('and an ignored class leave out what either leaves out', async () => {
    const labels = Float32Array.of(0, -1, 1, 2, -1, 0, 1);
    const mask = Float32Array.of(1, 1, 0, 1, 0, 1, 1);
    const both = await apply(new losses.SparseCategoricalCrossentropy({ ignoreClass: -1 }), labels, { mask });
    const known = labels.map((label) => Math.max(label, 0));
    const left = Float32Array.of(1, 0, 0, 1, 0, 1, 1);
    expect(both).toBeCloseTo(await apply(new losses.SparseCategoricalCrossentropy(), known, { mask: left }), 6);
  });
});

describe('other axes', () => {
  const logits = variable(noise(24, 8), [2, 3, 4]);
  const turned = () => ops.transpose(logits, [0, 2, 1]);

  test('classes may be on any axis', async () => {
    const [labels, target] = [Int32Array.from({ length: 8 }, (_, i) => i % 3), noise(24, 9).map(Math.abs)];
    const sparse = { data: labels, shape: [2, 4] };
    const value = async (fn: () => Parameters<typeof ops.sum>[0]) =>
      (await valueAndGrad(() => ops.sum(fn()), [logits])).value;
    for (const axis of [1, -2]) {
      const [across, last] = [{ fromLogits: true, axis }, { fromLogits: true }];
      const loss = (options: object) => new losses.SparseCategoricalCrossentropy(options);
      expect(await value(() => loss(across).apply(sparse, logits))).toBe(
        await value(() => loss(last).apply(sparse, turned())),
      );
      const categorical = (options: object) => new losses.CategoricalCrossentropy({ ...options, labelSmoothing: 0.1 });
      const given = { data: target, shape: [2, 3, 4] };
      expect(await value(() => categorical(across).apply(given, logits))).toBeCloseTo(
        await value(() => categorical(last).apply(ops.transpose(given, [0, 2, 1]), turned())),
        5,
      );
    }
  });
});

describe('is refused', () => {
  const w = variable([0.2, 0.8], [1, 2]);
  const apply = (loss: losses.Loss, y: unknown, weights?: object) => () =>
    valueAndGrad(() => loss.apply(y as never, w, weights), [w]);

  test.each<[string, () => unknown, string]>([
    ['a reduction', () => new losses.Huber({ reduction: 'average' as 'sum' }), 'INVALID_VALUE Huber reduction'],
    ['a negative delta', () => new losses.Huber({ delta: -1 }), 'INVALID_VALUE Huber delta'],
    [
      'an axis of text',
      () => new losses.CosineSimilarity({ axis: 'x' as never }),
      'INVALID_VALUE CosineSimilarity axis',
    ],
    ['an axis that is not there', apply(new losses.CosineSimilarity({ axis: 2 }), [[1, 0]]), 'INVALID_VALUE'],
    ['no axes', () => new losses.Dice({ axis: [] }), 'INVALID_VALUE Dice axis'],
    ['smoothing beyond 1', () => new losses.CategoricalCrossentropy({ labelSmoothing: 1.5 }), 'INVALID_VALUE'],
    ['q of 1', () => new losses.CategoricalGeneralizedCrossEntropy({ q: 1 }), 'INVALID_VALUE'],
    ['gamma of NaN', () => new losses.BinaryFocalCrossentropy({ gamma: Number.NaN }), 'INVALID_VALUE'],
    ['an unknown option', () => new losses.Tversky({ gamma: 1 } as never), 'UNKNOWN_OPTION Tversky'],
    ['an unknown weight', apply(new losses.Hinge(), [[1, 1]], { weight: 1 }), 'UNKNOWN_OPTION Hinge apply'],
    [
      'weights of more axes',
      apply(new losses.Hinge(), [[1, 1]], { sampleWeight: [[1, 1]] }),
      'SHAPE_MISMATCH sampleWeight',
    ],
    ['weights of another length', apply(new losses.Hinge(), [[1, 1]], { mask: [1, 1] }), 'SHAPE_MISMATCH mask'],
    ['targets of another shape', apply(new losses.KLDivergence(), [[1, 1, 1]]), 'SHAPE_MISMATCH KLDivergence'],
  ])('%s', async (_, work, expected) => {
    expect(await refusal(work)).toContain(expected);
  });

  test('a label that is no class, unless it is ignored', async () => {
    const model = new Sequential([new Dense({ units: 2, activation: 'softmax', inputShape: [1] })]);
    model.compile({ loss: 'categorical_generalized_cross_entropy' });
    expect(await refusal(() => model.fit([1, 2], [0, 2], { verbose: 0 }))).toContain('LABEL_OUT_OF_RANGE y[1]');
    model.compile({ loss: new losses.SparseCategoricalCrossentropy({ ignoreClass: 255 }) });
    await model.fit([1, 2], Uint8Array.of(0, 255), { verbose: 0 });
    expect(await refusal(() => model.fit([1, 2], [0, 2], { verbose: 0 }))).toContain('LABEL_OUT_OF_RANGE y[1]');
  });
});
