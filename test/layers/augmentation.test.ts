// Layers that change images at random, from outside: what moves by whole pixels, a quarter turn or nothing at all is exact,
// everything else is Keras's formula in f64; the draws are spread as they should be, and are an image's own.

import {
  CenterCrop,
  checkGradients,
  Dense,
  Flatten,
  grad,
  Input,
  type Layer,
  loadModel,
  type Operand,
  ops,
  RandomBrightness,
  RandomContrast,
  RandomCrop,
  RandomFlip,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  Resizing,
  Sequential,
  SGD,
  type Tensor,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../golden.js';
import { noise } from '../noise.js';

type Image = number[][];
type FillMode = 'constant' | 'nearest' | 'reflect' | 'wrap';

/** What a traced function gives: the gradient, by factors of 1, of its sum. */
async function evaluate(fn: () => Tensor, shape: number[], seed = 1, iteration = 0): Promise<Float32Array> {
  const ones = variable(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);
  const [result] = await grad(() => ops.sum(ops.mul(fn(), ones)), [ones], { seed, iteration });
  return result!.data;
}

const trained = (layer: Layer, x: Operand, shape: number[], seed = 1, iteration = 0): Promise<Float32Array> =>
  evaluate(() => layer.apply(x, { training: true }), shape, seed, iteration);

/** `count` images of one channel, as an operand and as nested arrays. */
function images(count: number, height: number, width: number, seed = 3) {
  const data = noise(count * height * width, seed);
  const nested = Array.from({ length: count }, (_, n) =>
    Array.from({ length: height }, (_, y) => [...data.slice((n * height + y) * width, (n * height + y + 1) * width)]),
  );
  return { x: variable(data, [count, height, width, 1]), nested, shape: [count, height, width, 1] };
}

/** A place of an axis, or -1 where there is none. */
function placeOf(at: number, size: number, mode: FillMode): number {
  if (mode === 'nearest') return Math.min(size - 1, Math.max(0, at));
  if (mode === 'wrap') return ((at % size) + size) % size;
  if (mode === 'constant') return at >= 0 && at < size ? at : -1;
  // Copies of the axis side by side, every other one turned round.
  const copy = Math.floor(at / size);
  const within = at - copy * size;
  return copy % 2 === 0 ? within : size - 1 - within;
}

/** An image at a fractional place, in f64: the mean of its four neighbours by the areas that they share with it. */
function seen(image: Image, y: number, x: number, mode: FillMode, fill = 0): number {
  let sum = 0;
  for (const row of [Math.floor(y), Math.floor(y) + 1]) {
    for (const column of [Math.floor(x), Math.floor(x) + 1]) {
      const [r, c] = [placeOf(row, image.length, mode), placeOf(column, image[0]!.length, mode)];
      const weight = (1 - Math.abs(row - y)) * (1 - Math.abs(column - x));
      sum += weight * (r < 0 || c < 0 ? fill : image[r]![c]!);
    }
  }
  return sum;
}

const MODES: FillMode[] = ['constant', 'nearest', 'reflect', 'wrap'];

describe.each(MODES)('beyond the edges: %s', (fillMode) => {
  test('whole pixels move exactly', async () => {
    const { x, nested, shape } = images(2, 5, 4);
    // By two fifths down and three quarters left.
    const layer = new RandomTranslation({
      heightFactor: [0.4, 0.4],
      widthFactor: [-0.75, -0.75],
      fillMode,
      fillValue: 9,
    });
    const moved = nested.flatMap((image) =>
      image.flatMap((row, y) => row.map((_, at) => seen(image, y - 2, at + 3, fillMode, 9))),
    );
    expectClose(await trained(layer, x, shape), moved, 1e-6, 'moved');
  });

  test('parts of pixels, turns and zooms as in f64', async () => {
    const { x, nested, shape } = images(2, 5, 6);
    const [cos, sin] = [Math.cos(2 * Math.PI * 0.1), Math.sin(2 * Math.PI * 0.1)];
    const layers: [Layer, (y: number, x: number) => [number, number]][] = [
      [
        new RandomTranslation({ heightFactor: [0.13, 0.13], widthFactor: [0.21, 0.21], fillMode, fillValue: 0.5 }),
        (y, at) => [y - 0.13 * 5, at - 0.21 * 6],
      ],
      [
        new RandomRotation({ factor: [0.1, 0.1], fillMode, fillValue: 0.5 }),
        (y, at) => [2 + sin * (at - 2.5) + cos * (y - 2), 2.5 + cos * (at - 2.5) - sin * (y - 2)],
      ],
      [
        new RandomZoom({ heightFactor: [0.7, 0.7], widthFactor: [-0.3, -0.3], fillMode, fillValue: 0.5 }),
        (y, at) => [2 + 1.7 * (y - 2), 2.5 + 0.7 * (at - 2.5)],
      ],
    ];
    for (const [layer, from] of layers) {
      const expected = nested.flatMap((image) =>
        image.flatMap((row, y) => row.map((_, at) => seen(image, ...from(y, at), fillMode, 0.5))),
      );
      expectClose(await trained(layer, x, shape), expected, 8e-6, layer.name);
    }
  });
});

test('quarter turns go against the clock, exactly; no turn and no zoom change nothing', async () => {
  const { x, nested, shape } = images(1, 5, 5);
  const image = nested[0]!;
  const quarter = new RandomRotation({ factor: [0.25, 0.25], interpolation: 'nearest' });
  // What was at the right is at the top.
  const turned = image.flatMap((row, y) => row.map((_, at) => image[at]![4 - y]!));
  expect([...(await trained(quarter, x, shape))]).toEqual(turned);
  for (const layer of [
    new RandomRotation({ factor: 0 }),
    new RandomZoom({ heightFactor: 0 }),
    new RandomTranslation({ heightFactor: 0, widthFactor: 0 }),
  ]) {
    expect([...(await trained(layer, x, shape))]).toEqual(image.flat());
  }
});

test('a hair beside a pixel is that pixel; far away is the edge', async () => {
  const { x, nested, shape } = images(1, 4, 4);
  const mapped = (column: number, row: number, fillMode: FillMode): Promise<Float32Array> =>
    evaluate(() => ops.affineTransform(x, [[1, 0, column, 0, 1, row]], { fillMode }), shape);
  for (const hair of [-1e-30, 1e-30, -1e-9, 2 ** -126]) {
    expectClose(await mapped(hair, hair, 'reflect'), nested[0]!.flat(), 1e-7, `${hair}`);
  }
  const [first, last] = [nested[0]![0]![0]!, nested[0]![3]![3]!];
  for (const far of [1e5, 1e9, 3e9, 1e20]) {
    expect(new Set(await mapped(far, far, 'nearest'))).toEqual(new Set([last]));
    expect(new Set(await mapped(-far, -far, 'nearest'))).toEqual(new Set([first]));
  }
});

test('each image is mirrored or not by itself, half of them, pixels unchanged', async () => {
  const count = 2000;
  const data = Float32Array.from({ length: count * 6 }, (_, i) => i % 6);
  const x = variable(data, [count, 2, 3, 1]);
  const ways = new Map<string, number>();
  const result = await trained(new RandomFlip(), x, [count, 2, 3, 1]);
  for (let i = 0; i < count; i++) {
    const way = result.slice(6 * i, 6 * i + 6).join();
    ways.set(way, (ways.get(way) ?? 0) + 1);
  }
  expect([...ways.keys()].sort()).toEqual(['0,1,2,3,4,5', '2,1,0,5,4,3', '3,4,5,0,1,2', '5,4,3,2,1,0']);
  // 500 each, within five standard deviations (19.4).
  for (const n of ways.values()) expect(Math.abs(n - 500)).toBeLessThan(97);
  const sideways = await trained(new RandomFlip({ mode: 'horizontal' }), x, [count, 2, 3, 1]);
  expect(new Set(Array.from({ length: count }, (_, i) => sideways.slice(6 * i, 6 * i + 6).join())).size).toBe(2);
});

test('parts are cut out at every place, each as often', async () => {
  const count = 3000;
  const data = Float32Array.from({ length: count * 12 }, (_, i) => i % 12);
  const x = variable(data, [count, 3, 4, 1]);
  const result = await trained(new RandomCrop({ height: 2, width: 2 }), x, [count, 2, 2, 1]);
  const places = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const [a, b, c, d] = result.slice(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    expect([b - a, c - a, d - a]).toEqual([1, 4, 5]);
    places.set(a, (places.get(a) ?? 0) + 1);
  }
  expect([...places.keys()].sort()).toEqual([0, 1, 2, 4, 5, 6]);
  // 500 each, within five standard deviations (20.4).
  for (const n of places.values()) expect(Math.abs(n - 500)).toBeLessThan(102);
});

test('brightness adds one number to an image, uniform in its range', async () => {
  const count = 4000;
  const x = variable(new Float32Array(count * 2).fill(100), [count, 1, 2, 1]);
  const result = await trained(new RandomBrightness({ factor: 0.2 }), x, [count, 1, 2, 1]);
  const deltas = Array.from({ length: count }, (_, i) => (result[2 * i] as number) - 100);
  for (let i = 0; i < count; i++) expect(result[2 * i]).toBe(result[2 * i + 1]);
  // From −51 to 51: mean 0, standard deviation 29.4.
  expect(Math.max(...deltas)).toBeLessThanOrEqual(51);
  expect(Math.min(...deltas)).toBeGreaterThanOrEqual(-51);
  expect(Math.abs(deltas.reduce((a, b) => a + b) / count)).toBeLessThan((5 * 29.4) / Math.sqrt(count));
  expect(Math.sqrt(deltas.reduce((a, b) => a + b * b, 0) / count)).toBeCloseTo(29.4, -0.5);
  const cut = await trained(new RandomBrightness({ factor: [0.9, 1], valueRange: [0, 120] }), x, [count, 1, 2, 1]);
  expect(new Set(cut)).toEqual(new Set([120]));
});

test('contrast moves pixels from the mean of their channel', async () => {
  const data = Float32Array.from([10, 200, 30, 100, 50, 0, 70, 60]);
  const x = variable(data, [1, 2, 2, 2]);
  const by = async (options: ConstructorParameters<typeof RandomContrast>[0]): Promise<number[]> => [
    ...(await trained(new RandomContrast(options), x, [1, 2, 2, 2])),
  ];
  const rule = (k: number, [low, high] = [0, 255]): number[] =>
    Array.from(data, (v, i) => Math.min(high!, Math.max(low!, ([40, 90][i % 2]! - v) * -k + [40, 90][i % 2]!)));
  // The factor, from what became of the first pixel; the others must agree.
  const result = await by({ factor: 0.5 });
  const k = (result[0]! - 40) / (10 - 40);
  expect(k).toBeGreaterThanOrEqual(0.5);
  expect(k).toBeLessThanOrEqual(1.5);
  expectClose(result, rule(k), 1e-5, 'contrast');
  expectClose(await by({ factor: [0, 0] }), rule(1), 1e-6, 'none');
});

describe('sizes', () => {
  const { x, nested } = images(1, 6, 4);
  const image = nested[0]!;

  test.each([
    [3, 2],
    [12, 8],
    [5, 7],
    [1, 1],
  ])('Resizing to %i by %i as in f64', async (height, width) => {
    const expected = Array.from({ length: height }, (_, r) =>
      Array.from({ length: width }, (_, c) =>
        seen(image, ((r + 0.5) * 6) / height - 0.5, ((c + 0.5) * 4) / width - 0.5, 'nearest'),
      ),
    );
    const layer = new Resizing({ height, width });
    const got = await evaluate(() => layer.apply(x), [1, height, width, 1]);
    expectClose(got, expected.flat(), 4e-6, 'resized');
    const nearest = new Resizing({ height, width, interpolation: 'nearest' });
    const whole = Array.from({ length: height }, (_, r) =>
      Array.from(
        { length: width },
        (_, c) => image[Math.floor(((r + 0.5) * 6) / height)]![Math.floor(((c + 0.5) * 4) / width)]!,
      ),
    );
    expect([...(await evaluate(() => nearest.apply(x), [1, height, width, 1]))]).toEqual(whole.flat());
  });

  test('parts of the middle', async () => {
    const cropped = await evaluate(() => new CenterCrop({ height: 3, width: 2 }).apply(x), [1, 3, 2, 1]);
    expect([...cropped]).toEqual(image.slice(1, 4).flatMap((row) => row.slice(1, 3)));
    // The largest part of the shape 1 : 2 of 6 by 4 is 2 by 4, from row 2 on, doubled.
    const grown = await evaluate(() => new CenterCrop({ height: 4, width: 8 }).apply(x), [1, 4, 8, 1]);
    const part = image.slice(2, 4);
    const expected = Array.from({ length: 32 }, (_, i) =>
      seen(part, (Math.floor(i / 8) + 0.5) / 2 - 0.5, ((i % 8) + 0.5) / 2 - 0.5, 'nearest'),
    );
    expectClose(grown, expected, 4e-6, 'grown');
    const still = new RandomCrop({ height: 4, width: 8 });
    expectClose(await evaluate(() => still.apply(x), [1, 4, 8, 1]), expected, 4e-6, 'not in training');
  });
});

/** One of each, seeded by their names. */
const chain = (): Layer[] => [
  new RandomFlip({ mode: 'horizontal', inputShape: [7, 6, 2] }),
  new RandomTranslation({ heightFactor: 0.2, widthFactor: [-0.1, 0.3], fillMode: 'wrap' }),
  new RandomRotation({ factor: 0.1 }),
  new RandomZoom({ heightFactor: 0.2, fillMode: 'constant', fillValue: 0.3 }),
  new RandomBrightness({ factor: 0.1, valueRange: [-4, 4] }),
  new RandomContrast({ factor: 0.3, valueRange: [-4, 4] }),
  new RandomCrop({ height: 5, width: 5 }),
];

test('nothing but in training', async () => {
  const model = new Sequential(chain().slice(0, -1), { seed: 1 });
  const x = { data: noise(3 * 84, 2), shape: [3, 7, 6, 2] };
  expect([...((await model.predict(x)) as { data: Float32Array }).data]).toEqual([...x.data]);
});

test('draws are of the row and the step: in other batches the same, at other steps others', async () => {
  const { x, shape } = images(3, 6, 6);
  const layer = (): Layer => new RandomRotation({ factor: 0.5, name: 'turn' });
  const first = await trained(layer(), x, shape);
  expect(await trained(layer(), x, shape)).toEqual(first);
  expect(await trained(layer(), x, shape, 1, 1)).not.toEqual(first);
  expect(await trained(layer(), x, shape, 2)).not.toEqual(first);
  const same = variable(
    new Float32Array(3 * 36).map((_, i) => x.data[i % 36]!),
    shape,
  );
  const turned = await trained(layer(), same, shape);
  expect(turned.slice(0, 36)).not.toEqual(turned.slice(36, 72));
});

test('gradients go where the pixels came from', async () => {
  const x = variable(noise(2 * 84, 4), [2, 7, 6, 2]);
  const layers = chain();
  const value = (): Tensor => {
    const y = layers.reduce<Operand>((y, layer) => layer.apply(y, { training: true }) as Tensor, x);
    return ops.sum(ops.mul(y, ops.sin(ops.mul(y, 3))));
  };
  const report = await checkGradients(value, [x], { seed: 5 });
  expect(report, JSON.stringify(report.worst)).toMatchObject({ ok: true });
});

test('training goes on from a file bit by bit', async () => {
  const x = { data: noise(20 * 84, 6), shape: [20, 7, 6, 2] };
  const y = { data: noise(20, 7), shape: [20, 1] };
  const model = new Sequential([...chain(), new Flatten(), new Dense({ units: 1 })], { seed: 9 });
  model.compile({ optimizer: new SGD({ learningRate: 0.01 }), loss: 'mse' });
  await model.fit(x, y, { epochs: 2, batchSize: 7, verbose: 0 });
  const again = await loadModel(await model.toBytes());
  for (const one of [model, again]) await one.fit(x, y, { epochs: 2, batchSize: 7, verbose: 0 });
  expect(await again.hash()).toBe(await model.hash());
  for (const layer of model.layers) {
    expect((layer.constructor as typeof Flatten).fromConfig(layer.getConfig()).getConfig()).toEqual(layer.getConfig());
  }
});

test('what is no image, no range and no way is refused by name', () => {
  const input = Input({ shape: [28, 28] });
  expect(() => new RandomFlip({ name: 'flip' }).apply(input)).toThrow(
    'flip: expected rank 4 (batch, height, width, channels), got [B, 28, 28] (add new Reshape({ targetShape: [28, 28, 1] }) before it)',
  );
  expect(() => new RandomRotation({ factor: 2 })).toThrow(/RandomRotation factor: expected .*within -1 … 1, got 2/);
  expect(() => new RandomContrast({ factor: -0.1 })).toThrow('RandomContrast factor');
  expect(() => new RandomBrightness({ factor: 0.1, valueRange: [3, 3] })).toThrow('RandomBrightness valueRange');
  expect(() => new RandomFlip({ mode: 'both' as never })).toThrow('RandomFlip mode');
  expect(() => new RandomZoom({ heightFactor: 0.1, fillMode: 'mirror' as never })).toThrow('RandomZoom fillMode');
  expect(() => new Resizing({ height: 0, width: 3 })).toThrow('Resizing height');
  expect(() => new RandomFlip({ dataFormat: 'channels_first' as never })).toThrow('RandomFlip dataFormat');
});
