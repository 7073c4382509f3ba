// TensorFlow.js's models, read; and ours, written, read and run by TensorFlow.js itself.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as descend from 'descend';
import { exportTfjs, importTfjs, type TfjsModel } from 'descend/exchange';
import { describe, expect, it } from 'vitest';
import { distance, INTEROP, interopPath, rows } from './cases.js';
import { tool } from './tools.js';

const { Add, Dense, Input, Model, Sequential } = descend;
type Network = Awaited<ReturnType<typeof importTfjs>>;
type Predicted = { data: Float32Array; shape: number[] };
const listed = (y: unknown): Predicted[] => (Array.isArray(y) ? y : [y]) as Predicted[];

/** As much of TensorFlow.js as is used here. */
interface TensorFlow {
  io: {
    fromMemory(artifacts: object): unknown;
    withSaveHandler(save: (artifacts: { [name: string]: unknown; weightData: ArrayBuffer }) => unknown): unknown;
  };
  loadLayersModel(source: unknown): Promise<{ predict(x: unknown): unknown }>;
  tensor(data: Float32Array, shape: number[], dtype?: string): unknown;
  input(options: object): unknown;
  model(options: object): { save(to: unknown): Promise<unknown>; predict(x: unknown): unknown };
  layers: Record<string, (options: object) => { apply(x: unknown): unknown }>;
}

// Those of the benchmarks, so that they are installed once.
const PEERS = ['@jax-js/jax', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];
const tf = await tool<TensorFlow>('@tensorflow/tfjs', PEERS);

const wave = (...shape: number[]): Predicted => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i + 1)),
});

