// Layers against Keras: outputs, gradients by inputs and weights, and what a training step leaves in their weights.

import * as descend from 'descend';
import { Input, type Layer, Model, ops, SGD, type Variable, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases, expectClose, type Golden } from '../golden.js';

interface Case {
  name: string;
  layer: string;
  options: Record<string, unknown>;
  training?: boolean;
  inputs: Golden[];
  weights: (Golden & { name: string })[];
  outputs: Golden[];
  upstream: number[][];
  inputGrads?: (number[] | null)[];
  weightGrads: { name: string; data: number[] }[];
  weightsAfter?: (Golden & { name: string })[];
}

const FILES = [
  'batch_normalization',
  'embedding',
  'group_normalization',
  'layer_normalization',
  'leaky_relu',
  'merging',
  'prelu',
  'rectifiers',
  'reshaping',
  'rms_normalization',
  'unit_normalization',
];

// Sums of some ten products with a root or a quotient among them: some 40 roundings of 2^-24; of gradients, of values
// times upstream gradients, four times that.
const BOUND = 40 * 2 ** -24;

function layerOf({ layer, options }: Case): Layer {
  const Class = (descend as unknown as Record<string, new (options: object) => Layer>)[layer];
  if (Class === undefined) throw new Error(`no layer ${layer}`);
  return new Class(options);
}

function modelOf(golden: Case): { layer: Layer; model: Model<never> } {
  const layer = layerOf(golden);
  const inputs = golden.inputs.map(({ shape }) => Input({ shape: shape.slice(1) }));
  const output = layer.apply((inputs.length === 1 ? inputs[0] : inputs) as never) as never;
  return { layer, model: new Model({ inputs, outputs: output }) };
}

describe.each(FILES.flatMap((file) => cases<Case>(`layers/${file}.json`)))('$name', (golden) => {
  const { model, layer } = modelOf(golden);
  const [output] = golden.outputs as [Golden];
  const floats = ({ data, shape }: Golden): Variable<'float32'> => variable(Float32Array.from(data), shape);
  const inputs = golden.inputs.map(floats);
  const upstream = floats({ data: golden.upstream[0] as number[], shape: output.shape });
  const { training = false } = golden;
  // Its gradient by the upstream gradient is the output.
  const weighted = (): descend.Operand =>
    ops.sum(
      ops.mul(layer.apply((inputs.length === 1 ? inputs[0] : inputs) as descend.Operand, { training }), upstream),
    );

  test('outputs and gradients', async () => {
    await model.setWeights(golden.weights);
    const { grads } = await valueAndGrad(weighted, [upstream, ...inputs, ...model.trainableWeights]);
    const [out, ...others] = grads.map(({ data }) => data);
    expectClose(out ?? [], output.data, BOUND, 'output');
    for (const [i, expected] of (golden.inputGrads ?? []).entries()) {
      if (expected) expectClose(others[i] ?? [], expected, 4 * BOUND, `gradient of input ${i}`);
    }
    for (const [i, { name, data }] of golden.weightGrads.entries()) {
      expectClose(others[inputs.length + i] ?? [], data, 4 * BOUND, `gradient of ${name}`);
    }
    expect(model.weights.map(({ ownName }) => ownName)).toEqual(golden.weights.map(({ name }) => name));
  });

  test.skipIf(training)('predictions', async () => {
    await model.setWeights(golden.weights);
    const got = (await model.predict(golden.inputs as never)) as unknown as Golden;
    expect(got.shape).toEqual(output.shape);
    expectClose(got.data, output.data, BOUND, 'output');
  });

  test.runIf(golden.weightsAfter)('what a step leaves', async () => {
    await model.setWeights(golden.weights);
    const still = variable([0]);
    const optimizer = new SGD({ learningRate: 0 });
    await descend.minimize(() => ops.add(ops.sum(still), weighted()), {
      variables: [still],
      optimizer,
      stopWhen: { maxSteps: 1 },
    });
    const after = await model.getWeights();
    for (const { name, data } of golden.weightsAfter ?? []) {
      const weight = after.find((one) => one.name.endsWith(`/${name}`));
      expectClose(weight?.data ?? [], data, BOUND, name);
    }
  });
});
