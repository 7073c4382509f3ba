// Recurrent layers and attention against Keras: outputs, states, and gradients by inputs and weights.

import * as descend from 'descend';
import { Input, type Layer, Model, ops, type Variable, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface Case {
  name: string;
  layer: string;
  options: Record<string, unknown>;
  inputs: Golden[];
  weights: (Golden & { name: string })[];
  outputs: Golden[];
  upstream: number[][];
  inputGrads: number[][];
  weightGrads: { name: string; data: number[] }[];
}

const FILES = [
  'simple_rnn',
  'gru',
  'lstm',
  'bidirectional',
  'multi_head_attention',
  'attention',
  'attention_more',
  'conv_lstm',
  'rnn',
];

// Five steps, each of some ten products, exponentials among them: their errors add up, gradients come back through all.
const BOUND = 100 * 2 ** -24;

type AnyLayer = Layer<readonly descend.Tensor[], readonly descend.Tensor[]>;

interface Named {
  className: string;
  config: Record<string, unknown>;
}

function layerOf(name: string, options: Record<string, unknown>): AnyLayer {
  const Class = (descend as unknown as Record<string, new (options: object) => AnyLayer>)[name];
  if (Class === undefined) throw new Error(`no layer ${name}`);
  // Layers and cells among the options are described.
  const made = Object.entries(options).map(([name, value]) => [name, madeOf(value)]);
  return new Class(Object.fromEntries(made));
}

function madeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(madeOf);
  const named = value as Named | null;
  return typeof named === 'object' && named ? layerOf(named.className, named.config) : value;
}

const floats = ({ data, shape }: Golden): Variable<'float32'> => variable(Float32Array.from(data), shape);
const several = <T>(xs: readonly T[]): never => (xs.length === 1 ? xs[0] : xs) as never;
const list = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x]) as readonly T[];

// The cases list query, key and value; the layer takes the value second.
function inOrder(golden: Case): Case {
  if (golden.layer !== 'MultiHeadAttention' || golden.inputs.length < 3) return golden;
  const order = <T>(xs: T[]): T[] => [0, 2, 1].map((i) => xs[i] as T);
  return { ...golden, inputs: order(golden.inputs), inputGrads: order(golden.inputGrads) };
}

describe.each(FILES.flatMap((file) => cases<Case>(`layers/${file}.json`)).map(inOrder))('$name', (golden) => {
  const layer = layerOf(golden.layer, golden.options);
  const symbols = golden.inputs.map(({ shape }) => Input({ shape: shape.slice(1) }));
  const model = new Model({ inputs: symbols, outputs: layer.apply(several(symbols)) as never });
  const inputs = golden.inputs.map(floats);
  const upstream = golden.outputs.map(({ shape }, i) => floats({ data: golden.upstream[i] as number[], shape }));

  test('outputs and gradients', async () => {
    await model.setWeights(golden.weights);
    // Its gradient by the upstream gradients is the outputs.
    const weighted = (): descend.Operand => {
      const outputs = list(layer.apply(several(inputs)) as unknown as descend.Tensor);
      const terms = outputs.map((y, i) => ops.sum(ops.mul(y, upstream[i] as Variable<'float32'>)));
      return terms.reduce((a, b) => ops.add(a, b));
    };
    const { grads } = await valueAndGrad(weighted, [...upstream, ...inputs, ...model.trainableWeights]);
    const got = grads.map(({ data }) => data as Float32Array);
    for (const [i, { data }] of golden.outputs.entries()) expectClose(got.shift() ?? [], data, BOUND, `output ${i}`);
    for (const [i, grad] of golden.inputGrads.entries()) expectClose(got.shift() ?? [], grad, 4 * BOUND, `input ${i}`);
    for (const { name, data } of golden.weightGrads) expectClose(got.shift() ?? [], data, 4 * BOUND, name);
    expect(got).toHaveLength(0);
  });

  test('predictions', async () => {
    await model.setWeights(golden.weights);
    const got = list((await model.predict(several(golden.inputs))) as unknown as Golden);
    expect(got.map(({ shape }) => shape)).toEqual(golden.outputs.map(({ shape }) => shape));
    for (const [i, { data }] of golden.outputs.entries()) expectClose(got[i]?.data ?? [], data, BOUND, `output ${i}`);
  });
});
