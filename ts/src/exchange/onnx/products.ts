// Dense layers and attention: products of matrices.

import { fail } from '../../errors.js';
import type { AttentionCallOptions } from '../../layers/heads.js';
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

/** Attention of several heads. */
export const multiHeadAttention: Writer = (context, xs) => {
  const { b, config, layer, outputShape } = context;
  const { attentionMask, useCausalMask = config.useCausalMask } = context.options as Partial<AttentionCallOptions>;
  if (attentionMask !== undefined) {
    throw fail('INVALID_VALUE', layer.name, 'attention without an attentionMask', 'one', 'useCausalMask is written');
  }
  const [query, value = query, key = value] = xs as [Value, Value?, Value?];
  const heads = config.numHeads as number;
  const depth = config.keyDim as number;
  const valueDepth = (config.valueDim as number | undefined) ?? depth;
  // [batch, heads, steps, depth], of keys with the last two swapped.
  const part = (word: string, x: Value, size: number, perm: number[]): string => {
    const product = through(context, word, x.last, [x.shape.at(-1) as number, heads * size]);
    const apart = b.node('Reshape', [product, b.ints('shape', [0, x.shape[0] as number, heads, size])]);
    return b.node('Transpose', [apart], { perm });
  };
  const q = part('query', query, depth, [0, 2, 1, 3]);
  const k = part('key', key as Value, depth, [0, 2, 3, 1]);
  const v = part('value', value as Value, valueDepth, [0, 2, 1, 3]);
  const scores = b.node('Mul', [b.node('MatMul', [q, k]), b.scalar(1 / Math.sqrt(depth))]);
  const seen = useCausalMask ? b.node('Add', [scores, causal(context, query, value as Value)]) : scores;
  const mixed = b.node('MatMul', [b.node('Softmax', [seen], { axis: -1 }), v]);
  const rows = b.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  const steps = query.shape[0] as number;
  const together = b.node('Reshape', [rows, b.ints('shape', [0, steps, heads * valueDepth])]);
  const output = through(context, 'attention_output', together, [heads * valueDepth, outputShape.at(-1) as number]);
  return Value.last(b, output, outputShape);
};

/** Attention without weights of its own, but for a factor. */
export const attention: Writer = (context, xs) => {
  const { b, config, outputShape } = context;
  const [query, value, key = value] = xs as [Value, Value, Value?];
  const scale = context.weight('scale');
  const q = scale ? b.node('Mul', [query.last, b.floats('scale', scale.data, [])]) : query.last;
  const k = b.node('Transpose', [(key as Value).last], { perm: [0, 2, 1] });
  const scores = b.node('MatMul', [q, k]);
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
