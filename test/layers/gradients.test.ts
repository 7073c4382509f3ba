// Gradients of layers against central differences of the f64 oracle, at awkward sizes, in training.

import {
  type AnyLayer,
  BatchNormalization,
  Concatenate,
  checkGradients,
  Dot,
  Embedding,
  GroupNormalization,
  LayerNormalization,
  type Operand,
  ops,
  PReLU,
  RMSNormalization,
  type Tensor,
  UnitNormalization,
  type Variable,
  variable,
} from 'descend';
import { expect, test } from 'vitest';
import { noise } from '../noise.js';

function filled(shape: number[], seed: number): Variable {
  const size = shape.reduce((product, length) => product * length, 1);
  return variable(noise(size, seed), shape);
}

test.each<[name: string, layer: () => AnyLayer, shapes: number[][]]>([
  ['BatchNormalization', () => new BatchNormalization(), [[2, 1]]],
  ['BatchNormalization', () => new BatchNormalization(), [[17, 3]]],
  ['BatchNormalization', () => new BatchNormalization({ axis: 1 }), [[3, 5, 15]]],
  ['LayerNormalization', () => new LayerNormalization(), [[1, 2]]],
  ['LayerNormalization', () => new LayerNormalization(), [[2, 3, 31]]],
  ['LayerNormalization', () => new LayerNormalization({ axis: [1, 2] }), [[1, 1, 15, 2]]],
  ['GroupNormalization', () => new GroupNormalization({ groups: 3 }), [[2, 15]]],
  ['GroupNormalization', () => new GroupNormalization({ groups: 3 }), [[2, 5, 33]]],
  ['RMSNormalization', () => new RMSNormalization(), [[1, 1]]],
  ['RMSNormalization', () => new RMSNormalization(), [[3, 17]]],
  ['UnitNormalization', () => new UnitNormalization(), [[3, 31]]],
  ['PReLU', () => new PReLU({ alphaInitializer: 'random_normal' }), [[3, 17]]],
  [
    'Concatenate',
    () => new Concatenate(),
    [
      [2, 1],
      [2, 16],
    ],
  ],
  [
    'Concatenate',
    () => new Concatenate({ axis: 1 }),
    [
      [2, 1, 15],
      [2, 3, 15],
    ],
  ],
  [
    'Dot',
    () => new Dot({ axes: -1, normalize: true }),
    [
      [2, 1],
      [2, 1],
    ],
  ],
  [
    'Dot',
    () => new Dot({ axes: [2, 2] }),
    [
      [3, 2, 17],
      [3, 5, 17],
    ],
  ],
])('%s', async (_, make, shapes) => {
  const layer = make();
  const inputs = shapes.map((shape, i) => filled(shape, i + 1));
  const x = (layer.takes === 'list' ? inputs : inputs[0]) as Operand;
  const value = (): Tensor => {
    const y = layer.apply(x, { training: true }) as Tensor;
    // Weighed unevenly: sums of normalized numbers do not move.
    return ops.sum(ops.mul(y, ops.sin(ops.add(y, 1))));
  };
  const report = await checkGradients(value, inputs);
  expect(report, JSON.stringify(report.worst)).toMatchObject({ ok: true });
  const weights = layer.weights.filter(({ trainable }) => trainable);
  if (weights.length > 0) expect(await checkGradients(value, weights)).toMatchObject({ ok: true });
});

test('Embedding, of rows met several times', async () => {
  const layer = new Embedding({ inputDim: 5, outputDim: 3 });
  const words = variable(Int32Array.of(0, 4, 4, 2, 0, 4), [2, 3]);
  const value = (): Tensor => ops.sum(ops.square(ops.add(layer.apply(words), 1)));
  layer.computeOutputShape([3]);
  expect(await checkGradients(value, layer.weights)).toMatchObject({ ok: true });
});
