// Dense layers and attention: products of matrices.

import { fail } from '../../errors.js';
import type { AttentionCallOptions } from '../../layers/heads.js';
import { classNameOf } from '../../units.js';
import { activated } from './activations.js';
import { type Context, type Writer, weightOf } from './context.js';
import { Value } from './value.js';

/** `activation(x · kernel + bias)`. */
export const dense: Writer = (context, [x]) => {
  const { b, config, layer, outputShape } = context;
  const { data, shape } = weightOf(context, 'kernel');
  const product = b.node('MatMul', [(x as Value).last, b.floats('kernel', data, shape)]);
  const bias = context.weight('bias');
  const sum = bias ? b.node('Add', [product, b.floats('bias', bias.data, bias.shape)]) : product;
  return activated(b, Value.last(b, sum, outputShape), config.activation, layer.name);
};

/** Attention of several heads, some of which may share keys and values. */
export const multiHeadAttention: Writer = (context, xs) => {
  const { b, config, layer, outputShape } = context;
  if (xs.some(({ shape }) => shape.length !== 2)) {
    const got = xs.map(({ shape }) => `[${shape.join(', ')}]`).join(', ');
    throw fail('INVALID_VALUE', layer.name, 'samples of two axes', got, 'reshape them around the layer');
  }
  const { attentionMask, useCausalMask = config.useCausalMask } = context.options as Partial<AttentionCallOptions>;
  if (attentionMask !== undefined) {
    throw fail('INVALID_VALUE', layer.name, 'attention without an attentionMask', 'one', 'useCausalMask is written');
  }
  const [query, value = query, key = value] = xs as [Value, Value?, Value?];
  const [heads, depth] = [config.numHeads ?? config.numQueryHeads, config.keyDim ?? config.headDim] as [number, number];
  const shared = (config.numKeyValueHeads as number | undefined) ?? heads;
  const valueDepth = (config.valueDim as number | undefined) ?? depth;
  // [batch, heads, steps, depth], of keys with the last two swapped.
  const part = (word: string, x: Value, count: number, size: number, perm: number[]): string => {
    const product = through(context, word, x.last, [x.shape.at(-1) as number, count * size]);
    const apart = b.node('Reshape', [product, b.ints('shape', [0, x.shape[0] as number, count, size])]);
    const own = b.node('Transpose', [apart], { perm });
    if (count === heads) return own;
    const each = Array.from({ length: heads }, (_, i) => Math.floor((i * count) / heads));
    return b.node('Gather', [own, b.ints('heads', each)], { axis: 1 });
  };
  const q = part('query', query, heads, depth, [0, 2, 1, 3]);
  const k = part('key', key as Value, shared, depth, [0, 2, 3, 1]);
  const v = part('value', value as Value, shared, valueDepth, [0, 2, 1, 3]);
  const scores = b.node('Mul', [b.node('MatMul', [q, k]), b.scalar(1 / Math.sqrt(depth))]);
  const seen = useCausalMask ? b.node('Add', [scores, causal(context, query, value as Value)]) : scores;
  const mixed = b.node('MatMul', [b.node('Softmax', [seen], { axis: -1 }), v]);
  const rows = b.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  const steps = query.shape[0] as number;
  const together = b.node('Reshape', [rows, b.ints('shape', [0, steps, heads * valueDepth])]);
  const output = through(context, 'attention_output', together, [heads * valueDepth, outputShape.at(-1) as number]);
  return Value.last(b, output, outputShape);
};

/** Attention without weights of its own, but for factors. */
export const attention: Writer = (context, xs) => {
  const { b, config, outputShape } = context;
  const [query, value, key = value] = xs as [Value, Value, Value?];
  const scaled = (x: string, name: string): string => {
    const weight = context.weight(name);
    return weight ? b.node('Mul', [x, b.floats(name, weight.data, weight.shape)]) : x;
  };
  // Each query beside each key.
  const sums = (): string => {
    const [q, k] = [query.last, (key as Value).last].map((x, i) => b.node('Unsqueeze', [x, b.ints('axes', [2 - i])]));
    return b.node('Add', [q as string, k as string]);
  };
  const total = (x: string): string => b.node('ReduceSum', [x, b.ints('axes', [-1])], { keepdims: 0 });
  const scoresOf = (): string => {
    if (classNameOf(context.layer) === 'AdditiveAttention') return total(scaled(b.node('Tanh', [sums()]), 'scale'));
    if (config.scoreMode === 'concat') {
      return scaled(total(b.node('Tanh', [scaled(sums(), 'scale')])), 'concat_score_weight');
    }
    const k = b.node('Transpose', [(key as Value).last], { perm: [0, 2, 1] });
    return b.node('MatMul', [scaled(query.last, 'scale'), k]);
  };
  const scores = scoresOf();
  const seen = config.useCausalMask ? b.node('Add', [scores, causal(context, query, value)]) : scores;
  return Value.last(b, b.node('MatMul', [b.node('Softmax', [seen], { axis: -1 }), value.last]), outputShape);
};

// x · kernel + bias, both as matrix and row.
function through(context: Context, word: string, x: string, shape: [number, number]): string {
  const { b } = context;
  const product = b.node('MatMul', [x, b.floats(word, weightOf(context, `${word}_kernel`).data, shape)]);
  const bias = context.weight(`${word}_bias`);
  return bias ? b.node('Add', [product, b.floats(`${word}_bias`, bias.data, [shape[1]])]) : product;
}

// 0 for what a step may see, −∞ for what comes after it.
function causal({ b }: Context, query: Value, value: Value): string {
  const [rows, columns] = [query.shape[0] as number, value.shape[0] as number];
  const data = Float32Array.from({ length: rows * columns }, (_, i) =>
    i % columns > Math.floor(i / columns) ? Number.NEGATIVE_INFINITY : 0,
  );
  return b.floats('causal', data, [rows, columns]);
}
