// Layers that move numbers about: shapes, margins, tables, several values as one.

import { fail } from '../../errors.js';
import type { AnyLayer } from '../../layers/layer.js';
import type { TimeDistributed } from '../../layers/time-distributed.js';
import { INT64 } from './builder.js';
import { type Context, type Writer, weightOf } from './context.js';
import { Value } from './value.js';

/** What is nothing but for training. */
export const identity: Writer = (_, [x]) => x as Value;

/** Flatten, Reshape. */
export const reshape: Writer = ({ outputShape }, [x]) => (x as Value).reshaped(outputShape);

/** Axes in another order. */
export const permute: Writer = ({ b, config, outputShape }, [x]) => {
  const perm = [0, ...(config.dims as number[])];
  return Value.last(b, b.node('Transpose', [(x as Value).last], { perm }), outputShape);
};

/** A vector again and again. */
export const repeatVector: Writer = ({ b, config, outputShape }, [x]) => {
  const row = b.node('Unsqueeze', [(x as Value).last, b.ints('axes', [1])]);
  return Value.last(b, b.node('Tile', [row, b.ints('repeats', [1, config.n as number, 1])]), outputShape);
};

/** Zeros around samples. */
export const zeroPadding: Writer = ({ b, config, outputShape }, [x]) => {
  const pairs = [[0, 0], ...(config.padding as number[][]), [0, 0]] as [number, number][];
  const pads = b.ints('pads', [...pairs.map(([low]) => low), ...pairs.map(([, high]) => high)]);
  return Value.last(b, b.node('Pad', [(x as Value).last, pads]), outputShape);
};

/** Margins cut off. */
export const cropping: Writer = ({ b, config, outputShape }, [value]) => {
  const x = value as Value;
  const pairs = config.cropping as [number, number][];
  const lists = [
    pairs.map(([low]) => low),
    pairs.map(([, high], i) => (x.shape[i] as number) - high),
    pairs.map((_, i) => i + 1),
  ];
  const inputs = lists.map((list) => b.ints('slice', list));
  return Value.last(b, b.node('Slice', [x.last, ...inputs]), outputShape);
};

/** Rows of a table. */
export const embedding: Writer = (context, [x]) => {
  const { b, config, layer, outputShape } = context;
  if (config.maskZero) {
    const hint = 'export the model with maskZero: false, for sequences of full length';
    throw fail('INVALID_VALUE', layer.name, 'an Embedding without masks', 'maskZero: true', hint);
  }
  const { data, shape } = weightOf(context, 'embeddings');
  const rows = b.node('Cast', [(x as Value).last], { to: INT64 });
  return Value.last(b, b.node('Gather', [b.floats('embeddings', data, shape), rows]), outputShape);
};

/** Several values as one, element by element; those of fewer axes get axes of size 1 behind the batch. */
export const merging =
  (op: string): Writer =>
  ({ b, outputShape }, xs) => {
    const alike = xs.every(({ shape, isFirst }) => isFirst && shape.join() === outputShape.join());
    const names = xs.map((x) => {
      if (alike) return x.first;
      const missing = outputShape.length - x.shape.length;
      return missing > 0 ? x.reshaped([...Array<number>(missing).fill(1), ...x.shape]).last : x.last;
    });
    // Of two, or of any number: these operators take two.
    const pairwise = op === 'Add' || op === 'Sub' || op === 'Mul';
    const [first, ...others] = names as [string, ...string[]];
    const name = pairwise ? others.reduce((a, c) => b.node(op, [a, c]), first) : b.node(op, names);
    return alike ? Value.first(b, name, outputShape) : Value.last(b, name, outputShape);
  };

/** Values side by side. */
export const concatenate: Writer = ({ b, config, outputShape }, xs) => {
  const rank = outputShape.length + 1;
  const own = config.axis as number;
  const axis = own < 0 ? own + rank : own;
  const first = axis === rank - 1 && rank > 2 && xs.every(({ isFirst }) => isFirst);
  const names = xs.map((x) => (first ? x.first : x.last));
  const name = b.node('Concat', names, { axis: first ? 1 : axis });
  return first ? Value.first(b, name, outputShape) : Value.last(b, name, outputShape);
};

/** One layer at every step: the steps of all samples as a batch. */
export const timeDistributed: Writer = (context, [value]) => {
  const { b, layer, write, outputShape } = context;
  const x = value as Value;
  const [steps, ...sizes] = x.shape as [number, ...number[]];
  const rows = b.node('Reshape', [x.last, b.ints('shape', [-1, ...sizes])]);
  const { layer: inner } = layer as unknown as TimeDistributed;
  const [y] = write(inner as unknown as AnyLayer, [Value.last(b, rows, sizes)]) as [Value];
  const shape = b.ints('shape', [-1, steps, ...y.shape]);
  return Value.last(b, b.node('Reshape', [y.last, shape]), outputShape);
};

/** The error for a layer that makes masks, which ONNX does not have. */
export const masking: Writer = ({ layer }: Context) => {
  throw fail('INVALID_VALUE', layer.name, 'a model without masks', 'Masking', 'hand over sequences of full length');
};
