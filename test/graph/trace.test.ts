// Tracing is pure: the same function gives the same bytes whatever its numbers, symbolic sizes follow the rules, and
// what an op cannot take is refused by name. No engine runs here.

import { describe, expect, test } from 'vitest';
import { DescendError } from '../../ts/src/errors.js';
import { B, Batch, checkDims, makeDim, quotient, sizeOf } from '../../ts/src/graph/dims.js';
import { encodePlan } from '../../ts/src/graph/encode.js';
import type { graph } from '../../ts/src/graph/node.js';
import * as ops from '../../ts/src/graph/ops.js';
import type { Operand, Tensor } from '../../ts/src/graph/tensor.js';
import { Tracer } from '../../ts/src/graph/trace.js';
import { variable } from '../../ts/src/variable.js';

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

/** The type of what `fn` makes of a batch of `shape`, or the error's text. */
function typeOf(shape: readonly number[], fn: (x: Tensor) => Operand): string {
  const tracer = new Tracer();
  const x = tracer.batch(shape, 'float32');
  try {
    return String(
      tracer.operand(
        tracer.run(() => fn(x)),
        'result',
      ),
    );
  } catch (error) {
    if (error instanceof DescendError) return `${error.code} ${error.message}`;
    throw error;
  }
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
    expect(bytes[8]).toBe(2);
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
    ['matmul', [3], (x) => ops.matmul(x, w(3, 5)), 'float32[B, 5]'],
    ['matmul transposeB', [3], (x) => ops.matmul(x, w(5, 3), { transposeB: true }), 'float32[B, 5]'],
    ['matmul transposeA', [3], (x) => ops.matmul(x, w(7, 1), { transposeA: true }), 'error'],
    ['matmul of several', [4, 3], (x) => ops.matmul(x, w(3, 5)), 'float32[B, 4, 5]'],
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
      'SHAPE_MISMATCH matmul: expected a matrix (or several) and a matrix, got [B, 3] and [3]',
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

describe('scan', () => {
  test('stacks outputs, and takes what its body captures as inputs', () => {
    const tracer = new Tracer();
    const x = tracer.batch([2], 'float32');
    const { carries, outputs } = tracer.run(() =>
      ops.scan(
        ([h], [entry]) => ({
          carries: [ops.add(h as Tensor, ops.mul(x, entry as Tensor))],
          outputs: [ops.mul(h as Tensor, 2)],
        }),
        {
          carries: [ops.fill(x.shape, 0)],
          sequences: [new Float32Array(5)],
        },
      ),
    );
    expect(carries.join()).toBe('float32[B, 2]');
    expect(outputs.join()).toBe('float32[5, B, 2]');
    const node = tracer.nodes.find((n) => n.kind === 'op' && n.name === 'scan');
    // One carry, one sequence, and x and the number 2 from around the body.
    expect(node).toMatchObject({ inputs: { length: 4 } });
    const body = (node as unknown as { attrs: { body: ReturnType<typeof graph> } }).attrs.body.value as Tracer;
    expect(body.nodes.filter(({ kind }) => kind === 'parameter')).toHaveLength(4);
    expect(body.nodes.some(({ kind }) => kind === 'variable' || kind === 'scalar')).toBe(false);
  });

  test('a carry keeps its type', () => {
    const step = () =>
      ops.scan(() => ({ carries: [ops.fill([3], 0)] }), { carries: [ops.fill([2], 0)], sequences: [[1, 2]] });
    expect(() => new Tracer().run(step)).toThrow('scan: expected carries float32[2], got float32[3]');
  });

  test('sequences have one length', () => {
    const step = () => ops.scan(() => ({}), { sequences: [[1, 2], [1]] });
    expect(() => new Tracer().run(step)).toThrow('scan: expected sequences [T, ...] of one length T');
  });
});

describe('operators of JavaScript', () => {
  const tracer = new Tracer();
  const untyped = (x: unknown) => x as number;
  test.each([
    ['tensor', tracer.batch([3], 'float32'), 'float32[B, 3]'],
    ['variable', variable([1], [1], { name: 'w' }), "variable 'w' float32[1]"],
  ])('are refused on a %s, which still has its text', (_, x, text) => {
    const a = untyped(x);
    for (const use of [() => a * a, () => a > 0, () => -a, () => a + 1, () => a - 1]) {
      expect(use).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    }
    expect(() => a * a).toThrow(`${text}: expected an op, got one of JavaScript's operators`);
    expect([`${x}`, String(x), [x].join()]).toEqual([text, text, text]);
  });
});

describe('options', () => {
  const untyped = (options: unknown) => options as never;
  test.each<[string, (x: Tensor) => unknown, string]>([
    ['sum', (x) => ops.sum(x, untyped({ axis: 1, keepdims: true })), 'UNKNOWN_OPTION ops.sum'],
    ['mean', (x) => ops.mean(x, untyped({ axes: 1 })), 'UNKNOWN_OPTION ops.mean'],
    ['max', (x) => ops.max(x, untyped(1)), 'INVALID_VALUE ops.max'],
    ['matmul', (x) => ops.matmul(x, x, untyped({ transpose: true })), 'UNKNOWN_OPTION ops.matmul'],
    ['slice', (x) => ops.slice(x, untyped({ begin: 0 })), 'UNKNOWN_OPTION ops.slice'],
    ['slice without', (x) => ops.slice(x, untyped(undefined)), 'INVALID_VALUE ops.slice'],
    ['concat', (x) => ops.concat([x, x], untyped({ dim: 1 })), 'UNKNOWN_OPTION ops.concat'],
    ['dropout', (x) => ops.dropout(x, 0.5, untyped({ seed: 1 })), 'UNKNOWN_OPTION ops.dropout'],
    ['randomUniform', () => ops.randomUniform([1], untyped({ min: 1 })), 'UNKNOWN_OPTION ops.randomUniform'],
    ['binaryCrossEntropy', (x) => ops.binaryCrossEntropy(x, x, untyped({ logits: true })), 'UNKNOWN_OPTION'],
    ['categoricalCrossEntropy', (x) => ops.categoricalCrossEntropy(x, x, untyped({ logits: true })), 'UNKNOWN_OPTION'],
    ['sparseCrossEntropy', (x) => ops.sparseCrossEntropy(x, [0], untyped({ logits: true })), 'UNKNOWN_OPTION'],
    ['scan', () => ops.scan(() => ({}), untyped({ sequence: [[1]] })), 'UNKNOWN_OPTION ops.scan'],
    [
      'a body that returns nothing',
      () =>
        ops.scan(
          untyped(() => undefined),
          { sequences: [[1]] },
        ),
      'INVALID_VALUE ops.scan',
    ],
    ['concat of no list', (x) => ops.concat(untyped(x), untyped(x)), 'INVALID_VALUE concat: expected a list'],
    ['gradients by no list', (x) => ops.gradients(x, untyped(x)), 'INVALID_VALUE gradients: expected a list'],
  ])('%s', (_, fn, message) => {
    expect(typeOf([3], fn as (x: Tensor) => Operand)).toContain(message);
  });

  test('name the nearest one', () => {
    expect(typeOf([3], (x) => ops.sum(x, untyped({ keepdims: true, axs: 1 })))).toContain('did you mean');
  });
});
