// Weights from PyTorch, by its own predictions and by formulas written out here.

import { readFileSync } from 'node:fs';
import {
  BatchNormalization,
  Bidirectional,
  Conv2D,
  Conv2DTranspose,
  Dense,
  DepthwiseConv2D,
  Dropout,
  Flatten,
  GRU,
  Input,
  LSTM,
  MaxPooling2D,
  Model,
  MultiHeadAttention,
  Sequential,
} from 'descend';
import { importTorch } from 'descend/exchange';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../dist/io/safetensors.js';
import { distance, interop, interopPath, rows } from './cases.js';

type Predicted = { data: Float32Array; shape: number[] };

const cnn = (names: Record<string, string> = {}): Sequential =>
  new Sequential([
    new Conv2D({ filters: 2, kernelSize: 3, padding: 'same', inputShape: [6, 6, 1], name: names.conv ?? 'conv' }),
    new BatchNormalization({ epsilon: 1e-5, name: 'norm' }),
    new Dropout({ rate: 0.1 }),
    new MaxPooling2D(),
    new Flatten(),
    new Dense({ units: 5, activation: 'relu', name: names.fc ?? 'fc' }),
    new Dense({ units: 3, useBias: false, name: 'out' }),
  ]);

// The golden model has a rectifier behind the normalization; pooling and it commute.
function rectified(): Model {
  const x = Input({ shape: [6, 6, 1] });
  let y = new Conv2D({ filters: 2, kernelSize: 3, padding: 'same', name: 'first' }).apply(x);
  y = new BatchNormalization({ epsilon: 1e-5, name: 'norm' }).apply(y);
  y = new Conv2D({ filters: 2, kernelSize: 1, useBias: false, activation: 'relu', name: 'relu' }).apply(y);
  y = new Flatten().apply(new MaxPooling2D().apply(y));
  y = new Dense({ units: 5, activation: 'relu', name: 'fc' }).apply(new Dropout({ rate: 0.2 }).apply(y));
  return new Model({ inputs: x, outputs: new Dense({ units: 3, useBias: false, name: 'out' }).apply(y) });
}

