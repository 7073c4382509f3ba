// Our models as ONNX: onnxruntime predicts what they predict.

import * as descend from 'descend';
import { exportOnnx, importKeras } from 'descend/exchange';
import { describe, expect, it } from 'vitest';
import { distance, interopPath, MADE, rows } from './cases.js';
import { tool } from './tools.js';

const { Dense, Input, Model, Sequential } = descend;
type Predicted = { data: Float32Array; shape: number[] };
const listed = (y: unknown): Predicted[] => (Array.isArray(y) ? y : [y]) as Predicted[];

/** As much of onnxruntime as is used here. */
interface Runtime {
  InferenceSession: { create(bytes: Uint8Array, options?: object): Promise<Session> };
  Tensor: new (type: string, data: Float32Array | Int32Array, shape: readonly number[]) => object;
}
interface Session {
  inputNames: string[];
  outputNames: string[];
  run(feeds: Record<string, object>): Promise<Record<string, { data: Float32Array; dims: number[] }>>;
}

const runtime = await tool<Runtime>('onnxruntime-node', ['onnxruntime-node']);

const wave = (...shape: number[]): Predicted => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i + 1)),
});

type Layers = ConstructorParameters<typeof Sequential>[0];
type AnyModel = Parameters<typeof exportOnnx>[0];

/** Random weights, also where layers begin with zeros and ones. */
async function stirred<M extends AnyModel>(model: M): Promise<M> {
  const weights = await model.getWeights();
  const values = weights.map(({ name, data, shape }, k) => {
    const far = name.endsWith('variance') ? 1.5 : 0;
    return { shape, data: data.map((_, i) => far + 0.5 * Math.sin(7 * i + k + 1)) };
  });
  await model.setWeights(values);
  return model;
}

