// Keras's files, read: every model predicts what Keras says it does.

import { readFileSync } from 'node:fs';
import { Dense, DescendError, Input, Layer, Sequential, type Tensor } from 'descend';
import { importKeras, importKerasWeights } from 'descend/exchange';
import { describe, expect, it } from 'vitest';
import { AGAIN, distance, INTEROP, interop, interopPath, MADE, OPTIMIZERS, rows } from './cases.js';
import { zipOf } from './zip.mjs';

type Predicted = { data: Float32Array; shape: number[] };
const listed = (y: unknown): Predicted[] => (Array.isArray(y) ? y : [y]) as Predicted[];

describe('importKeras', () => {
  for (const { name, files, layers, weights, input, output, tolerance } of INTEROP.filter(({ layers }) => layers)) {
    for (const form of ['keras', 'h5']) {
      it(`reads ${name} from .${form}`, async () => {
        const model = await importKeras(interopPath(files[form] as string));
        const own = model.layers.filter(({ weights: all, name: one }) => all.length > 0 || one !== 'input');
        expect(own.map((layer) => layer.name)).toEqual(layers.map((layer) => layer.name));
        const values = await model.getWeights();
        expect(values.map((one) => [one.name, one.shape])).toEqual(weights.map((one) => [one.name, one.shape]));
        for (const [i, { data }] of values.entries()) expect(distance(data, weights[i]?.data ?? [])).toBe(0);
        const { data, shape } = (await model.predict(rows(input))) as unknown as Predicted;
        expect(shape).toEqual(output.shape);
        expect(distance(data, output.data)).toBeLessThan(tolerance);
      });
    }
  }

  for (const { name, files, inputs, outputs } of MADE) {
    for (const file of files) {
      it(`reads ${file}: ${name}`, async () => {
        const model = await importKeras(interopPath(file));
        const [x, ...more] = inputs.map(rows);
        const predicted = listed(await model.predict((more.length > 0 ? [x, ...more] : x) as Predicted));
        expect(predicted.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
        for (const [i, { data }] of predicted.entries()) {
          expect(distance(data, outputs[i]?.data ?? [])).toBeLessThan(2e-5);
        }
      });
    }
  }

  it('reads deflated archives', async () => {
    const { inputs, outputs } = MADE.find(({ name }) => name === 'attention') as (typeof MADE)[number];
    const model = await importKeras(readFileSync(interopPath('deflated.keras')));
    const [{ data }] = listed(await model.predict(rows(inputs[0] as never))) as [Predicted];
    expect(distance(data, outputs[0]?.data ?? [])).toBeLessThan(2e-5);
  });

  it('trains on', async () => {
    const { input, output } = interop('mlp');
    const model = await importKeras(interopPath('mlp.keras'));
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { loss } = (await model.fit(rows(input), rows(output), { epochs: 3, verbose: 0 })).history;
    expect(loss?.at(-1)).toBeGreaterThan(0);
  });
});

describe('importKeras with compile', () => {
  for (const form of ['mlp.keras', 'mlp.h5']) {
    it(`goes on training ${form} where Keras stood`, async () => {
      const model = await importKeras(interopPath(form), { compile: true });
      expect(model.optimizer.iterations).toBe(interop('mlp').optimizer.iterations);
      expect(model.optimizer.learningRate).toBeCloseTo(0.01, 8);
      await model.trainOnBatch(AGAIN.x, AGAIN.y);
      for (const [i, { name, data }] of (await model.getWeights()).entries()) {
        // Before a normalization the gradient of a bias is 0 but for rounding, which Adam makes larger.
        expect(distance(data, AGAIN.weights[i] ?? [])).toBeLessThan(name === 'hidden/bias' ? 1e-4 : 1e-6);
      }
    });
  }

  for (const { name, file, weights } of OPTIMIZERS.cases) {
    it(`goes on with the state of ${name}`, async () => {
      const model = await importKeras(interopPath(file), { compile: true });
      expect(model.optimizer.iterations).toBe(3);
      for (let i = 0; i < 2; i++) await model.trainOnBatch(OPTIMIZERS.x, OPTIMIZERS.y);
      for (const [i, { data }] of (await model.getWeights()).entries()) {
        expect(distance(data, weights[i] ?? [])).toBeLessThan(2e-6);
      }
    });
  }

  it('refuses what was never compiled', async () => {
    const call = importKeras(interopPath('images.keras'), { compile: true });
    await expect(call).rejects.toThrow(/a model that Keras 3 compiled/);
  });
});

describe('importKerasWeights', () => {
  const forms = { attention: ['attention.keras', 'attention.h5', 'chunked.weights.h5'], mlp: ['latest.weights.h5'] };
  for (const [name, file] of Object.entries(forms).flatMap(([name, files]) =>
    files.map((file) => [name, file] as const),
  )) {
    it(`reads ${file} into a model at hand`, async () => {
      const whole = await importKeras(interopPath(`${name}.keras`));
      const hash = await whole.hash();
      const zeros = (await whole.getWeights()).map(({ shape, data }) => ({ shape, data: data.map(() => 0) }));
      await whole.setWeights(zeros);
      expect(await whole.hash()).not.toBe(hash);
      await importKerasWeights(whole, interopPath(file));
      expect(await whole.hash()).toBe(hash);
    });
  }

  it('finds layers by classes and order where names differ', async () => {
    const model = new Sequential([
      new Dense({ units: 5, inputShape: [4], name: 'one' }),
      new Dense({ units: 3, name: 'two', useBias: false }),
    ]);
    await expect(importKerasWeights(model, interopPath('mlp.h5'))).rejects.toThrow(/"one"/);
    await importKerasWeights(model, interopPath('mlp.keras'));
    const [kernel] = await model.getWeights();
    expect(distance(kernel?.data ?? [], interop('mlp').weights[0]?.data ?? [])).toBe(0);
  });

  it('refuses weights of another shape and leaves the model as it was', async () => {
    const model = new Sequential([new Dense({ units: 6, inputShape: [4], name: 'hidden' })]);
    const before = await model.hash();
    const call = importKerasWeights(model, interopPath('mlp.keras'));
    await expect(call).rejects.toThrow(/hidden\/kernel: expected weights of shape \[4, 6\], got \[4, 5\]/);
    expect(await model.hash()).toBe(before);
  });
});

describe('what is refused', () => {
  const archive = (config: unknown): Promise<unknown> => importKeras(zipOf({ 'config.json': JSON.stringify(config) }));
  const chain = (...layers: unknown[]): unknown => ({ class_name: 'Sequential', config: { name: 'm', layers } });
  const layer = (class_name: string, config: object): unknown => ({ class_name, config });

  describe('rectifiers with numbers of their own', () => {
    const weights = readFileSync(interopPath('latest.weights.h5'));
    const read = async (className: string, config: object): Promise<number[]> => {
      const model = await importKeras(
        zipOf({
          'config.json': JSON.stringify(
            chain(layer('InputLayer', { batch_shape: [null, 3], name: 'i' }), layer(className, config)),
          ),
          'model.weights.h5': weights,
        }),
      );
      return [...((await model.predict({ data: Float32Array.of(-4, 0.5, 8), shape: [1, 3] })) as Predicted).data];
    };

    it.each([
      ['LeakyReLU', { negative_slope: 0.25 }, [-1, 0.5, 8]],
      ['LeakyReLU', { alpha: 0.25 }, [-1, 0.5, 8]],
      ['ReLU', { max_value: 3, negative_slope: 0.5, threshold: 1 }, [-2.5, -0.25, 3]],
      ['ReLU', { max_value: 6, negative_slope: 0, threshold: 0 }, [0, 0.5, 6]],
      ['ELU', { alpha: 2 }, [2 * Math.expm1(-4), 0.5, 8]],
    ])('%s %o', async (className, config, expected) => {
      const y = await read(className, { name: 'r', ...config });
      for (const [i, value] of y.entries()) expect(value).toBeCloseTo(expected[i] as number, 6);
    });
  });

  it('names layers that are not known, and code', async () => {
    const weights = readFileSync(interopPath('latest.weights.h5'));
    const importing = (config: unknown, options?: object): Promise<unknown> =>
      importKeras(zipOf({ 'config.json': JSON.stringify(config), 'model.weights.h5': weights }), options);
    const input = layer('InputLayer', { batch_shape: [null, 3], name: 'i' });
    const unknown = importing(chain(layer('Blur', { name: 'b1' })));
    await expect(unknown).rejects.toMatchObject({ code: 'UNKNOWN_NAME' });
    await expect(unknown).rejects.toThrow(/Blur "b1"/);
    await expect(importing(chain(layer('Lambda', { name: 'l' })))).rejects.toThrow(/not code.*customObjects/);
    await expect(importing({ class_name: 'MyModel', config: {} })).rejects.toThrow(/importKerasWeights|weights/);
    const stateful = importing(chain(layer('LSTM', { units: 2, stateful: true, name: 'r' })));
    await expect(stateful).rejects.toThrow(/LSTM "r".*stateful/);
    const first = importing(chain(layer('Conv2D', { filters: 1, kernel_size: 2, data_format: 'channels_first' })));
    await expect(first).rejects.toThrow(/channels_last/);
    const own = chain(input, layer('LeakierReLU', { name: 'l', negative_slope: 0.3 }));
    await expect(importing(own)).rejects.toThrow(/LeakierReLU "l".*customObjects: \{ LeakierReLU: YourLayer \}/);
    class Blur extends Layer {
      static override readonly className = 'Blur';
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    const model = await importing(chain(input, layer('Blur', { name: 'b1', trainable: true })), {
      customObjects: { Blur },
    });
    expect((model as Sequential).layers.at(-1)).toBeInstanceOf(Blur);
  });

  it('says so where there are weights alone, or none', async () => {
    await expect(importKeras(interopPath('chunked.weights.h5'))).rejects.toThrow(/weights alone.*importKerasWeights/);
    await expect(archive(chain())).rejects.toThrow(/model\.weights\.h5/);
    await expect(importKeras(new Uint8Array(100))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    const unbuilt = new Sequential([new Dense({ units: 1 })]);
    await expect(importKerasWeights(unbuilt, interopPath('mlp.keras'))).rejects.toBeInstanceOf(DescendError);
    expect(Input({ shape: [1] })).toBeDefined();
  });
});
