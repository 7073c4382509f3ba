// Cases for the ops behind layers of their own: windows and attention.

import { type Operand, ops } from 'descend';
import { noise } from '../noise.ts';
import type { OpCase } from './op-cases.ts';

// More than one block of queries and keys, and a query that sees nothing.
export function attention(): OpCase[] {
  const shapes = [
    [2, 70, 6],
    [2, 140, 6],
    [2, 140, 4],
  ];
  const seen = Float32Array.from({ length: 140 }, (_, i) => i % 3);
  const options = {
    plain: {},
    causal: { causal: true },
    masked: { mask: { data: seen, shape: [1, 1, 140] } },
    blind: { mask: { data: Float32Array.from({ length: 70 }, (_, i) => i % 2), shape: [1, 70, 1] } },
    'head by head': { mask: { data: Float32Array.from({ length: 280 }, (_, i) => i % 4), shape: [1, 2, 1, 140] } },
    dropout: { dropout: 0.3 },
  };
  return Object.entries(options).map(([word, chosen]) => ({
    name: `attention ${word}`,
    shapes,
    run: (q, k, v) => ops.attention(q, k, v, { heads: 2, ...chosen }),
  }));
}

/** Windows of one to three axes: few channels and many, groups, each channel by itself, uneven padding. */
export function windows(): OpCase[] {
  const same = { padding: 'same' } as const;
  const conv = (name: string, shapes: number[][], options: Parameters<typeof ops.conv>[2]): OpCase => ({
    name: `conv ${name}`,
    shapes,
    run: (x: Operand, w: Operand) => ops.conv(x, w, options),
  });
  const pools = (['maxPool', 'averagePool'] as const).flatMap((op) =>
    [
      { shape: [2, 7, 8, 17], options: { poolSize: [3, 2], strides: 2, padding: 'same' as const } },
      { shape: [2, 33, 1], options: { poolSize: 2 } },
      { shape: [1, 4, 5, 6, 3], options: { poolSize: 2, strides: 1 } },
      { shape: [0, 4, 4, 2], options: { poolSize: 2 } },
    ].map(({ shape, options }) => ({
      name: `${op} [${shape}]`,
      shapes: [shape],
      run: (x: Operand) => ops[op](x, options),
    })),
  );
  const transposed: [string, number[][], Parameters<typeof ops.convTranspose>[2]][] = [
    [
      '[2, 4, 5, 9] by 3 over 2',
      [
        [2, 4, 5, 9],
        [3, 3, 17, 9],
      ],
      { strides: 2, padding: 'same' },
    ],
    [
      '[2, 5, 3] by 2 over 3',
      [
        [2, 5, 3],
        [2, 4, 3],
      ],
      { strides: 3, outputPadding: 1 },
    ],
  ];
  return [
    conv(
      '[2, 9, 8, 3] by 3',
      [
        [2, 9, 8, 3],
        [3, 3, 3, 33],
      ],
      {},
    ),
    conv(
      '[2, 9, 8, 31] by 3, same',
      [
        [2, 9, 8, 31],
        [3, 3, 31, 17],
      ],
      same,
    ),
    conv(
      '[2, 40, 1] by 5, causal',
      [
        [2, 40, 1],
        [5, 1, 16],
      ],
      { padding: 'causal', dilationRate: 2 },
    ),
    conv(
      '[1, 5, 6, 7, 8] by 2 over 2',
      [
        [1, 5, 6, 7, 8],
        [2, 2, 2, 8, 5],
      ],
      { strides: 2, padding: 'same' },
    ),
    conv(
      '[2, 7, 7, 18] in 3 groups',
      [
        [2, 7, 7, 18],
        [3, 2, 6, 15],
      ],
      { groups: 3, strides: [1, 2] },
    ),
    conv(
      '[3, 7, 7, 16] by 1',
      [
        [3, 7, 7, 16],
        [1, 1, 16, 5],
      ],
      {},
    ),
    conv(
      '[0, 5, 5, 2] by 3',
      [
        [0, 5, 5, 2],
        [3, 3, 2, 4],
      ],
      {},
    ),
    ...transposed.map(([name, shapes, options]) => ({
      name: `convTranspose ${name}`,
      shapes,
      run: (x: Operand, w: Operand) => ops.convTranspose(x, w, options),
    })),
    ...[1, 3].map((multiplier) => ({
      name: `depthwiseConv [2, 6, 7, 17] by 3, ${multiplier} each`,
      shapes: [
        [2, 6, 7, 17],
        [3, 3, 17, multiplier],
      ],
      run: (x: Operand, w: Operand) => ops.depthwiseConv(x, w, same),
    })),
    ...pools,
  ];
}

/** Images through maps that leave them, by every edge. */
export function transforms(): OpCase[] {
  const maps = { data: noise(18, 5).map((v, i) => (i % 3 === 2 ? 9 * v : 1.5 * v)), shape: [3, 6] };
  return (['constant', 'nearest', 'reflect', 'wrap'] as const).flatMap((fillMode) =>
    (['bilinear', 'nearest'] as const).map((interpolation) => ({
      name: `affineTransform ${fillMode} ${interpolation}`,
      shapes: [[3, 15, 17, 3]],
      run: (x: Operand) => ops.affineTransform(x, maps, { fillMode, interpolation, fillValue: 0.3, size: [16, 33] }),
    })),
  );
}
