// Sequential: names, shapes, weights, fingerprints, layers of one's own, the end of a model.

import { createHash } from 'node:crypto';
import {
  Activation,
  Dense,
  Dropout,
  Flatten,
  Input,
  initializers,
  Layer,
  ops,
  Rescaling,
  Reshape,
  Sequential,
  setSeed,
  type Tensor,
  valueAndGrad,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { refusal, smallModel, x, y } from './small.js';

describe('names', () => {
  test('are counted within the model', () => {
    for (let i = 0; i < 2; i++) {
      const model = new Sequential([Input({ shape: [4] }), new Dense({ units: 3 }), new Dense({ units: 2 })]);
      expect(model.layers.map(({ name }) => name)).toEqual(['input_layer', 'dense', 'dense_1']);
    }
  });

  test('give way to those that were given', () => {
    const own = new Dense({ units: 1, name: 'dense' });
    const model = new Sequential([new Dense({ units: 3 }), own, new Dense({ units: 2 })]);
    expect(model.layers.map(({ name }) => name)).toEqual(['dense_1', 'dense', 'dense_2']);
  });

  test('that are taken are refused, and the model is as before', async () => {
    const twice = [new Dense({ units: 1, name: 'a' }), new Dense({ units: 1, name: 'a' })];
    expect(await refusal(() => new Sequential(twice))).toMatch(/^DUPLICATE_NAME/);
    const model = smallModel();
    expect(await refusal(() => model.add(new Dense({ units: 1, name: 'dense' })))).toMatch(/^DUPLICATE_NAME/);
    expect(model.layers).toHaveLength(3);
    await model.predict(x);
  });
});

describe('shapes', () => {
  test('may be said again where they arrive', () => {
    const model = new Sequential([new Dense({ units: 2, inputShape: [4] }), Input({ shape: [2] })]);
    expect(model.outputShapes).toEqual([[2], [2]]);
  });

  test('follow from layer to layer', () => {
    const model = new Sequential([
      new Reshape({ targetShape: [-1, 6], inputShape: [3, 4] }),
      new Dense({ units: 5 }),
      new Flatten(),
      new Rescaling({ scale: 2 }),
      new Dropout({ rate: 0.5 }),
      new Activation({ activation: 'relu' }),
    ]);
    expect(model.outputShapes).toEqual([[2, 6], [2, 5], [10], [10], [10], [10]]);
    expect(model.countParams()).toBe(6 * 5 + 5);
    expect(new Dense({ units: 7 }).computeOutputShape([3, 2])).toEqual([3, 7]);
  });

  test('that do not fit are refused, and the model is as before', async () => {
    const model = new Sequential([new Dense({ units: 3, inputShape: [2] })]);
    expect(await refusal(() => model.add(new Reshape({ targetShape: [2, 2] })))).toMatch(/^SHAPE_MISMATCH reshape/);
    expect(model.layers).toHaveLength(1);
    expect(await refusal(() => model.build([3]))).toMatch(/^SHAPE_MISMATCH build/);
    model.build([2]);
    model.add(new Dense({ units: 1 }));
    expect(model.outputShapes).toEqual([[3], [1]]);
  });

  test('are found by one look at each layer, however many are added', () => {
    let calls = 0;
    class Counted extends Layer {
      static override readonly className: string = 'Counted';
      override call(x: Tensor): Tensor {
        calls++;
        return x;
      }
    }
    const model = new Sequential([new Dense({ units: 3, inputShape: [2] })]);
    for (let i = 0; i < 50; i++) model.add(new Counted());
    expect(calls).toBe(50);
    expect(model.outputShapes).toEqual(Array.from({ length: 51 }, () => [3]));
  });

  test('reach models inside that know none', async () => {
    const inner = () => new Sequential([new Dense({ units: 5 }), new Dense({ units: 3 })]);
    const chain = new Sequential([inner(), inner()]);
    expect(chain.built).toBe(false);
    chain.build([2]);
    const added = new Sequential([Input({ shape: [2] }), inner()]);
    added.add(inner());
    for (const model of [chain, added]) {
      expect(model.outputShapes.at(-1)).toEqual([3]);
      expect(model.countParams()).toBe(2 * 5 + 5 + 5 * 3 + 3 + 3 * 5 + 5 + 5 * 3 + 3);
      expect((await model.predict(x)).shape).toEqual([100, 3]);
    }
  });

  test('unknown until the first data', async () => {
    const model = new Sequential([new Dense({ units: 3 })], { seed: 8 });
    for (const call of [() => model.countParams(), () => model.getWeights(), () => model.build()]) {
      expect(await refusal(call)).toMatch(/^NOT_BUILT/);
    }
    await model.predict([[1, 2]]);
    const known = new Sequential([new Dense({ units: 3, inputShape: [2] })], { seed: 8 });
    expect(await known.hash()).toBe(await model.hash());
  });
});

describe('weights', () => {
  test('are those of the seed and the name, whatever is asked for first', async () => {
    const [a, b, c] = [smallModel({ seed: 1 }), smallModel({ seed: 1 }), smallModel({ seed: 2 })];
    await b.predict(x);
    expect(await a.hash()).toBe(await b.hash());
    expect(await a.hash()).not.toBe(await c.hash());
    const alone = new Sequential([new Dense({ units: 3, name: 'dense_1', inputShape: [8] })], { seed: 1 });
    expect((await alone.getWeights())[0]?.data).toEqual((await a.getWeights())[2]?.data);
  });

  test('of the default seed come again', async () => {
    const model = () => new Sequential([new Dense({ units: 4, inputShape: [4] })]);
    const [drawn, other] = [model(), model()];
    expect(drawn.seed).not.toBe(other.seed);
    const again = new Sequential([new Dense({ units: 4, inputShape: [4] })], { seed: drawn.seed });
    expect(await again.hash()).toBe(await drawn.hash());
    setSeed(77);
    expect(model().seed).toBe(77);
  });

  test('of Glorot are spread evenly between the limits', async () => {
    const model = new Sequential([new Dense({ units: 300, inputShape: [200] })], { seed: 4 });
    const [kernel, bias] = await model.getWeights();
    const limit = Math.sqrt(6 / 500);
    const data = kernel?.data as Float32Array;
    expect(Math.max(...(bias?.data ?? [1]))).toBe(0);
    expect(Math.max(...data)).toBeLessThanOrEqual(limit);
    expect(Math.min(...data)).toBeGreaterThanOrEqual(-limit);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
    // Five standard errors of a uniform sample of 60,000.
    expect(Math.abs(mean)).toBeLessThan((5 * limit) / Math.sqrt(3 * data.length));
    expect(Math.abs(variance / (limit ** 2 / 3) - 1)).toBeLessThan((5 * Math.sqrt(0.8)) / Math.sqrt(data.length));
  });

  test.each([
    ['zeros', 0],
    ['ones', 1],
    [new initializers.Constant({ value: 0.5 }), 0.5],
    [new initializers.RandomUniform({ minval: 2, maxval: 2 }), 2],
  ])('begin as %s says', async (kernelInitializer, value) => {
    const model = new Sequential([new Dense({ units: 2, kernelInitializer, inputShape: [3] })]);
    expect([...((await model.getWeights())[0]?.data ?? [])]).toEqual(new Array(6).fill(value));
  });

  test('set are those read, all or none', async () => {
    const model = smallModel();
    const values = (await model.getWeights()).map(({ data, shape }) => ({ data: data.map((_, i) => i), shape }));
    await model.setWeights(values);
    expect((await model.getWeights()).map(({ data }) => data)).toEqual(values.map(({ data }) => data));
    const before = await model.hash();
    const wrong = [...values.slice(0, -1).map(({ data, shape }) => ({ data: data.map(() => 9), shape })), [1, 2]];
    expect(await refusal(() => model.setWeights(wrong))).toMatch(/^SHAPE_MISMATCH .*dense_1\/bias/);
    expect(await refusal(() => model.setWeights(values.slice(1)))).toMatch(/^SHAPE_MISMATCH/);
    expect(await model.hash()).toBe(before);
  });

  test('are hashed as little-endian float32, in layer order', async () => {
    const model = smallModel();
    const hash = createHash('sha256');
    for (const { data } of await model.getWeights()) {
      const bytes = new DataView(new ArrayBuffer(4 * data.length));
      for (const [i, value] of data.entries()) bytes.setFloat32(4 * i, value, true);
      hash.update(new Uint8Array(bytes.buffer));
    }
    expect(await model.hash()).toBe(hash.digest('hex'));
  });

  test('of a layer that is not trainable stay', async () => {
    const model = smallModel();
    (model.layers[0] as Layer).trainable = false;
    const before = await model.getWeights();
    await model.fit(x, y, { verbose: 0 });
    const after = await model.getWeights();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);
    expect(model.trainableWeights.map(({ name }) => name)).toEqual(['dense_1/kernel', 'dense_1/bias']);
  });
});

