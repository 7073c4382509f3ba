// Models in files: what is in them, that training goes on from them bit for bit, on either engine, and what is refused.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Activation,
  Dense,
  initializers,
  Layer,
  loadModel,
  type losses,
  Momentum,
  modelFromConfig,
  ops,
  ready,
  Sequential,
  SGD,
  schedules,
} from 'descend';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal, sameBytes, smallModel, x, y } from './small.js';

const silent = { verbose: 0 } as const;
const engine = process.env.DESCEND_ENGINE as 'native' | 'wasm' | undefined;

describe('a model saved and loaded', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'descend-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('from a path, a file URL, bytes, a Response and a Blob is the same', async () => {
    const model = smallModel();
    await model.fit(x, y, silent);
    const path = join(folder, 'model.safetensors');
    await model.save(path);
    const bytes = await model.toBytes();
    for (const source of [
      path,
      new URL(`file://${path}`),
      bytes,
      bytes.buffer,
      new Response(bytes),
      new Blob([bytes]),
    ]) {
      const loaded = await loadModel(source);
      expect(await loaded.hash()).toBe(await model.hash());
      expect(loaded.getConfig()).toEqual(model.getConfig());
      expect(sameBytes(await loaded.toBytes(), bytes)).toBe(true);
      expect(await loaded.predict(x)).toEqual(await model.predict(x));
      expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    }
  });

  test('its architecture as JSON makes a model of the same first weights', async () => {
    const json = JSON.stringify({ className: 'Sequential', config: smallModel().getConfig() });
    const again = modelFromConfig(JSON.parse(json));
    expect(await again.hash()).toBe(await smallModel().hash());
    const unknown = { className: 'Sequential', config: { layers: [{ className: 'Danse', config: {} }] } };
    expect(() => modelFromConfig(unknown)).toThrow(/did you mean "Dense"/);
  });

  test('before any training, before any building, and without a way to train', async () => {
    const fresh = smallModel();
    expect(await (await loadModel(await fresh.toBytes())).hash()).toBe(await fresh.hash());
    const bare = new Sequential([new Dense({ units: 2 })], { seed: 3, name: 'bare' });
    const loaded = await loadModel(await bare.toBytes());
    expect({ built: loaded.built, name: loaded.name, seed: loaded.seed }).toEqual({
      built: false,
      name: 'bare',
      seed: 3,
    });
    expect(await refusal(() => loaded.optimizer)).toMatch(/^NOT_COMPILED/);
    loaded.build([4]);
    bare.build([4]);
    expect(await loaded.hash()).toBe(await bare.hash());
  });

  test('without the optimizer has no way to train', async () => {
    const model = smallModel();
    await model.fit(x, y, silent);
    const [small, whole] = [await model.toBytes({ includeOptimizer: false }), await model.toBytes()];
    expect(small.length).toBeLessThan(whole.length);
    const loaded = await loadModel(small);
    expect(await loaded.hash()).toBe(await model.hash());
    expect(await refusal(() => loaded.fit(x, y))).toMatch(/^NOT_COMPILED/);
    expect(await refusal(async () => (await loadModel(whole, { compile: false })).optimizer)).toMatch(/^NOT_COMPILED/);
  });

  test('with classes and functions of one’s own needs them', async () => {
    class Scale extends Layer {
      readonly #by: number;
      constructor(options: { by: number; name?: string }) {
        super(options, ['by']);
        this.#by = options.by;
      }
      override build(shape: readonly number[]) {
        this.addWeight({ name: 'factor', shape, initializer: new initializers.Constant({ value: this.#by }) });
      }
      override call(input: Parameters<Layer['call']>[0]) {
        return ops.mul(input, this.weights[0] as (typeof this.weights)[0]);
      }
      override getConfig() {
        return { ...super.getConfig(), by: this.#by };
      }
    }
    const double = (tensor: Parameters<Layer['call']>[0]) => ops.add(tensor, tensor);
    const far = (_: unknown, yPred: Parameters<losses.Loss['call']>[1]) => ops.mean(ops.square(yPred));
    const model = new Sequential([new Scale({ by: 3 }), new Activation({ activation: double })]);
    model.compile({ optimizer: 'sgd', loss: far, metrics: [far] });
    await model.fit(x, y, silent);
    const bytes = await model.toBytes();
    for (const [customObjects, missing] of [
      [{ double, far }, 'Scale'],
      [{ Scale, far }, 'double'],
      [{ Scale, double }, 'far'],
    ] as const) {
      expect(await refusal(() => loadModel(bytes, { customObjects }))).toMatch(
        new RegExp(`^UNKNOWN_NAME .*"${missing}"`),
      );
    }
    const loaded = await loadModel(bytes, { customObjects: { Scale, double, far } });
    expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    const options = { customObjects: { Scale, double }, compile: false };
    expect(await (await loadModel(bytes, options)).predict(x)).toEqual(await model.predict(x));
  });

  test('keeps NaN weights, all of one kind', async () => {
    const model = new Sequential([new Dense({ units: 1, inputShape: [3] })]);
    const nans = new Float32Array(new Uint32Array([0x7fc00001, 0xffc00000, 0x7f800001]).buffer);
    await model.setWeights([{ data: nans, shape: [3, 1] }, [0]]);
    const hash = await model.hash();
    expect(await (await loadModel(await model.toBytes())).hash()).toBe(hash);
    await model.setWeights([[[Number.NaN], [Number.NaN], [Number.NaN]], [0]]);
    expect(await model.hash()).toBe(hash);
  });
});

describe('training goes on from a file as if nothing had been', () => {
  afterEach(async () => {
    await ready(engine ? { engine } : {});
  });

  test.each(['native', 'wasm'] as const)('on the %s engine', async (other) => {
    const whole = smallModel();
    await whole.fit(x, y, { ...silent, epochs: 6 });
    const model = smallModel();
    await model.fit(x, y, { ...silent, epochs: 2 });
    const bytes = await model.toBytes();
    const info = await ready({ engine: other });
    expect(info.name).toBe(other);
    const loaded = await loadModel(bytes);
    await loaded.fit(x, y, { ...silent, initialEpoch: 2, epochs: 5 });
    await ready(engine ? { engine } : {});
    const back = await loadModel(await loaded.toBytes());
    await back.fit(x, y, { ...silent, initialEpoch: 5, epochs: 6 });
    expect(await back.hash()).toBe(await whole.hash());
    expect(sameBytes(await back.toBytes(), await whole.toBytes())).toBe(true);
  });

  test('with a schedule, momentum and clipping', async () => {
    const made = () => {
      const model = smallModel();
      const learningRate = new schedules.CosineDecay({ initialLearningRate: 0.1, decaySteps: 20, warmupSteps: 3 });
      const optimizer = new Momentum({ learningRate, nesterov: true, globalClipnorm: 0.5, weightDecay: 0.01 });
      model.compile({ optimizer, loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
      return model;
    };
    const [whole, model] = [made(), made()];
    await whole.fit(x, y, { ...silent, epochs: 4 });
    await model.fit(x, y, { ...silent, epochs: 1 });
    const loaded = await loadModel(await model.toBytes());
    const { history } = await loaded.fit(x, y, { ...silent, initialEpoch: 1, epochs: 4 });
    expect(Object.keys(history)).toEqual(['loss', 'accuracy']);
    expect(await loaded.hash()).toBe(await whole.hash());
  });

  // Their state is not of the shape of what it belongs to.
  test.each(['Adafactor', 'SM3', 'Muon', 'Prodigy'])('with %s', async (optimizer) => {
    const made = () => {
      const model = smallModel();
      model.compile({ optimizer, loss: 'sparse_categorical_crossentropy' });
      return model;
    };
    const [whole, model] = [made(), made()];
    await whole.fit(x, y, { ...silent, epochs: 2 });
    await model.fit(x, y, silent);
    const loaded = await loadModel(await model.toBytes());
    await loaded.fit(x, y, silent);
    expect(await loaded.hash()).toBe(await whole.hash());
  });

  test('saved by a callback in the middle of a run', async () => {
    const model = smallModel();
    let bytes = new Uint8Array();
    const onEpochEnd = async (epoch: number) => {
      if (epoch === 1) bytes = await model.toBytes();
    };
    await model.fit(x, y, { ...silent, epochs: 4, callbacks: [{ onEpochEnd }] });
    const loaded = await loadModel(bytes);
    await loaded.fit(x, y, { ...silent, epochs: 2 });
    expect(await loaded.hash()).toBe(await model.hash());
  });
});

describe('files that are no models', () => {
  interface Json {
    version: number;
    model: { className: string; config: { layers: { className: string; config: Record<string, unknown> }[] } };
    [key: string]: unknown;
  }

  // The file of a small model with its description rewritten.
  async function tampered(change: (json: Json) => unknown): Promise<Uint8Array> {
    const bytes = await smallModel().toBytes();
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const json = JSON.parse(header.__metadata__.descend);
    header.__metadata__.descend = JSON.stringify(change(json));
    // Whoever writes such a file can write its checksum as well, or none.
    delete header.__metadata__.checksum;
    return withHeader(header, bytes.subarray(8 + length));
  }

  function withHeader(header: object, data: Uint8Array): Uint8Array {
    const text = new TextEncoder().encode(JSON.stringify(header));
    const file = new Uint8Array(8 + text.length + data.length);
    new DataView(file.buffer).setUint32(0, text.length, true);
    file.set(text, 8);
    file.set(data, 8 + text.length);
    return file;
  }

  const edit = (change: (json: Json) => unknown) => (json: Json) => {
    change(json);
    return json;
  };
  const layer = (json: Json, i = 0) => json.model.config.layers[i] as Json['model']['config']['layers'][0];

  test.each<[string, (json: Json) => unknown]>([
    ['another version', (json) => ({ ...json, version: 2 })],
    ['no object', () => [1, 2]],
    ['null', () => 'null'],
    ['no model', (json) => ({ ...json, model: undefined })],
    ['a model without layers', (json) => ({ ...json, model: { className: 'Sequential', config: { layers: 7 } } })],
    ['another option', edit((json) => Object.assign(layer(json).config, { unit: 3 }))],
    ['other units', edit((json) => Object.assign(layer(json).config, { units: 9 }))],
    ['endless units', edit((json) => Object.assign(layer(json).config, { units: 2 ** 31 - 1 }))],
    ['units of another kind', edit((json) => Object.assign(layer(json).config, { units: '8' }))],
    ['a layer less', edit((json) => json.model.config.layers.pop())],
    ['a layer twice', edit((json) => json.model.config.layers.push(layer(json)))],
    ['another input shape', (json) => ({ ...json, inputShape: [3] })],
    ['a wrong input shape', (json) => ({ ...json, inputShape: 'two' })],
    ['a negative position', (json) => ({ ...json, position: { epochs: -1, steps: 0 } })],
    ['no position', (json) => ({ ...json, position: undefined })],
    [
      'a pattern to exclude names by',
      edit((json) => {
        const { optimizer } = json.compile as { optimizer: { config: object } };
        const exclude_from_weight_decay = [{ source: '(.*)*$', flags: '' }];
        optimizer.config = { exclude_from_weight_decay };
      }),
    ],
    ['a wrong way to train', (json) => ({ ...json, compile: { optimizer: 'sgd' } })],
  ])('%s', async (_, change) => {
    expect(await refusal(async () => loadModel(await tampered(change)))).toMatch(/^FILE_FORMAT reading/);
  });

  test.each<[string, (json: Json) => unknown]>([
    ['another class', edit((json) => Object.assign(layer(json), { className: 'Danse' }))],
    ['a property of every object', edit((json) => Object.assign(layer(json), { className: 'constructor' }))],
    ['the prototype', edit((json) => Object.assign(layer(json), { className: '__proto__' }))],
    ['another initializer', edit((json) => Object.assign(layer(json).config, { kernelInitializer: 'toString' }))],
    ['another activation', edit((json) => Object.assign(layer(json).config, { activation: 'hasOwnProperty' }))],
    [
      'a function',
      edit((json) => Object.assign(layer(json).config, { activation: { className: 'function', config: 'eval' } })),
    ],
  ])('%s', async (_, change) => {
    expect(await refusal(async () => loadModel(await tampered(change)))).toMatch(/^UNKNOWN_NAME/);
  });

  test('names of prototypes change none', async () => {
    const hostile = await tampered((json) => {
      layer(json).config = JSON.parse('{"units":8,"inputShape":[2],"__proto__":{"polluted":true}}');
      return json;
    });
    expect(await refusal(() => loadModel(hostile))).toMatch(/^FILE_FORMAT/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('other tensors', async () => {
    const bytes = await smallModel().toBytes();
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const data = bytes.subarray(8 + length);
    delete header.__metadata__.checksum;
    const { 'dense/kernel': kernel, ...rest } = header;
    for (const other of [
      { ...rest, 'dense/karnel': kernel },
      { ...header, extra: { ...kernel, dtype: 'F32' } },
    ]) {
      expect(await refusal(() => loadModel(withHeader(other, data)))).toMatch(/^FILE_FORMAT/);
    }
    header.__metadata__.descend = '{';
    expect(await refusal(() => loadModel(withHeader(header, data)))).toMatch(/^FILE_FORMAT/);
    delete header.__metadata__;
    expect(await refusal(() => loadModel(withHeader(header, data)))).toMatch(/^FILE_FORMAT .*model saved by descend/);
  });

  test('cut off anywhere', async () => {
    const bytes = await smallModel().toBytes();
    for (const length of [0, 7, 8, 100, bytes.length - 1]) {
      expect(await refusal(() => loadModel(bytes.subarray(0, length)))).toMatch(/^FILE_FORMAT/);
    }
  });

  test('not there', async () => {
    expect(await refusal(() => loadModel('/no/such/file'))).toMatch(/^FILE_IO/);
    expect(await refusal(() => smallModel().save('/no/such/folder/file'))).toMatch(/^FILE_IO/);
  });
});

test('an optimizer with a function cannot be saved, and the message says what can', async () => {
  const model = smallModel();
  model.compile({ optimizer: new SGD({ learningRate: () => 0.1 }), loss: 'mse' });
  expect(await refusal(() => model.toBytes())).toMatch(/^INVALID_VALUE .*schedule.*includeOptimizer: false/);
  await model.toBytes({ includeOptimizer: false });
});

describe('patterns of names without weight decay', () => {
  const compiled = (layers: Layer[], pattern: RegExp) => {
    const model = new Sequential(layers, { seed: 1 });
    const optimizer = new SGD({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay: ['_1/', pattern] });
    model.compile({ optimizer, loss: 'mse' });
    return model;
  };

  test('are saved as the names that they match', async () => {
    const model = compiled([new Dense({ units: 2, inputShape: [2] }), new Dense({ units: 1 })], /bias$/);
    const loaded = await loadModel(await model.toBytes());
    expect(loaded.optimizer.getConfig()).toMatchObject({ excludeFromWeightDecay: ['_1/', 'dense/bias'] });
    await model.fit(x, y, silent);
    await loaded.fit(x, y, silent);
    expect(await loaded.hash()).toBe(await model.hash());
  });

  test('are refused where no names say the same', async () => {
    const unbuilt = compiled([new Dense({ units: 1 })], /bias$/);
    expect(await refusal(() => unbuilt.toBytes())).toMatch(/^NOT_BUILT save/);
    const [a, b] = [new Dense({ units: 2, inputShape: [2], name: 'a' }), new Dense({ units: 1, name: 'aa' })];
    const model = compiled([a, b], /^a.bias$/);
    expect(await refusal(() => model.toBytes())).toMatch(/^INVALID_VALUE .*"aa\/bias".*includeOptimizer: false/);
  });
});

test('functions without a name cannot be saved', async () => {
  const model = smallModel();
  for (const options of [{ loss: unnamed() }, { loss: 'mse', metrics: [unnamed()] }]) {
    model.compile(options);
    expect(await refusal(() => model.toBytes())).toMatch(/^INVALID_VALUE (loss|metric): .*includeOptimizer: false/);
    await model.toBytes({ includeOptimizer: false });
  }
  const layers = [new Activation({ activation: unnamed(), inputShape: [2] })];
  const activated = new Sequential(layers);
  await activated.predict(x);
  expect(await refusal(() => activated.toBytes())).toMatch(/^INVALID_VALUE activation: .*name/);
});

/** A function that no declaration, property or parameter has given a name. */
function unnamed() {
  return (t: Parameters<Layer['call']>[0]) => ops.mean(ops.square(t), { axis: -1 });
}
