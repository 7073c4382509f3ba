// Every public op with shapes that are hard on it: what the tests of bits run, in Node and, served as it is, in a page.

import { type Operand, ops, type Tensor } from 'descend';
import { noise, words } from '../noise.ts';

/** One thing to compute. */
export interface OpCase {
  /** The op's name in `ops`, then what is particular. */
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...xs: Operand[]) => Tensor;
  /** Whether there are gradients by the inputs. Default true. */
  readonly smooth?: boolean;
}

const SIZES = [0, 1, 15, 16, 17, 31, 33, 63, 1003];

/** Ops with a shape of their own. Whatever else `ops` holds is taken for a function of one element. */
const SHAPED: readonly OpCase[] = [
  ...(['add', 'sub', 'mul', 'div'] as const).flatMap((op) => binary(op, true)),
  ...(['equal', 'greater'] as const).flatMap((op) => binary(op, false)),
  ...(['softmax', 'logSoftmax'] as const).flatMap((op) =>
    [
      [17, 10],
      [3, 1],
      [2, 33],
      [1, 1003],
      [2, 3, 16],
    ].map((shape) => ({
      name: `${op} [${shape}]`,
      shapes: [shape],
      run: (x: Operand) => ops[op](x),
    })),
  ),
  ...reductions(),
  ...products(),
  ...movements(),
  ...selections(),
  ...crossEntropies(),
  ...conversions(),
  ...random(),
  scan(),
];

/** All cases. */
export function opCases(): OpCase[] {
  const covered = new Set(SHAPED.map(({ name }) => name.split(' ')[0]));
  const rest = Object.keys(ops).filter((name) => !covered.has(name) && name !== 'gradients');
  const unary = rest.flatMap((op) =>
    SIZES.map((size) => ({
      name: `${op} [${size}]`,
      shapes: [[size]],
      run: (x: Operand) => (ops as unknown as Record<string, (x: Operand) => Tensor>)[op]!(x),
    })),
  );
  return [...unary, ...SHAPED];
}

function binary(op: 'add' | 'sub' | 'mul' | 'div' | 'equal' | 'greater', smooth: boolean): OpCase[] {
  const pairs = [
    ...SIZES.map((size) => [[size], [size]]),
    [[33, 1], [17]],
    [
      [7, 1, 16],
      [5, 1],
    ],
    [[], [63]],
    [[31, 17], []],
  ];
  return pairs.map((shapes) => ({
    name: `${op} ${shapes.map((shape) => `[${shape}]`).join(' ')}`,
    shapes,
    run: (a: Operand, b: Operand) => (smooth ? ops[op](a, b) : ops.cast(ops[op](a, b), 'float32')),
    smooth,
  }));
}

function reductions(): OpCase[] {
  const over = [
    { shape: [1003], axis: 0 },
    { shape: [33, 17], axis: 0 },
    { shape: [33, 17], axis: 1 },
    { shape: [5, 16, 31], axis: [0, 2] },
    { shape: [600, 3], axis: 0 },
    { shape: [0, 3], axis: 0 },
  ];
  const cases = (['sum', 'mean', 'max'] as const).flatMap((op) =>
    over.map(({ shape, axis }) => ({
      name: `${op} [${shape}] over ${axis}`,
      shapes: [shape],
      run: (x: Operand) => ops[op](x, { axis }),
    })),
  );
  const argmax = [[1003], [17, 10], [2, 1]].map((shape) => ({
    name: `argmax [${shape}]`,
    shapes: [shape],
    run: (x: Operand) => ops.cast(ops.argmax(x), 'float32'),
    smooth: false,
  }));
  return [...cases, ...argmax];
}

function products(): OpCase[] {
  const sizes = [
    [1, 1, 1],
    [15, 16, 17],
    [31, 33, 63],
    [16, 600, 16],
    [3, 0, 4],
    [0, 5, 4],
    [1, 257, 33],
    [130, 70, 90],
  ] as const;
  const flags = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));
  const cases = sizes.flatMap(([m, k, n]) =>
    flags.map((options) => ({
      name: `matmul ${m} ${k} ${n}${options.transposeA ? ' A' : ''}${options.transposeB ? ' B' : ''}`,
      shapes: [options.transposeA ? [k, m] : [m, k], options.transposeB ? [n, k] : [k, n]],
      run: (a: Operand, b: Operand) => ops.matmul(a, b, options),
    })),
  );
  const batched = {
    name: 'matmul batched',
    shapes: [
      [3, 5, 7],
      [7, 9],
    ],
    run: (a: Operand, b: Operand) => ops.matmul(a, b),
  };
  return [...cases, batched];
}

