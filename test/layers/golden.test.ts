// Dense and the activations against Keras: outputs, and gradients by inputs and weights.

import { Activation, Dense, Flatten, ops, Sequential, type Tensor, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface Case {
  name: string;
  layer: 'Dense' | 'Activation';
  options: { units: number; activation?: string; activationOptions?: object; useBias?: boolean };
  inputs: [Golden];
  weights: (Golden & { name: string })[];
  outputs: [Golden];
  upstream: [number[]];
  inputGrads: [number[]];
  weightGrads: { name: string; data: number[] }[];
}

// Sums of at most 6 products, and functions within 2 ulp (compositions a few times that, relative to the largest number
// of a case): some 20 roundings of 2^-24.
const BOUND = 20 * 2 ** -24;

type Numbered = (x: Tensor, numbers: object) => Tensor;

/** An activation by its name, or as the op with the numbers of the case. */
function activationOf({
  activation = 'linear',
  ...numbers
}: {
  activation?: string;
}): string | ((x: Tensor) => Tensor) {
  if (Object.keys(numbers).length === 0) return activation;
  const name = activation.replace('_tanh', '').replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const op = (ops as unknown as Record<string, Numbered>)[name] as Numbered;
  return (x) => op(x, numbers);
}

function modelOf({ layer, options }: Case, inputShape: number[]): Sequential {
  if (layer === 'Dense') {
    const { activationOptions, activation, ...others } = options;
    const own = activationOf({ ...(activation && { activation }), ...activationOptions });
    return new Sequential([new Dense({ ...others, activation: own, inputShape })]);
  }
  return new Sequential([new Activation({ activation: activationOf(options), inputShape })]);
}

describe.each([...cases<Case>('dense.json'), ...cases<Case>('activations.json')])('$name', (golden) => {
  const [input] = golden.inputs;
  const [output] = golden.outputs;
  const model = modelOf(golden, input.shape.slice(1));

  test('outputs', async () => {
    await model.setWeights(golden.weights);
    const got = await model.predict(input);
    expect(got.shape).toEqual(output.shape);
    expectClose(got.data, output.data, BOUND, 'output');
  });

  test('gradients', async () => {
    await model.setWeights(golden.weights);
    const x = variable(Float32Array.from(input.data), input.shape);
    const upstream = { data: golden.upstream[0], shape: output.shape };
    const weighted = () => ops.sum(ops.mul(model.apply(x), { ...upstream, data: Float32Array.from(upstream.data) }));
    const { grads } = await valueAndGrad(weighted, [x, ...model.weights]);
    expectClose(grads[0]?.data ?? [], golden.inputGrads[0], 4 * BOUND, 'input gradient');
    for (const [i, { data }] of golden.weightGrads.entries()) {
      expectClose(grads[i + 1]?.data ?? [], data, 4 * BOUND, 'gradient');
    }
  });
});

test('every activation of Keras with a name works by it', async () => {
  const named = cases<Case>('activations.json').filter(({ options }) => options.activation !== 'threshold');
  for (const { options, inputs } of named) {
    const [input] = inputs;
    const activation = options.activation as string;
    const model = new Sequential([new Activation({ activation, inputShape: input.shape.slice(1) })]);
    expect(
      (await model.predict(input)).data.every((y) => !Number.isNaN(y)),
      activation,
    ).toBe(true);
    expect(model.layers[0]?.getConfig()).toMatchObject({ activation });
  }
});

test('names of weights are those of Keras', () => {
  const model = new Sequential([new Dense({ units: 2, inputShape: [3] }), new Flatten(), new Dense({ units: 1 })]);
  expect(model.weights.map(({ name }) => name)).toEqual([
    'dense/kernel',
    'dense/bias',
    'dense_1/kernel',
    'dense_1/bias',
  ]);
});
