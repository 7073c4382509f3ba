// What layers take of PyTorch's modules: `[out, in]` becomes `[in, out]`, channels first become channels last, gates come
// in Keras's order. Refuses layers that PyTorch has no module for.

import { formatShape } from '../../data/shape.js';
import { fail } from '../../errors.js';
import { BatchNormalization } from '../../layers/batch-normalization.js';
import { Bidirectional } from '../../layers/bidirectional.js';
import { Conv1D, Conv2D, Conv3D } from '../../layers/conv.js';
import { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose } from '../../layers/conv-transpose.js';
import { Dense } from '../../layers/dense.js';
import { DepthwiseConv1D, DepthwiseConv2D } from '../../layers/depthwise-conv.js';
import { Embedding } from '../../layers/embedding.js';
import { GroupNormalization } from '../../layers/group-normalization.js';
import { GRU } from '../../layers/gru.js';
import type { AnyLayer } from '../../layers/layer.js';
import { LayerNormalization } from '../../layers/layer-normalization.js';
import { LSTM } from '../../layers/lstm.js';
import { MultiHeadAttention } from '../../layers/multi-head-attention.js';
import { PReLU } from '../../layers/prelu.js';
import { Recurrent } from '../../layers/recurrent.js';
import { RMSNormalization } from '../../layers/rms-normalization.js';
import { SeparableConv1D, SeparableConv2D } from '../../layers/separable-conv.js';
import { SimpleRNN } from '../../layers/simple-rnn.js';
import { TimeDistributed } from '../../layers/time-distributed.js';
import type { Weight } from '../../layers/weight.js';
import { classNameOf } from '../../units.js';
import { blocksIn, permuted, product } from '../arrays.js';
import type { Floats, Tensors } from './tensors.js';

/** Values by weight. */
export type Values = Map<Weight, Float32Array>;

/** Where a layer's values are to be found, and how its inputs were flattened there. */
export interface Place {
  readonly tensors: Tensors;
  /** The name of the module. */
  readonly prefix: string;
  /** For each entry of the last axis of inputs, which it is there. */
  readonly order: readonly number[] | undefined;
  readonly values: Values;
}

const isAny = (layer: AnyLayer, Classes: readonly (abstract new (...args: never[]) => unknown)[]): boolean =>
  Classes.some((Class) => layer instanceof Class);

/** Adds the values of all weights of a layer. Throws FILE_FORMAT, INVALID_VALUE. */
export function takeLayer(layer: AnyLayer, place: Place): void {
  if (layer instanceof TimeDistributed) takeLayer(layer.layer as unknown as AnyLayer, place);
  else if (layer instanceof Bidirectional) {
    takeRecurrent(layer.forwardLayer, '', place);
    takeRecurrent(layer.backwardLayer, '_reverse', place);
  } else if (layer instanceof Recurrent) takeRecurrent(layer, '', place);
  else if (layer instanceof MultiHeadAttention) takeAttention(layer, place);
  else if (isAny(layer, [SeparableConv1D, SeparableConv2D])) takeSeparable(layer, place);
  else takePlain(layer, place);
}

// Modules with a weight and perhaps a bias.
function takePlain(layer: AnyLayer, { tensors, prefix, order, values }: Place): void {
  const kind = kindOf(layer);
  for (const weight of layer.weights) {
    const word = WORDS.get(weight.ownName);
    if (kind === undefined || word === undefined) throw refused(layer);
    const isKernel = weight.ownName === 'kernel';
    const rank = isKernel ? weight.shape.length : word === 'weight' && kind === 'table' ? 2 : vectorRank(weight);
    const found = tensors.take(`${prefix}.${word}`, rank, layer.name);
    if (isKernel) values.set(weight, kernelOf(kind, found, weight, order));
    else values.set(weight, order && kind === 'norm' ? picked(found.data, order) : found.data);
  }
}