function movements(): OpCase[] {
  return [
    { name: 'reshape', shapes: [[6, 8]], run: (x) => ops.reshape(x, [3, -1]) },
    { name: 'broadcastTo', shapes: [[3, 1]], run: (x) => ops.broadcastTo(x, [5, 3, 17]) },
    { name: 'transpose', shapes: [[33, 17]], run: (x) => ops.transpose(x) },
    { name: 'transpose of three axes', shapes: [[3, 5, 17]], run: (x) => ops.transpose(x, [1, 2, 0]) },
    { name: 'slice', shapes: [[5, 33]], run: (x) => ops.slice(x, { axis: 1, start: 3, length: 17 }) },
    {
      name: 'concat',
      shapes: [
        [3, 5],
        [3, 1],
        [3, 17],
      ],
      run: (...xs) => ops.concat(xs, { axis: 1 }),
    },
    { name: 'clip', shapes: [[1003]], run: (x) => ops.clip(x, -0.5, 2) },
    { name: 'stopGradient', shapes: [[17]], run: (x) => ops.stopGradient(x) },
    { name: 'fill', shapes: [], run: () => ops.fill([17], 0.1) },
  ];
}

/** Whole numbers below `classes`. */
function labels(n: number, classes: number): Int32Array {
  const next = words(n);
  return Int32Array.from({ length: n }, () => next() % classes);
}

function selections(): OpCase[] {
  return [
    { name: 'gather', shapes: [[7, 16]], run: (x) => ops.gather(x, labels(33, 7)) },
    { name: 'pick', shapes: [[33, 10]], run: (x) => ops.pick(x, labels(33, 10)) },
  ];
}

function crossEntropies(): OpCase[] {
  return [false, true].flatMap((fromLogits): OpCase[] => {
    const kind = fromLogits ? ' of logits' : '';
    return [
      {
        name: `sparseCrossEntropy${kind}`,
        shapes: [[33, 10]],
        run: (x) => ops.sparseCrossEntropy(x, labels(33, 10), { fromLogits }),
      },
      {
        name: `categoricalCrossEntropy${kind}`,
        shapes: [[33, 10]],
        run: (x) => ops.categoricalCrossEntropy(x, { data: noise(330, 8), shape: [33, 10] }, { fromLogits }),
      },
      {
        name: `binaryCrossEntropy${kind}`,
        shapes: [[1003], [1003]],
        run: (x, y) => ops.binaryCrossEntropy(x, y, { fromLogits }),
      },
    ];
  });
}

function conversions(): OpCase[] {
  return (['int32', 'uint8', 'bool'] as const).map((dtype) => ({
    name: `cast ${dtype}`,
    shapes: [[1003]],
    run: (x) => ops.cast(ops.cast(x, dtype), 'float32'),
    smooth: false,
  }));
}

function random(): OpCase[] {
  return [
    { name: 'dropout', shapes: [[1003]], run: (x) => ops.dropout(x, 0.3) },
    { name: 'randomUniform', shapes: [], run: () => ops.randomUniform([1003], { low: -3, high: 0.7 }) },
  ];
}

/** A recurrence whose gradient runs backwards through it. */
function scan(): OpCase {
  return {
    name: 'scan',
    shapes: [[16], [9, 16], [16, 16]],
    run: (h, xs, w) => {
      const row = (x: Operand): Tensor => ops.reshape(x, [1, 16]);
      const { carries, outputs } = ops.scan(
        ([carry], [x]) => {
          const next = ops.reshape(ops.tanh(ops.add(row(x!), ops.matmul(row(carry!), w))), [16]);
          return { carries: [next], outputs: [ops.mul(next, next)] };
        },
        { carries: [h], sequences: [xs] },
      );
      return ops.concat([ops.reshape(outputs[0]!, [-1]), carries[0]!]);
    },
  };
}
