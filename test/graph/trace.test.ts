// Tracing is pure: the same function gives the same bytes whatever its numbers, symbolic sizes follow the rules, and
// what an op cannot take is refused by name. No engine runs here.

import { describe, expect, test } from 'vitest';
import { B, Batch, checkDims, makeDim, quotient, sizeOf } from '../../ts/src/graph/dims.js';
import { encodePlan } from '../../ts/src/graph/encode.js';
import * as ops from '../../ts/src/graph/ops.js';
import type { Operand, Tensor } from '../../ts/src/graph/tensor.js';
import { Tracer } from '../../ts/src/graph/trace.js';
import { typeOf } from './type-of.js';

function trace(fn: (x: Tensor) => Operand): { tracer: Tracer; bytes: Uint8Array } {
  const tracer = new Tracer();
  const x = tracer.batch([3], 'float32');
  const y = tracer.operand(
    tracer.run(() => fn(x)),
    'result',
  );
  const [dx] = tracer.gradients([y], [x]);
  return { tracer, bytes: encodePlan(tracer, { reports: [y], writes: [dx as Tensor] }) };
}

describe('bytes', () => {
  const model = (weights: Float32Array, factor: number) => (x: Tensor) =>
    ops.mean(ops.mul(ops.tanh(ops.matmul(x, { data: weights, shape: [3, 2] })), factor));

  test('do not depend on captured numbers', () => {
    const a = trace(model(new Float32Array(6).fill(1), 0.5));
    const b = trace(model(new Float32Array(6).fill(-7), 3));
    expect(b.bytes).toEqual(a.bytes);
    expect(a.tracer.scalars).toEqual([0.5]);
    expect(b.tracer.scalars).toEqual([3]);
  });

  test('depend on shapes, structure and options', () => {
    const bytes = [
      (x: Tensor) => ops.mean(x),
      (x: Tensor) => ops.sum(x),
      (x: Tensor) => ops.mean(ops.mul(x, 2)),
      (x: Tensor) => ops.mean(ops.clip(x, 0, 1)),
      (x: Tensor) => ops.mean(ops.clip(x, 0, 2)),
      (x: Tensor) => ops.mean(ops.dropout(x, 0.5)),
      (x: Tensor) => ops.mean(ops.dropout(x, 0.5, { name: 'other' })),
    ].map((fn) => trace(fn).bytes.join());
    expect(new Set(bytes).size).toBe(bytes.length);
  });

  test('equal numbers are scalars of their own, one array is one slot', () => {
    const array = new Float32Array([1, 2, 3]);
    const { tracer } = trace((x) => ops.mean(ops.add(ops.mul(x, 2), ops.add(ops.mul(array, array), 2))));
    expect(tracer.scalars).toEqual([2, 2]);
    expect(tracer.slots).toHaveLength(1);
  });

  test('begin with the magic and the version', () => {
    const { bytes } = trace((x) => ops.mean(x));
    expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe('descend\0');
    expect(bytes[8]).toBe(3);
  });
});

describe('sizes', () => {
  test('print as products of the batch', () => {
    expect([B, new Batch(2, 1), new Batch(1, 2), new Batch(3, 2)].join(' ')).toBe('B 2B B^2 3B^2');
  });

  test('multiply and divide', () => {
    expect(sizeOf([B, 3, 2])).toEqual(new Batch(6, 1));
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([B, 0])).toBe(0);
    expect(quotient(new Batch(6, 1), 3)).toEqual(new Batch(2, 1));
    expect(quotient(new Batch(6, 1), B)).toBe(6);
    expect(quotient(new Batch(6, 1), 4)).toBeUndefined();
    expect(quotient(6, B)).toBeUndefined();
    expect(makeDim(0, 1)).toBe(0);
  });

  test.each([
    [[-1]],
    [[1.5]],
    [[Number.NaN]],
    [[2 ** 31]],
    [[2 ** 53 + 2]],
    [[65536, 65536]],
    [Array(17).fill(1)],
    [[B, B, B, B, B]],
    ['3'],
    [null],
    [[null]],
  ])('%j is no shape', (shape) => {
    expect(() => checkDims(shape, 'x')).toThrow(expect.objectContaining({ code: 'INVALID_SHAPE' }));
  });
});