/** What the weights of layers are called there. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['kernel', 'weight'],
  ['bias', 'bias'],
  ['gamma', 'weight'],
  ['beta', 'bias'],
  ['scale', 'weight'],
  ['alpha', 'weight'],
  ['embeddings', 'weight'],
  ['moving_mean', 'running_mean'],
  ['moving_variance', 'running_var'],
]);

// Slopes have axes of size 1 here, and none there.
function vectorRank({ ownName, shape }: Weight): number {
  return ownName === 'alpha' ? 1 : shape.length;
}

type Kind = 'dense' | 'conv' | 'depthwise' | 'transposed' | 'norm' | 'table';

function kindOf(layer: AnyLayer): Kind | undefined {
  if (layer instanceof Dense) return 'dense';
  if (isAny(layer, [Conv1D, Conv2D, Conv3D])) return 'conv';
  if (isAny(layer, [DepthwiseConv1D, DepthwiseConv2D])) return 'depthwise';
  if (isAny(layer, [Conv1DTranspose, Conv2DTranspose, Conv3DTranspose])) return 'transposed';
  if (layer instanceof Embedding) return 'table';
  const norms = [BatchNormalization, LayerNormalization, GroupNormalization, RMSNormalization, PReLU];
  return isAny(layer, norms) ? 'norm' : undefined;
}

function kernelOf(kind: Kind, found: Floats, weight: Weight, order?: readonly number[]): Float32Array {
  const window = found.shape.map((_, i) => i).slice(2);
  if (kind === 'dense') {
    const kernel = turned(found, [1, 0], weight);
    return order ? rowsPicked(kernel, order) : kernel;
  }
  if (kind !== 'depthwise') return turned(found, [...window, 1, 0], weight);
  // [channels · multiplier, 1, …window]
  const [channels, multiplier] = weight.shape.slice(-2) as [number, number];
  const shape = [channels, multiplier, ...found.shape.slice(2)];
  return turned({ data: found.data, shape }, [...window, 0, 1], weight);
}

// With its axes in another order, in which they must be those of the weight.
function turned({ data, shape }: Floats, order: readonly number[], weight: Weight): Float32Array {
  const sizes = order.map((axis) => shape[axis] as number);
  if (formatShape(sizes) === formatShape(weight.shape) && product(shape) === data.length) {
    return permuted(data, shape, order);
  }
  const expected = `weights of shape ${formatShape(weight.shape)}`;
  throw fail('FILE_FORMAT', weight.name, expected, `${formatShape(sizes)} (there ${formatShape(shape)})`);
}

function rowsPicked(kernel: Float32Array, order: readonly number[]): Float32Array {
  const width = kernel.length / order.length;
  const result = new Float32Array(kernel.length);
  order.forEach((from, to) => {
    result.set(kernel.subarray(from * width, (from + 1) * width), to * width);
  });
  return result;
}

const picked = (data: Float32Array, order: readonly number[]): Float32Array =>
  Float32Array.from(order, (from) => data[from] as number);

// Two modules, as people write it: depthwise and pointwise.
function takeSeparable(layer: AnyLayer, { tensors, prefix, values }: Place): void {
  for (const weight of layer.weights) {
    const [word, kind] =
      weight.ownName === 'depthwise_kernel' ? (['depthwise', 'depthwise'] as const) : (['pointwise', 'conv'] as const);
    const isBias = weight.ownName === 'bias';
    const name = `${prefix}.${word}.${isBias ? 'bias' : 'weight'}`;
    const found = tensors.take(name, isBias ? 1 : weight.shape.length, layer.name);
    values.set(weight, isBias ? found.data : kernelOf(kind, found, weight));
  }
}

/** Blocks of rows there in Keras's order: r, z, n become z, r, h; i, f, g, o are i, f, c, o already. */
const GATES = new Map<unknown, readonly number[]>([
  [LSTM, [0, 1, 2, 3]],
  [GRU, [1, 0, 2]],
  [SimpleRNN, [0]],
]);

// The second of stacked layers is called `lstm.l1`.
function takeRecurrent(layer: Recurrent, suffix: string, { tensors, prefix, values }: Place): void {
  const gates = GATES.get(layer.constructor);
  if (gates === undefined) throw refused(layer as unknown as AnyLayer);
  const [, module = prefix, number = '0'] = /^(.*)\.l(\d+)$/.exec(prefix) ?? [];
  const take = (word: string, rank: number): Floats =>
    tensors.take(`${module}.${word}_l${number}${suffix}`, rank, layer.name);
  const arranged = (word: string, weight: Weight): Float32Array => {
    const { data, shape } = take(word, 2);
    return turned({ data: blocksIn(data, gates), shape }, [1, 0], weight);
  };
  const biases = (): Float32Array[] => ['bias_ih', 'bias_hh'].map((word) => blocksIn(take(word, 1).data, gates));
  const separate = layer instanceof GRU && layer.resetAfter;
  if (layer instanceof GRU && !separate) {
    throw fail('INVALID_VALUE', layer.name, 'resetAfter true, as in PyTorch', 'resetAfter false');
  }
  for (const weight of layer.weights as readonly Weight[]) {
    if (weight.ownName === 'kernel') values.set(weight, arranged('weight_ih', weight));
    else if (weight.ownName === 'recurrent_kernel') values.set(weight, arranged('weight_hh', weight));
    else {
      const [a, b] = biases() as [Float32Array, Float32Array];
      const sum = (): Float32Array => a.map((value, i) => value + (b[i] as number));
      values.set(weight, separate ? Float32Array.of(...a, ...b) : sum());
    }
  }
}

// One matrix for queries, keys and values: rows are heads and sizes of heads.
function takeAttention(layer: MultiHeadAttention, { tensors, prefix, values }: Place): void {
  const output = tensors.take(`${prefix}.out_proj.weight`, 2, layer.name);
  const { data, shape } = tensors.take(`${prefix}.in_proj_weight`, 2, layer.name);
  const third = data.length / 3;
  const biases = layer.useBias ? tensors.take(`${prefix}.in_proj_bias`, 1, layer.name).data : new Float32Array();
  for (const weight of layer.weights as readonly Weight[]) {
    const part = ['query', 'key', 'value'].findIndex((word) => weight.ownName.startsWith(word));
    if (weight.ownName === 'attention_output_kernel') values.set(weight, permuted(output.data, output.shape, [1, 0]));
    else if (weight.ownName === 'attention_output_bias') {
      values.set(weight, tensors.take(`${prefix}.out_proj.bias`, 1, layer.name).data);
    } else if (weight.ownName.endsWith('_bias')) {
      const size = biases.length / 3;
      values.set(weight, biases.slice(part * size, (part + 1) * size));
    } else {
      const rows = data.subarray(part * third, (part + 1) * third);
      values.set(weight, permuted(rows, [(shape[0] as number) / 3, shape[1] as number], [1, 0]));
    }
  }
}

/** The error for a layer whose weights PyTorch does not have. */
function refused(layer: AnyLayer): Error {
  const hint = 'leave it out, names: { layer: null }, and set its weights yourself';
  const got = `${classNameOf(layer)} of ${product(layer.weights.map(({ size }) => size))} values`;
  return fail('INVALID_VALUE', layer.name, 'a layer that PyTorch has a module for', got, hint);
}