describe('importTorch', () => {
  const file = interopPath('torch-cnn.safetensors');

  it('reads a convolutional network', async () => {
    const { input, output, tolerance } = interop('torch-cnn');
    const model = rectified();
    await importTorch(model, file, { names: (name) => (name === 'relu' ? null : name === 'first' ? 'conv' : name) });
    const values = await model.getWeights();
    const identity = { data: Float32Array.of(1, 0, 0, 1), shape: [1, 1, 2, 2] };
    await model.setWeights(values.map((one) => (one.name === 'relu/kernel' ? { ...one, ...identity } : one)));
    const { data, shape } = await model.predict({ data: rows(input).data, shape: [3, 6, 6, 1] });
    expect(shape).toEqual(output.shape);
    expect(distance(data, output.data)).toBeLessThan(tolerance);
  });

  it('reads recurrent layers', async () => {
    const { input, output, tolerance } = interop('torch-rnn');
    const model = new Sequential([
      new LSTM({ units: 5, returnSequences: true, inputShape: [5, 4], name: 'lstm' }),
      new GRU({ units: 3, returnSequences: true, name: 'gru' }),
    ]);
    await importTorch(model, interopPath('torch-rnn.safetensors'));
    const { data } = (await model.predict(rows(input))) as Predicted;
    expect(distance(data, output.data)).toBeLessThan(tolerance);
  });

  it('names what is missing, and changes nothing then', async () => {
    const model = cnn({ fc: 'hidden' });
    const before = await model.hash();
    await expect(importTorch(model, file)).rejects.toThrow(/hidden: expected a tensor "hidden.weight".*names/);
    expect(await model.hash()).toBe(before);
    await importTorch(model, file, { names: { hidden: 'fc' } });
    expect(await model.hash()).not.toBe(before);
  });

  it('refuses tensors besides, unless told otherwise', async () => {
    const model = cnn();
    await expect(importTorch(model, file, { names: { out: null } })).rejects.toThrow(/"out.*besides.*strict/);
    await importTorch(model, file, { names: { out: null }, strict: false });
    await expect(importTorch(model, file, { channelFirst: true } as never)).rejects.toThrow(/channelsFirst/);
  });

  it('refuses kernels of another shape by name', async () => {
    const model = new Sequential([new Dense({ units: 6, inputShape: [15], name: 'fc' })]);
    const call = importTorch(model, file, { strict: false });
    await expect(call).rejects.toThrow(/fc\/kernel: expected weights of shape \[15, 6\], got \[18, 5\]/);
  });

  it('brings transposed and depthwise kernels into place', async () => {
    const model = new Sequential([
      new DepthwiseConv2D({ kernelSize: 2, depthMultiplier: 2, useBias: false, inputShape: [3, 3, 2], name: 'deep' }),
      new Conv2DTranspose({ filters: 3, kernelSize: 2, useBias: false, name: 'up' }),
    ]);
    const number = (i: number): number => Math.fround(Math.sin(3 * i + 1));
    const f32 = (shape: number[], from: number): { dtype: 'F32'; shape: number[]; data: Float32Array } => ({
      dtype: 'F32',
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => number(from + i)),
    });
    const [deep, up, x] = [f32([4, 1, 2, 2], 0), f32([4, 3, 2, 2], 100), f32([1, 2, 3, 3], 300)];
    await importTorch(model, writeSafetensors(new Map(Object.entries({ 'deep.weight': deep, 'up.weight': up }))));
    // As torch writes them: channels first, groups = channels.
    const middle = (c: number, i: number, j: number): number => {
      let sum = 0;
      for (let a = 0; a < 2; a++) {
        for (let b = 0; b < 2; b++) {
          sum += (x.data[(c >> 1) * 9 + (i + a) * 3 + j + b] as number) * (deep.data[c * 4 + a * 2 + b] as number);
        }
      }
      return sum;
    };
    const expected = new Float32Array(27);
    for (let c = 0; c < 4; c++) {
      for (let o = 0; o < 3; o++) {
        for (let k = 0; k < 16; k++) {
          const [i, j, a, b] = [(k >> 3) & 1, (k >> 2) & 1, (k >> 1) & 1, k & 1];
          const at = ((i + a) * 3 + j + b) * 3 + o;
          expected[at] =
            (expected[at] as number) + middle(c, i, j) * (up.data[((c * 3 + o) * 2 + a) * 2 + b] as number);
        }
      }
    }
    const last = Float32Array.from({ length: 18 }, (_, i) => x.data[(i % 2) * 9 + (i >> 1)] as number);
    const { data } = (await model.predict({ data: last, shape: [1, 3, 3, 2] })) as Predicted;
    expect(distance(data, expected)).toBeLessThan(1e-5);
  });

  it('reads both directions and stacked layers', async () => {
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(interopPath('torch-rnn.safetensors'))));
    const own = [...tensors].filter(([name]) => name.startsWith('lstm.'));
    const named = (suffix: string): typeof own => own.map(([name, tensor]) => [name.replace('_l0', suffix), tensor]);
    const file = writeSafetensors(new Map([...named('_l1'), ...named('_l1_reverse')]));
    const lstm = (): LSTM => new LSTM({ units: 5, returnSequences: true });
    const [plain, both] = [
      new Sequential([Input({ shape: [5, 4] }), lstm()]),
      new Sequential([Input({ shape: [5, 4] }), new Bidirectional({ layer: lstm(), name: 'both' })]),
    ];
    await importTorch(plain, interopPath('torch-rnn.safetensors'), { names: () => 'lstm', strict: false });
    await importTorch(both, file, { names: { both: 'lstm.l1' } });
    const x = rows(interop('torch-rnn').input);
    const at = (data: Float32Array, width: number, step: number): Float32Array =>
      data.subarray(step * width, (step + 1) * width);
    const turned = { ...x, data: x.data.slice() };
    for (let i = 0; i < 10; i++) turned.data.set(at(x.data, 4, i), 4 * (i < 5 ? 4 - i : 14 - i));
    const [ahead, back, all] = [await plain.predict(x), await plain.predict(turned), await both.predict(x)];
    for (let i = 0; i < 10; i++) {
      const expected = [...at(ahead.data, 5, i), ...at(back.data, 5, i < 5 ? 4 - i : 14 - i)];
      expect(distance(at(all.data, 10, i), expected)).toBeLessThan(1e-6);
    }
  });

  it('takes attention apart', async () => {
    const [steps, size, heads] = [3, 4, 2];
    const values = (from: number, ...shape: number[]): { dtype: 'F32'; shape: number[]; data: Float32Array } => ({
      dtype: 'F32',
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(5 * i + from)),
    });
    const [w, b, v, c] = [values(1, 12, 4), values(2, 12), values(3, 4, 4), values(4, 4)];
    const model = new Sequential([
      Input({ shape: [steps, size] }),
      new MultiHeadAttention({ numHeads: heads, keyDim: 2, name: 'mha' }),
    ]);
    const words = { 'mha.in_proj_weight': w, 'mha.in_proj_bias': b, 'mha.out_proj.weight': v, 'mha.out_proj.bias': c };
    await importTorch(model, writeSafetensors(new Map(Object.entries(words))));
    const x = values(5, 1, steps, size);
    // As torch writes it: y = W x + b, heads one behind the other.
    const linear = (weight: Float32Array, bias: Float32Array, row: number, input: number[]): number =>
      input.reduce((sum, one, i) => sum + one * (weight[row * size + i] as number), bias[row] as number);
    const rowsOf = Array.from({ length: steps }, (_, t) => [...x.data.subarray(t * size, (t + 1) * size)]);
    const part = (which: number, t: number, j: number): number =>
      linear(w.data, b.data, which * size + j, rowsOf[t] as number[]);
    const expected: number[] = [];
    for (let t = 0; t < steps; t++) {
      const mixed: number[] = [];
      for (let h = 0; h < heads; h++) {
        const scores = rowsOf.map((_, s) =>
          Math.exp([0, 1].reduce((sum, j) => sum + part(0, t, 2 * h + j) * part(1, s, 2 * h + j), 0) / Math.SQRT2),
        );
        const total = scores.reduce((sum, one) => sum + one, 0);
        for (const j of [0, 1]) {
          mixed.push(scores.reduce((sum, one, s) => sum + (one / total) * part(2, s, 2 * h + j), 0));
        }
      }
      for (let j = 0; j < size; j++) expected.push(linear(v.data, c.data, j, mixed));
    }
    const { data } = await model.predict({ data: x.data, shape: [1, steps, size] });
    expect(distance(data, expected)).toBeLessThan(1e-5);
  });
});