describe('a layer of one’s own', () => {
  class Square extends Layer {
    readonly #power: number;
    #gain!: ReturnType<Layer['addWeight']>;

    constructor(options: { power: number; name?: string }) {
      super(options, ['power']);
      this.#power = options.power;
    }
    override build(inputShape: readonly number[]) {
      this.#gain = this.addWeight({ name: 'gain', shape: [inputShape.at(-1) ?? 1], initializer: 'ones' });
    }
    override call(input: Parameters<Layer['call']>[0], { training }: { training: boolean }) {
      const powers = new Array(this.#power - 1).fill(input).reduce((a, b) => ops.mul(a, b), input);
      return ops.mul(powers, training ? ops.mul(this.#gain, 2) : this.#gain);
    }
  }

  test('is one like the others', async () => {
    const model = new Sequential([new Square({ power: 3 }), new Square({ power: 2 })]);
    expect([...(await model.predict([[2, -1]])).data]).toEqual([64, 1]);
    expect(model.layers.map(({ name }) => name)).toEqual(['square', 'square_1']);
    expect(model.weights.map(({ name }) => name)).toEqual(['square/gain', 'square_1/gain']);
    expect(await refusal(() => new Square({ power: 2, pover: 3 } as never))).toMatch(/^UNKNOWN_OPTION .*power\?/);
  });

  test('learns, and knows when it is trained', async () => {
    const model = new Sequential([new Square({ power: 2 })]);
    const doubled = await valueAndGrad(() => ops.sum(model.apply([[1], [3]], { training: true })), [variable([0])]);
    expect(doubled.value).toBe(20);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await model.fit([[1], [2]], [[8], [32]], { epochs: 50, verbose: 0 });
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number);
  });
});

describe('model.apply', () => {
  test('in a function of one’s own gives what predict gives', async () => {
    const model = smallModel();
    const { data } = await model.predict(x);
    const all = () => ops.sum(ops.square(model.apply(x)));
    const { value, grads } = await valueAndGrad(all, model.trainableWeights);
    expect(value).toBeCloseTo(
      data.reduce((sum, p) => sum + p * p, 0),
      4,
    );
    expect(grads.map(({ shape }) => shape)).toEqual(model.weights.map(({ shape }) => [...shape]));
  });

  test('drops out in training alone, differently at every step', async () => {
    const model = new Sequential([new Dropout({ rate: 0.5, inputShape: [1000] })]);
    const ones = { data: new Float32Array(1000).fill(1), shape: [1, 1000] };
    const w = variable([1]);
    const sumOf = async (training: boolean, iteration: number) => {
      const squares = () => ops.sum(ops.square(ops.mul(model.apply(ones, { training }), w)));
      return (await valueAndGrad(squares, [w], { seed: 1, iteration })).value;
    };
    expect(await sumOf(false, 0)).toBe(1000);
    const [first, second] = [await sumOf(true, 0), await sumOf(true, 1)];
    // About half are kept, and become 2: their squares sum to 4 for each. Five standard deviations are 79 of them.
    for (const sum of [first, second]) expect(Math.abs(sum / 4 - 500)).toBeLessThan(80);
    expect(first).not.toBe(second);
    expect(await sumOf(true, 0)).toBe(first);
  });
});

describe('summary', () => {
  test('lists layers, shapes and counts', () => {
    const lines: string[] = [];
    new Sequential([Input({ shape: [784] }), new Dense({ units: 128 })], { name: 'net' }).summary((line) =>
      lines.push(line),
    );
    expect(lines[0]).toBe('Model: "net"');
    expect(lines.join('\n')).toMatch(/dense \(Dense\) +│ \[batch, 128\] +│ 100,480 │/);
    expect(lines.at(-3)).toBe(' Total params: 100,480 (392.50 KB)');
    expect(new Set(lines.slice(1, -3).map((line) => line.length)).size).toBe(1);
  });
});

describe('a model that was disposed of', () => {
  test('answers DISPOSED', async () => {
    const model = smallModel();
    await model.fit(x, y, { verbose: 0 });
    model.dispose();
    model.dispose();
    for (const call of [
      () => model.fit(x, y),
      () => model.predict(x),
      () => model.getWeights(),
      () => model.toBytes(),
      () => model.compile({ loss: 'mse' }),
      () => model.weights[0]?.data,
    ]) {
      expect(await refusal(call)).toMatch(/^DISPOSED/);
    }
  });

  test('leaves its optimizer free for another', async () => {
    const [first, second] = [smallModel(), smallModel()];
    await first.fit(x, y, { verbose: 0 });
    const { optimizer } = first;
    second.compile({ optimizer, loss: 'sparse_categorical_crossentropy' });
    expect(await refusal(() => second.fit(x, y, { verbose: 0 }))).toMatch(/^DUPLICATE_NAME/);
    first.dispose();
    await second.fit(x, y, { verbose: 0 });
  });
});