describe('importTfjs', () => {
  for (const { name, files, input, output, tolerance } of INTEROP.filter(({ files }) => files.tfjs)) {
    it(`reads ${name}`, async () => {
      const model = await importTfjs(interopPath(files.tfjs?.[0] as string));
      const { data, shape } = (await model.predict(rows(input))) as unknown as Predicted;
      expect(shape).toEqual(output.shape);
      expect(distance(data, output.data)).toBeLessThan(tolerance);
    });
  }

  it.skipIf(!tf)('reads what TensorFlow.js saved: recurrent layers, branches, its hard sigmoid', async () => {
    const { layers, input, model: modelOf, io, tensor } = tf as TensorFlow;
    const x = input({ shape: [4, 3], name: 'x' });
    const both = layers.bidirectional?.({ layer: layers.lstm?.({ units: 2, returnSequences: true }), name: 'both' });
    const y = both?.apply(x);
    const g = layers.gru?.({ units: 2, resetAfter: false, returnSequences: true, name: 'g' }).apply(y);
    const c = layers.concatenate?.({ name: 'cat' }).apply([y, g]);
    const t = layers.timeDistributed?.({ layer: layers.dense?.({ units: 2 }), name: 'td' }).apply(c);
    const theirs = modelOf({ inputs: x, outputs: [t, g] });
    let saved: TfjsModel | undefined;
    await theirs.save(
      io.withSaveHandler(({ weightData, weightSpecs, ...rest }) => {
        const modelJson = { ...rest, weightsManifest: [{ paths: ['a.bin'], weights: weightSpecs }] };
        saved = { modelJson, weights: new Uint8Array(weightData) };
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const model = await importTfjs(saved as TfjsModel);
    const batch = wave(2, 4, 3);
    const expected = theirs.predict(tensor(batch.data, batch.shape)) as { dataSync(): Float32Array }[];
    for (const [i, { data }] of listed(await model.predict(batch)).entries()) {
      expect(distance(data, expected[i]?.dataSync() ?? [])).toBeLessThan(1e-5);
    }
  });

  it('widens quantised weights', async () => {
    const model = new Sequential([new Dense({ units: 2, useBias: false, inputShape: [2], name: 'd' })]);
    const { modelJson } = await exportTfjs(model);
    const weight = {
      name: 'd/kernel',
      shape: [2, 2],
      dtype: 'float32',
      quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
    };
    const quantised = { ...modelJson, weightsManifest: [{ paths: ['x.bin'], weights: [weight] }] };
    const read = await importTfjs({ modelJson: quantised, weights: Uint8Array.of(0, 1, 2, 255) });
    expect([...((await read.getWeights())[0]?.data ?? [])]).toEqual([-1, -0.5, 0, 126.5]);
    const short = importTfjs({ modelJson: quantised, weights: Uint8Array.of(0, 1, 2) });
    await expect(short).rejects.toThrow(/d\/kernel: expected 4 bytes/);
    const long = importTfjs({ modelJson: quantised, weights: new Uint8Array(5) });
    await expect(long).rejects.toThrow(/4 bytes, as the manifest says, got 5/);
  });

  it('refuses graph models, and paths that lead away', async () => {
    const graph = importTfjs({ modelJson: { format: 'graph-model' }, weights: new Uint8Array() });
    await expect(graph).rejects.toThrow(/a layers model, got "graph-model"/);
    for (const path of ['../secret', '/etc/passwd', 'a/../../b', 'https://x/y']) {
      const json = { modelTopology: {}, weightsManifest: [{ paths: [path], weights: [] }] };
      await expect(importTfjs({ modelJson: json, weights: new Uint8Array() })).rejects.toThrow(/paths of files beside/);
    }
  });
});

describe('exportTfjs', () => {
  const models: Record<string, () => { model: Network; xs: Predicted[] }> = {
    'a chain over images': () => ({
      model: new Sequential([
        Input({ shape: [9, 9, 2] }),
        new descend.Conv2D({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'elu' }),
        new descend.BatchNormalization(),
        new descend.DepthwiseConv2D({ kernelSize: 2, depthMultiplier: 2 }),
        new descend.SeparableConv2D({ filters: 3, kernelSize: 2, padding: 'same', activation: 'silu' }),
        new descend.ZeroPadding2D({
          padding: [
            [1, 0],
            [0, 2],
          ],
        }),
        new descend.UpSampling2D({ size: 2 }),
        new descend.Cropping2D({ cropping: 1 }),
        new descend.Conv2DTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
        new descend.AveragePooling2D({ poolSize: 3, strides: 2, padding: 'same' }),
        new descend.PReLU(),
        new descend.LeakyReLU({ negativeSlope: 0.4 }),
        new descend.ELU(),
        new descend.ReLU({ maxValue: 2 }),
        new descend.Softmax(),
        new descend.MaxPooling2D(),
        new descend.Flatten(),
        new Dense({ units: 4, activation: 'softplus', kernelRegularizer: 'l2' }),
        new descend.LayerNormalization(),
        new descend.Dropout({ rate: 0.5 }),
        new Dense({ units: 3, activation: 'softmax' }),
      ]),
      xs: [wave(2, 9, 9, 2)],
    }),
    sequences: () => ({
      model: new Sequential([
        Input({ shape: [5], dtype: 'int32' }),
        new descend.Embedding({ inputDim: 7, outputDim: 4 }),
        new descend.Bidirectional({ layer: new descend.LSTM({ units: 3, returnSequences: true }) }),
        new descend.Conv1D({ filters: 4, kernelSize: 2, dilationRate: 2 }),
        new descend.TimeDistributed({ layer: new Dense({ units: 3 }) }),
        new descend.GRU({ units: 3, resetAfter: false, returnSequences: true }),
        new descend.SimpleRNN({ units: 2 }),
        new descend.RepeatVector({ n: 2 }),
        new descend.Permute({ dims: [2, 1] }),
        new descend.Reshape({ targetShape: [4] }),
        new descend.Activation({ activation: 'gelu' }),
      ]),
      xs: [{ shape: [3, 5], data: Float32Array.from({ length: 15 }, (_, i) => (i * 5) % 7) }],
    }),
    branches: () => {
      const [a, b] = [Input({ shape: [3], name: 'a' }), Input({ shape: [3], name: 'b' })];
      const shared = new Dense({ units: 3, name: 'shared', activation: 'tanh' });
      const inner = new Sequential([new Dense({ units: 3, inputShape: [3], name: 'inside' })], { name: 'inner' });
      const sum = new Add().apply([shared.apply(a), inner.apply(shared.apply(b))]);
      const joined = new descend.Concatenate().apply([sum, new descend.Maximum().apply([a, b])]);
      return {
        model: new Model({ inputs: [a, b], outputs: [joined, sum] }) as unknown as Network,
        xs: [wave(2, 3), { ...wave(2, 3), data: wave(2, 3).data.map((x) => x * x - 0.5) }],
      };
    },
  };

  for (const [name, make] of Object.entries(models)) {
    it(`writes ${name} as it is read`, async () => {
      const { model, xs } = make();
      const [x] = xs.length > 1 ? [xs] : xs;
      const expected = listed(await model.predict(x as Predicted));
      const written = await exportTfjs(model);
      const read = await importTfjs(written);
      expect(await read.hash()).toBe(await model.hash());
      for (const [i, { data }] of listed(await read.predict(x as Predicted)).entries()) {
        expect(data).toEqual(expected[i]?.data);
      }
      if (!tf) return;
      const { modelTopology, weightsManifest } = written.modelJson as Record<string, unknown>;
      const [{ weights }] = weightsManifest as [{ weights: object[] }];
      const artifacts = { modelTopology, weightSpecs: weights, weightData: written.weights.buffer };
      const theirs = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
      const tensors = xs.map(({ data, shape }) => tf.tensor(data, shape, name === 'sequences' ? 'int32' : 'float32'));
      const result = theirs.predict(tensors.length > 1 ? tensors : tensors[0]);
      const all = (Array.isArray(result) ? result : [result]) as { dataSync(): Float32Array }[];
      expect(all.length).toBe(expected.length);
      for (const [i, y] of all.entries()) expect(distance(y.dataSync(), expected[i]?.data ?? [])).toBeLessThan(1e-5);
    });
  }

  it('writes a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'descend-'));
    const model = new Sequential([new Dense({ units: 2, inputShape: [2] })]);
    await exportTfjs(model, { folder: join(folder, 'new') });
    expect(JSON.parse(readFileSync(join(folder, 'new/model.json'), 'utf8'))).toMatchObject({ format: 'layers-model' });
    expect(await (await importTfjs(join(folder, 'new/model.json'))).hash()).toBe(await model.hash());
    rmSync(folder, { recursive: true });
  });

  it('refuses what TensorFlow.js does not have, and writes nothing', async () => {
    const folder = join(tmpdir(), 'descend-never-made');
    const gru = new Sequential([new descend.GRU({ units: 2, inputShape: [3, 2], name: 'g' })]);
    await expect(exportTfjs(gru, { folder })).rejects.toThrow(/g resetAfter: expected.*got true.*resetAfter: false/);
    const grouped = new Sequential([
      new descend.Conv2D({ filters: 2, kernelSize: 1, groups: 2, inputShape: [2, 2, 2], name: 'c' }),
    ]);
    await expect(exportTfjs(grouped, { folder })).rejects.toThrow(/c groups/);
    const unit = new Sequential([new descend.UnitNormalization({ inputShape: [2], name: 'u' })]);
    await expect(exportTfjs(unit, { folder })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect(() => readFileSync(join(folder, 'model.json'))).toThrow();
    await expect(exportTfjs(new Sequential([new Dense({ units: 1 })]))).rejects.toMatchObject({ code: 'NOT_BUILT' });
  });
});
