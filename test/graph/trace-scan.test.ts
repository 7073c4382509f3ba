// Traces of loops, operators and options.

import { describe, expect, test } from 'vitest';
import type { graph } from '../../ts/src/graph/node.js';
import * as ops from '../../ts/src/graph/ops.js';
import type { Operand, Tensor } from '../../ts/src/graph/tensor.js';
import { Tracer } from '../../ts/src/graph/trace.js';
import { variable } from '../../ts/src/make-variable.js';
import { typeOf } from './type-of.js';

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
    ['leakyRelu', (x) => ops.leakyRelu(x, untyped({ slope: 1 })), 'UNKNOWN_OPTION ops.leakyRelu'],
    ['gelu', (x) => ops.gelu(x, untyped({ exact: true })), 'UNKNOWN_OPTION ops.gelu'],
    ['glu', (x) => ops.glu(x, untyped({ dim: 1 })), 'UNKNOWN_OPTION ops.glu'],
    ['threshold', (x) => ops.threshold(x, untyped({ value: 1 })), 'UNKNOWN_OPTION ops.threshold'],
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