describe('shape rules', () => {
  const w = (...shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape });

  test.each<[string, readonly number[], (x: Tensor) => Operand, string]>([
    ['add a row', [3], (x) => ops.add(x, w(3)), 'float32[B, 3]'],
    ['add a column', [3], (x) => ops.add(x, w(1, 1)), 'float32[B, 3]'],
    ['add more axes', [3], (x) => ops.add(x, w(4, 1, 3)), 'float32[4, B, 3]'],
    ['compare', [3], (x) => ops.greater(x, 0), 'bool[B, 3]'],
    ['compare with integers', [3], (x) => ops.lessEqual(ops.argmax(x), new Int32Array([1])), 'bool[B]'],
    ['decide', [3], (x) => ops.logicalAnd(ops.isNan(x), ops.logicalOr(x, w(4, 1, 1))), 'bool[4, B, 3]'],
    ['where', [3], (x) => ops.where(ops.isFinite(x), w(4, 1, 1), 0), 'float32[4, B, 3]'],
    ['where of integers', [3], (x) => ops.where(x, ops.cast(x, 'int32'), new Int32Array(3)), 'int32[B, 3]'],
    ['pow', [3], (x) => ops.pow(x, w(4, 1, 1)), 'float32[4, B, 3]'],
    ['gelu', [3], (x) => ops.gelu(x, { approximate: true }), 'float32[B, 3]'],
    ['glu', [6], (x) => ops.glu(x), 'float32[B, 3]'],
    ['matmul', [3], (x) => ops.matmul(x, w(3, 5)), 'float32[B, 5]'],
    ['matmul transposeB', [3], (x) => ops.matmul(x, w(5, 3), { transposeB: true }), 'float32[B, 5]'],
    ['matmul transposeA', [3], (x) => ops.matmul(x, w(7, 1), { transposeA: true }), 'error'],
    ['matmul of several', [4, 3], (x) => ops.matmul(x, w(3, 5)), 'float32[B, 4, 5]'],
    ['matmul of many', [4, 3], (x) => ops.matmul(x, x, { transposeB: true }), 'float32[B, 4, 4]'],
    ['matmul of many, broadcast', [4, 3], (x) => ops.matmul(w(7, 1, 3, 4), x), 'float32[7, B, 3, 3]'],
    ['matmul of many by one', [4, 3], (x) => ops.matmul(x, w(4, 2), { transposeA: true }), 'float32[B, 3, 2]'],
    ['einsum', [4, 3], (x) => ops.einsum('bij,jk->kbi', x, w(3, 5)), 'float32[5, B, 4]'],
    ['einsum over the batch', [4, 3], (x) => ops.einsum('bij,bkj->ik', x, x), 'float32[4, 4]'],
    ['einsum without a result', [4, 3], (x) => ops.einsum('cba,cba', x, x), 'float32[]'],
    ['stack', [4], (x) => ops.stack([x, x], { axis: -1 }), 'float32[B, 4, 2]'],
    ['split', [4], (x) => ops.split(x, [1], { axis: 1 })[1] as Tensor, 'float32[B, 3]'],
    [
      'pad',
      [4],
      (x) =>
        ops.pad(ops.argmax(ops.expandDims(x, 1)), [
          [0, 0],
          [1, 2],
        ]),
      'int32[B, 4]',
    ],
    ['tile', [4], (x) => ops.tile(x, [3, 2]), 'float32[3B, 8]'],
    ['repeat', [4], (x) => ops.repeat(x, 2, { axis: 0 }), 'float32[2B, 4]'],
    ['repeat all', [4], (x) => ops.repeat(x, 2), 'float32[8B]'],
    ['flip', [4], (x) => ops.flip(x), 'float32[B, 4]'],
    ['expandDims', [4], (x) => ops.expandDims(x, -1), 'float32[B, 4, 1]'],
    ['squeeze', [1, 4, 1], (x) => ops.squeeze(x, -1), 'float32[B, 1, 4]'],
    ['squeeze all', [1, 4, 1], (x) => ops.squeeze(x), 'float32[B, 4]'],
    ['oneHot', [4], (x) => ops.oneHot(ops.argmax(x), 4), 'float32[B, 4]'],
    ['oneHot in front', [4], (x) => ops.oneHot(ops.argmax(x), 4, { axis: 0 }), 'float32[4, B]'],
    ['min', [4], (x) => ops.min(x, { axis: 0 }), 'float32[4]'],
    ['prod', [4], (x) => ops.prod(x, { axis: 1, keepDims: true }), 'float32[B, 1]'],
    ['logSumExp', [4], (x) => ops.logSumExp(x, { axis: 1 }), 'float32[B]'],
    ['norm', [4], (x) => ops.norm(x, { axis: 1, keepDims: true }), 'float32[B, 1]'],
    ['argmin of an axis', [4, 3], (x) => ops.argmin(x, { axis: 1 }), 'int32[B, 3]'],
    ['cumsum', [4], (x) => ops.cumsum(x), 'float32[4B]'],
    ['sort', [4, 3], (x) => ops.sort(x, { axis: 1 }), 'float32[B, 4, 3]'],
    ['topK', [4], (x) => ops.topK(x, 2).indices, 'int32[B, 2]'],
    ['reshape', [4, 3], (x) => ops.reshape(x, [x.shape[0] as number, -1]), 'float32[B, 12]'],
    ['reshape all', [4, 3], (x) => ops.reshape(x, [-1]), 'float32[12B]'],
    ['reshape back', [12], (x) => ops.reshape(x, [-1, 3]), 'float32[4B, 3]'],
    ['reshape of nothing', [0], (x) => ops.reshape(x, [0, -1]), 'float32[0, 0]'],
    ['sum', [4, 3], (x) => ops.sum(x), 'float32[]'],
    ['sum over the batch', [4, 3], (x) => ops.sum(x, { axis: 0 }), 'float32[4, 3]'],
    ['sum kept', [4, 3], (x) => ops.sum(x, { axis: [-1, 1], keepDims: true }), 'float32[B, 1, 1]'],
    ['mean', [4, 3], (x) => ops.mean(x, { axis: -1 }), 'float32[B, 4]'],
    ['argmax', [4, 3], (x) => ops.argmax(x), 'int32[B, 4]'],
    ['transpose', [4, 3], (x) => ops.transpose(x), 'float32[3, 4, B]'],
    ['transpose by', [4, 3], (x) => ops.transpose(x, [0, 2, 1]), 'float32[B, 3, 4]'],
    ['gather', [4], (x) => ops.gather(w(9, 2), ops.argmax(x)), 'float32[B, 2]'],
    ['pick', [4], (x) => ops.pick(x, ops.argmax(x)), 'float32[B]'],
    ['slice', [4], (x) => ops.slice(x, { axis: 1, start: 1, length: 2 }), 'float32[B, 2]'],
    ['concat', [4], (x) => ops.concat([x, x, ops.relu(x)], { axis: -1 }), 'float32[B, 12]'],
    ['concat of batches', [4], (x) => ops.concat([x, x]), 'float32[2B, 4]'],
    ['cast', [4], (x) => ops.cast(x, 'int32'), 'int32[B, 4]'],
    ['broadcastTo', [4], (x) => ops.broadcastTo(w(4), x.shape), 'float32[B, 4]'],
    ['sparseCrossEntropy', [4], (x) => ops.sparseCrossEntropy(x, ops.argmax(x)), 'float32[B]'],
    ['categoricalCrossEntropy', [4], (x) => ops.categoricalCrossEntropy(x, x), 'float32[B]'],
    ['binaryCrossEntropy', [4], (x) => ops.binaryCrossEntropy(x, x), 'float32[B, 4]'],
    ['gradients', [4], (x) => ops.gradients(ops.sum(x), [x])[0] as Tensor, 'float32[B, 4]'],
  ])('%s', (_, shape, fn, expected) => {
    const got = typeOf(shape, fn);
    if (expected === 'error') expect(got).toMatch(/^SHAPE_MISMATCH/);
    else expect(got).toBe(expected);
  });

  test.each<[string, (x: Tensor) => Operand, string]>([
    [
      'matmul',
      (x) => ops.matmul(x, w(4, 5)),
      'SHAPE_MISMATCH matmul: expected inner sizes to be equal, got [B, 3] and [4, 5]',
    ],
    [
      'a vector',
      (x) => ops.matmul(x, w(3)),
      'SHAPE_MISMATCH matmul: expected two matrices, or several of them, got [B, 3] and [3]',
    ],
    ['add', (x) => ops.add(x, w(2)), 'SHAPE_MISMATCH add: expected shapes that broadcast, got [B, 3] and [2]'],
    [
      'batch + rows',
      (x) => ops.add(x, w(5, 3)),
      'SHAPE_MISMATCH add: expected shapes that broadcast, got [B, 3] and [5, 3]',
    ],
    [
      'reshape',
      (x) => ops.reshape(x, [4]),
      'SHAPE_MISMATCH reshape: expected a shape of 3B elements for [B, 3], got [4]',
    ],
    [
      'two holes',
      (x) => ops.reshape(x, [-1, -1]),
      'INVALID_SHAPE reshape: expected axis 1 to be a whole number from 0 to 2^31 - 1, got -1',
    ],
    ['axis', (x) => ops.sum(x, { axis: 2 }), 'INVALID_VALUE sum: expected an axis of [B, 3], got 2'],
    ['axis twice', (x) => ops.sum(x, { axis: [1, -1] }), 'INVALID_VALUE sum: expected each axis once, got [1, -1]'],
    [
      'slice of the batch',
      (x) => ops.slice(x, { start: 0, length: 1 }),
      'SHAPE_MISMATCH slice: expected an axis of fixed size, got [B, 3]',
    ],
    [
      'slice beyond',
      (x) => ops.slice(x, { axis: 1, start: 2, length: 2 }),
      'INVALID_VALUE slice: length: expected a whole number from 0 to 1, got 2',
    ],
    [
      'labels',
      (x) => ops.sparseCrossEntropy(x, w(3)),
      'SHAPE_MISMATCH sparse_cross_entropy: expected indices of shape [B], got [3] (one index for each row of the last axis)',
    ],
    [
      'targets',
      (x) => ops.categoricalCrossEntropy(x, w(3)),
      'SHAPE_MISMATCH categorical_cross_entropy: expected targets of shape [B, 3], got [3]',
    ],
    [
      'dtype',
      (x) => ops.tanh(ops.cast(x, 'int32')),
      "INVALID_DTYPE tanh: expected float32, got int32[B, 3] (ops.cast(x, 'float32'))",
    ],
    [
      'cast',
      (x) => ops.cast(x, 'float64' as 'float32'),
      "INVALID_DTYPE cast: expected 'float32', 'int32', 'uint8' or 'bool', got \"float64\"",
    ],
    ['rate', (x) => ops.dropout(x, 1), 'INVALID_VALUE dropout: expected a rate from 0 up to, not including, 1, got 1'],
    ['halves of three', (x) => ops.glu(x), 'SHAPE_MISMATCH glu: expected an even size of axis 1, got [B, 3]'],
    [
      'halves of the batch',
      (x) => ops.glu(x, { axis: 0 }),
      'SHAPE_MISMATCH glu: expected an even size of axis 0, got [B, 3]',
    ],
    [
      'a choice between two dtypes',
      (x) => ops.where(x, x, ops.cast(x, 'int32')),
      'INVALID_DTYPE where: expected values of one dtype, got float32[B, 3] and int32[B, 3] (ops.cast one)',
    ],
    ['elu', (x) => ops.elu(x, { alpha: 0 }), 'INVALID_VALUE elu: alpha: expected a finite number above 0, got 0'],
    [
      'leakyRelu',
      (x) => ops.leakyRelu(x, { negativeSlope: Number.NaN }),
      'INVALID_VALUE leakyRelu: negativeSlope: expected a finite number, got NaN',
    ],
    [
      'parts of unequal size',
      (x) => ops.split(x, 2, { axis: 1 })[0] as Tensor,
      'SHAPE_MISMATCH split: expected a size divisible by 2, got 3',
    ],
    [
      'indices that go back',
      (x) => ops.split(x, [2, 1], { axis: 1 })[0] as Tensor,
      'INVALID_VALUE split: index: expected a whole number from 2 to 3, got 1',
    ],
    [
      'a margin of the batch',
      (x) =>
        ops.pad(x, [
          [1, 0],
          [0, 0],
        ]),
      'SHAPE_MISMATCH pad: expected an axis of fixed size, got [B, 3]',
    ],
    [
      'too few margins',
      (x) => ops.pad(x, [[1, 0]]),
      'SHAPE_MISMATCH pad: expected [before, after] for each axis of [B, 3], got 1',
    ],
    ['tile', (x) => ops.tile(x, [2]), 'SHAPE_MISMATCH tile: expected a number for each axis of [B, 3], got 1'],
    ['squeeze', (x) => ops.squeeze(x, 1), 'SHAPE_MISMATCH squeeze: expected axes of size 1, got 1 of [B, 3]'],
    [
      'expandDims',
      (x) => ops.expandDims(x, 3),
      'INVALID_VALUE expandDims: axis: expected a whole number from -3 to 2, got 3',
    ],
    [
      'classes',
      (x) => ops.oneHot(x, 0),
      'INVALID_VALUE oneHot: numClasses: expected a whole number from 1 to 2147483647, got 0',
    ],
    ['a product of the batch', (x) => ops.prod(x), 'SHAPE_MISMATCH prod: expected an axis of fixed size, got [B, 3]'],
    ['norm', (x) => ops.norm(x, { ord: 3 }), 'INVALID_VALUE norm: ord: expected 1, 2 or Infinity, got 3'],
    [
      'order of the batch',
      (x) => ops.sort(x, { axis: 0 }),
      'SHAPE_MISMATCH sort: expected an axis of fixed size, got [B, 3]',
    ],
    ['topK', (x) => ops.topK(x, 4).values, 'INVALID_VALUE topK: k: expected a whole number from 0 to 3, got 4'],
    ['letters', (x) => ops.einsum('ij', x, x), 'INVALID_VALUE einsum: expected letters for 2 operands, got "ij"'],
    [
      'a diagonal',
      () => ops.einsum('ii->i', w(3, 3)),
      'INVALID_VALUE einsum: expected each letter at most once in an operand and in the result, got "ii->i"',
    ],
    [
      'a letter from nowhere',
      (x) => ops.einsum('ij->ik', x),
      'INVALID_VALUE einsum: expected a result of letters that operands have, got "ij->ik"',
    ],
    [
      'an ellipsis',
      (x) => ops.einsum('...j->j', x),
      'INVALID_VALUE einsum: expected letters such as \'ij,jk->ik\', got "...j->j"',
    ],
    [
      'two sizes',
      (x) => ops.einsum('ij,ik->jk', x, w(4, 2)),
      "SHAPE_MISMATCH einsum: expected one size for 'i', got [B, 4]",
    ],
    [
      'axes of a letter',
      (x) => ops.einsum('i', x),
      "SHAPE_MISMATCH einsum: expected an operand of 1 axes for 'i', got [B, 3]",
    ],
    [
      'many matrices',
      (x) => ops.matmul(ops.expandDims(x, 1), w(5, 4, 2)),
      'SHAPE_MISMATCH matmul: expected inner sizes to be equal, got [B, 1, 3] and [5, 4, 2]',
    ],
    ['nothing to join', () => ops.concat([]), 'INVALID_VALUE concat: expected at least one tensor, got none'],
    [
      'undefined',
      (x) => ops.add(x, undefined as unknown as number),
      'INVALID_VALUE add: expected a tensor, variable, number or array, got undefined',
    ],
    [
      'integers',
      (x) => ops.gradients(ops.cast(x, 'int32'), [x])[0] as Tensor,
      'NOT_DIFFERENTIABLE gradients: expected float32 values, got int32[B, 3]',
    ],
  ])('refuses %s', (_, fn, expected) => {
    expect(typeOf([3], fn)).toBe(expected);
  });

  test('an op outside of a traced function says where it belongs', () => {
    expect(() => ops.add(1, 2)).toThrow(
      "ops.add: expected to be called inside a traced function (minimize, valueAndGrad, a layer's call)",
    );
  });

  test('a tensor that left its function is refused in another', () => {
    let leaked: Tensor | undefined;
    trace((x) => {
      leaked = x;
      return ops.mean(x);
    });
    expect(() => trace((x) => ops.mean(ops.add(x, leaked as Tensor)))).toThrow(
      'expected a tensor of this traced function',
    );
  });

  test('a function that returns a promise is refused', () => {
    expect(() => new Tracer().run(async () => 1)).toThrow('expected a synchronous function');
  });
});