async function expectSame(model: AnyModel, xs: Predicted[], integer = false): Promise<void> {
  const bytes = await exportOnnx(model);
  if (!runtime) return;
  const session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  expect(session.inputNames.length).toBe(xs.length);
  // Twice, with another batch, for the batch is free.
  for (const times of [1, 2]) {
    const batch = xs.map(({ data, shape }) => ({
      data: times === 1 ? data : Float32Array.of(...data, ...data),
      shape: [(shape[0] as number) * times, ...shape.slice(1)],
    }));
    const feeds = batch.map(({ data, shape }, i) => {
      const numbers = integer ? Int32Array.from(data) : data;
      return [session.inputNames[i], new runtime.Tensor(integer ? 'int32' : 'float32', numbers, shape)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    const expected = listed(await model.predict((batch.length > 1 ? batch : batch[0]) as Predicted));
    for (const [i, name] of session.outputNames.entries()) {
      expect([...(results[name]?.dims ?? [])]).toEqual(expected[i]?.shape);
      expect(distance(results[name]?.data ?? [], expected[i]?.data ?? [])).toBeLessThan(1e-5);
    }
  }
}

const chains: Record<string, { shape: number[]; layers: () => Layers }> = {
  'a convolutional network': {
    shape: [11, 9, 4],
    layers: () => [
      new descend.Conv2D({ filters: 6, kernelSize: 3, strides: 2, padding: 'same', groups: 2, activation: 'relu' }),
      new descend.BatchNormalization(),
      new descend.MaxPooling2D({ poolSize: 2, strides: 1, padding: 'same' }),
      new descend.DepthwiseConv2D({ kernelSize: [2, 3], depthMultiplier: 2, activation: 'gelu' }),
      new descend.GroupNormalization({ groups: 3 }),
      new descend.SeparableConv2D({ filters: 5, kernelSize: 2, depthMultiplier: 2, padding: 'same' }),
      new descend.PReLU({ sharedAxes: [1, 2] }),
      new descend.LeakyReLU({ negativeSlope: 0.7 }),
      new descend.ELU({ alpha: 1.5 }),
      new descend.UpSampling2D({ size: [2, 3] }),
      new descend.Identity(),
      new descend.Conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
      new descend.Conv2DTranspose({ filters: 4, kernelSize: [1, 4], strides: 3 }),
      new descend.Cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
      new descend.ZeroPadding2D({
        padding: [
          [2, 0],
          [1, 1],
        ],
      }),
      new descend.AveragePooling2D({ poolSize: 3, strides: 2, padding: 'same' }),
      new descend.UpSampling2D({ size: 2, interpolation: 'bilinear' }),
      new descend.SpatialDropout2D({ rate: 0.2 }),
      new descend.LayerNormalization({ axis: [2, 3] }),
      new descend.GlobalAveragePooling2D(),
      new descend.UnitNormalization(),
      new Dense({ units: 3, activation: 'softmax' }),
    ],
  },
  steps: {
    shape: [9, 4],
    layers: () => [
      new descend.Conv1D({ filters: 6, kernelSize: 3, padding: 'causal', dilationRate: 2, activation: 'silu' }),
      new descend.RMSNormalization(),
      new descend.MaxPooling1D(),
      new descend.DepthwiseConv1D({ kernelSize: 2 }),
      new descend.Conv1DTranspose({ filters: 4, kernelSize: 2, strides: 2 }),
      new descend.TimeDistributed({ layer: new Dense({ units: 4, activation: 'gelu_tanh' }) }),
      new descend.Permute({ dims: [2, 1] }),
      new descend.Reshape({ targetShape: [-1, 3] }),
      new descend.Flatten(),
      new descend.Rescaling({ scale: 0.5, offset: 0.25 }),
      new descend.Activation({ activation: 'mish' }),
      new descend.RepeatVector({ n: 2 }),
      new descend.GlobalMaxPooling1D({ keepdims: true }),
    ],
  },
  'recurrent layers': {
    shape: [5, 3],
    layers: () => [
      new descend.LSTM({ units: 4, returnSequences: true }),
      new descend.Bidirectional({ layer: new descend.GRU({ units: 3, returnSequences: true }), mergeMode: 'ave' }),
      new descend.GRU({ units: 3, resetAfter: false, returnSequences: true, goBackwards: true }),
      new descend.SimpleRNN({ units: 4, activation: 'relu', returnSequences: true }),
      new descend.Bidirectional({ layer: new descend.LSTM({ units: 2 }) }),
    ],
  },
  volumes: {
    shape: [4, 4, 4, 2],
    layers: () => [
      new descend.Conv3D({ filters: 3, kernelSize: 2, activation: 'elu' }),
      new descend.MaxPooling3D({ poolSize: 2, strides: 1 }),
      new descend.GlobalAveragePooling3D(),
      new Dense({ units: 2, activation: 'selu' }),
    ],
  },
};

describe('exportOnnx', () => {
  for (const [name, { shape, layers }] of Object.entries(chains)) {
    it(`writes ${name}`, async () => {
      const model = new Sequential([Input({ shape }), ...(layers() as [])]);
      await expectSame(await stirred(model), [wave(2, ...shape)]);
    });
  }

  it('writes branches, shared layers and models in models', async () => {
    const [a, b] = [Input({ shape: [6, 6, 2], name: 'a' }), Input({ shape: [6, 6, 2], name: 'b' })];
    const shared = new descend.Conv2D({ filters: 2, kernelSize: 3, padding: 'same', name: 'shared' });
    const [p, q] = [shared.apply(a), shared.apply(b)];
    const merged = [
      new descend.Add().apply([p, q]),
      new descend.Multiply().apply([p, b]),
      new descend.Subtract().apply([a, q]),
      new descend.Average().apply([p, q, a]),
      new descend.Maximum().apply([p, q]),
      new descend.Minimum().apply([a, q]),
    ];
    const joined = new descend.Concatenate().apply(merged);
    const inner = new Sequential([Input({ shape: [12] }), new Dense({ units: 3, name: 'inside' })], { name: 'inner' });
    const pooled = new descend.GlobalMaxPooling2D().apply(joined);
    const y = inner.apply(pooled);
    const high = new descend.Concatenate({ axis: 1 }).apply([p, q]);
    const model = new Model({ inputs: [a, b], outputs: [y, high, inner.apply(pooled)] });
    await expectSame(await stirred(model as unknown as AnyModel), [wave(2, 6, 6, 2), wave(2, 6, 6, 2)]);
  });

  it('writes embeddings, attention with a causal mask, and states', async () => {
    const x = Input({ shape: [4], dtype: 'int32', name: 'words' });
    const y = new descend.Embedding({ inputDim: 7, outputDim: 6 }).apply(x);
    const z = new descend.MultiHeadAttention({ numHeads: 2, keyDim: 3, valueDim: 2, useCausalMask: true }).apply(y);
    const [steps, h, c] = new descend.LSTM({ units: 3, returnState: true, returnSequences: true }).apply(z);
    const more = new descend.LSTM({ units: 3 }).apply([steps, h, c] as never);
    const seen = new descend.Attention({ useScale: true, useCausalMask: true }).apply([y, z]);
    const model = new Model({ inputs: x, outputs: [more, h, c, seen] as never });
    const words = { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => (i * 5) % 7) };
    await expectSame(await stirred(model as unknown as AnyModel), [words], true);
  });

  it('writes attention by sums, and heads that share keys and values', async () => {
    const [a, b] = [Input({ shape: [4, 6], name: 'a' }), Input({ shape: [5, 6], name: 'b' })];
    const outputs = [
      new descend.Attention({ scoreMode: 'concat', useScale: true }).apply([a, b]),
      new descend.AdditiveAttention({ useCausalMask: true }).apply([a, b, b]),
      new descend.GroupQueryAttention({ headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2 }).apply([a, b]),
      new descend.GroupQueryAttention({ headDim: 2, numQueryHeads: 3, numKeyValueHeads: 1, useBias: false }).apply(a),
    ];
    const model = new Model({ inputs: [a, b], outputs: outputs as never });
    await expectSame(await stirred(model as unknown as AnyModel), [wave(2, 4, 6), wave(2, 5, 6)]);
  });

  it('writes what was imported from Keras', async () => {
    for (const name of ['images', 'recurrent']) {
      const model = await importKeras(interopPath(`${name}.keras`));
      const made = MADE.find((one) => one.name === name);
      await expectSame(model as unknown as AnyModel, (made?.inputs ?? []).map(rows));
    }
  });

  it('knows the activations', async () => {
    const names = ['softplus', 'softsign', 'celu', 'exponential', 'leaky_relu', 'hard_sigmoid', 'hard_silu', 'relu6'];
    for (const activation of [...names, 'hard_tanh', 'log_sigmoid', 'tanh_shrink', 'log_softmax', 'abs', 'sigmoid']) {
      const model = new Sequential([Input({ shape: [40] }), new descend.Activation({ activation })]);
      await expectSame(model, [wave(2, 40)]);
    }
  });

  it('turns channels only where it must', async () => {
    const block = (): Layers => [
      new descend.Conv2D({ filters: 2, kernelSize: 3, activation: 'relu' }),
      new descend.BatchNormalization(),
      new descend.MaxPooling2D(),
    ];
    const model = new Sequential([Input({ shape: [20, 20, 1] }), ...(block() as []), ...(block() as [])]);
    const text = new TextDecoder('latin1').decode(await exportOnnx(model));
    // At the beginning and at the end: each is named and typed.
    expect(text.match(/"\tTranspose/g)?.length).toBe(2);
  });

  it('refuses, naming the layer, what it cannot write', async () => {
    const refused = (...layers: object[]): Promise<unknown> =>
      exportOnnx(new Sequential([Input({ shape: [4, 3] }), ...(layers as [])]));
    await expect(refused(new descend.Masking({ name: 'm' }))).rejects.toThrow(/^m: expected a model without masks/);
    await expect(refused(new Dense({ units: 2, name: 'd', activation: 'sparsemax' }))).rejects.toThrow(
      /^d: .*"sparsemax"/,
    );
    await expect(refused(new descend.GRU({ units: 2, name: 'g', stateful: true, batchSize: 2 }))).rejects.toThrow(
      /^g: expected a layer that keeps no states, got stateful: true/,
    );
    const axes = new descend.MultiHeadAttention({ numHeads: 1, keyDim: 2, name: 'h' });
    await expect(refused(new descend.Reshape({ targetShape: [2, 2, 3] }), axes)).rejects.toThrow(
      /^h: expected samples of two axes/,
    );
    class Own extends descend.Layer {
      override call(x: descend.Tensor): descend.Tensor {
        return x;
      }
    }
    await expect(refused(new Own({ name: 'mine' }))).rejects.toThrow(/^mine: .*Own/);
    await expect(exportOnnx(new Sequential([new Dense({ units: 1 })]))).rejects.toMatchObject({ code: 'NOT_BUILT' });
  });
});
