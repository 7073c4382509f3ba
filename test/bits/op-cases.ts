// Every public op with shapes that are hard on it: what the tests of bits run, in Node and, served as it is, in a page.

import { type Operand, ops, type Tensor } from 'descend';
import { noise, words } from '../noise.ts';
import { attention, transforms, windows } from './op-cases-layers.ts';

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
  ...(['add', 'sub', 'mul', 'div', 'pow', 'minimum', 'maximum'] as const).flatMap((op) => binary(op, true)),
  ...(
    ['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual', 'logicalAnd', 'logicalOr'] as const
  ).flatMap((op) => binary(op, false)),
  ...decisions(),
  ...activations(),
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
  ...orders(),
  ...products(),
  ...arrangements(),
  ...movements(),
  ...selections(),
  ...windows(),
  ...transforms(),
  ...crossEntropies(),
  ...conversions(),
  ...random(),
  scan(),
  ...attention(),
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

type BinaryName = {
  [K in keyof typeof ops]: (typeof ops)[K] extends (a: Operand, b: Operand) => Tensor ? K : never;
}[keyof typeof ops];

function binary(op: BinaryName, smooth: boolean): OpCase[] {
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

function decisions(): OpCase[] {
  const bools = (['isNan', 'isFinite', 'logicalNot'] as const).map((op) => ({
    name: op,
    shapes: [[1003]],
    run: (x: Operand) => ops.cast(ops[op](x), 'float32'),
    smooth: false,
  }));
  const choices = [
    [[1003], [1003], [1003]],
    [[33, 1], [17], [33, 17]],
    [[], [5], []],
  ].map((shapes) => ({
    name: `where ${shapes.map((shape) => `[${shape}]`).join(' ')}`,
    shapes,
    run: (c: Operand, a: Operand, b: Operand) => ops.where(ops.greater(c, 0), a, b),
  }));
  return [...bools, ...choices];
}

/** With numbers other than their defaults, with which they are among the functions of one element. */
function activations(): OpCase[] {
  const x = [[1003]];
  return [
    { name: 'leakyRelu by 0.5', shapes: x, run: (x) => ops.leakyRelu(x, { negativeSlope: 0.5 }) },
    { name: 'elu of 0.3', shapes: x, run: (x) => ops.elu(x, { alpha: 0.3 }) },
    { name: 'celu of 0.3', shapes: x, run: (x) => ops.celu(x, { alpha: 0.3 }) },
    { name: 'gelu by tanh', shapes: x, run: (x) => ops.gelu(x, { approximate: true }) },
    { name: 'threshold', shapes: x, run: (x) => ops.threshold(x, { threshold: 0.5, defaultValue: -1 }) },
    { name: 'glu', shapes: [[17, 34]], run: (x) => ops.glu(x) },
    ...(['leakyRelu', 'elu', 'celu', 'gelu'] as const).map((op) => ({
      name: `${op} [1003]`,
      shapes: x,
      run: (x: Operand) => ops[op](x),
    })),
  ];
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
  const cases = (['sum', 'mean', 'max', 'min', 'prod', 'variance', 'std', 'logSumExp', 'norm'] as const).flatMap((op) =>
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
  const norms = [1, Number.POSITIVE_INFINITY].map((ord) => ({
    name: `norm of order ${ord}`,
    shapes: [[33, 17]],
    run: (x: Operand) => ops.norm(x, { ord, axis: 1 }),
  }));
  const others = [
    { name: 'argmax over 0', shapes: [[17, 10]], run: (x: Operand) => ops.cast(ops.argmax(x, { axis: 0 }), 'float32') },
    { name: 'argmin', shapes: [[17, 10]], run: (x: Operand) => ops.cast(ops.argmin(x), 'float32') },
  ].map((one) => ({ ...one, smooth: false }));
  return [...cases, ...argmax, ...norms, ...others];
}

function orders(): OpCase[] {
  const shapes = [[17, 33]];
  const sums = [false, true].flatMap((exclusive) =>
    [false, true].map((reverse) => ({
      name: `cumsum${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`,
      shapes,
      run: (x: Operand) => ops.cumsum(x, { axis: 1, exclusive, reverse }),
    })),
  );
  const ranks = (x: Operand) => ops.cast(x, 'float32');
  return [
    ...sums,
    { name: 'cumsum of all', shapes, run: (x) => ops.cumsum(x) },
    { name: 'sort', shapes, run: (x) => ops.sort(x) },
    { name: 'sort over 0', shapes, run: (x) => ops.sort(x, { axis: 0, descending: true }) },
    { name: 'sort [1003]', shapes: [[1003]], run: (x) => ops.sort(x) },
    { name: 'argsort', shapes, run: (x) => ranks(ops.argsort(x, { axis: 0 })), smooth: false },
    { name: 'topK', shapes, run: (x) => ops.topK(x, 5).values },
    { name: 'topK indices', shapes, run: (x) => ranks(ops.topK(x, 5).indices), smooth: false },
    { name: 'sparsemax', shapes, run: (x) => ops.sparsemax(x) },
  ];
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
  const many = flags.map((options) => ({
    name: `matmul of many${options.transposeA ? ' A' : ''}${options.transposeB ? ' B' : ''}`,
    shapes: [
      [5, 1, ...(options.transposeA ? [17, 33] : [33, 17])],
      [3, ...(options.transposeB ? [15, 17] : [17, 15])],
    ],
    run: (a: Operand, b: Operand) => ops.matmul(a, b, options),
  }));
  const sums: OpCase[] = [
    {
      name: 'einsum',
      shapes: [
        [3, 5, 7],
        [7, 3, 4],
      ],
      run: (a, b) => ops.einsum('bij,jbk->kbi', a, b),
    },
    { name: 'einsum of three', shapes: [[5, 7], [7, 4], [5]], run: (...xs) => ops.einsum('ij,jk,i->k', ...xs) },
  ];
  return [...cases, batched, ...many, ...sums];
}

function arrangements(): OpCase[] {
  const shapes = [[5, 6]];
  return [
    {
      name: 'stack',
      shapes: [
        [5, 6],
        [5, 6],
      ],
      run: (...xs) => ops.stack(xs, { axis: 1 }),
    },
    { name: 'split', shapes, run: (x) => ops.mul(...(ops.split(x, 2, { axis: 1 }) as [Tensor, Tensor])) },
    {
      name: 'pad',
      shapes,
      run: (x) =>
        ops.pad(
          x,
          [
            [1, 2],
            [0, 3],
          ],
          { value: 0.1 },
        ),
    },
    { name: 'tile', shapes, run: (x) => ops.tile(x, [3, 2]) },
    { name: 'repeat', shapes, run: (x) => ops.repeat(x, 3, { axis: 1 }) },
    { name: 'flip', shapes, run: (x) => ops.flip(x) },
    { name: 'expandDims', shapes, run: (x) => ops.expandDims(x, 1) },
    { name: 'squeeze', shapes: [[5, 1, 6]], run: (x) => ops.squeeze(x) },
    { name: 'oneHot', shapes: [], run: () => ops.oneHot(labels(33, 10), 10) },
  ];
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
    { name: 'recompute', shapes: [[17]], run: (x) => ops.sin(ops.recompute(() => ops.exp(ops.tanh(x)))) },
    {
      name: 'customGradient',
      shapes: [[33]],
      run: (x) =>
        ops.customGradient(
          [x],
          (x) => ops.round(x),
          (dy, [x]) => [ops.mul(dy, ops.cos(x as Tensor))],
        ),
    },
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
