// What recurrent layers do with states, directions and masks, by properties: a sequence in two parts with the states handed over
// is the whole; backwards is forwards on the reverse; both ways is one of each. Reference numbers of the formulas are in
// `sequences.golden.test.ts`.

import {
  Bidirectional,
  checkGradients,
  GRU,
  grad,
  LSTM,
  loadModel,
  Masking,
  type MergeMode,
  type Operand,
  ops,
  type Recurrent,
  Sequential,
  SimpleRNN,
  type Tensor,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../golden.js';
import { noise } from '../noise.js';

const [BATCH, STEPS, SIZE, UNITS] = [3, 6, 2, 4];
const x = variable(noise(BATCH * STEPS * SIZE, 1), [BATCH, STEPS, SIZE]);

/** The tensors that a function gives, each as the gradient by factors of 1. */
async function evaluate(fn: () => Tensor | readonly Tensor[]): Promise<{ data: Float32Array; shape: number[] }[]> {
  const list = (): readonly Tensor[] => {
    const y = fn();
    return Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor];
  };
  let shapes: number[][] = [];
  const probe = variable([0]);
  await grad(() => {
    const ys = list();
    shapes = ys.map(({ shape }) => [...shape] as number[]);
    return ops.mul(ops.sum(probe), ops.sum(ys[0] as Tensor));
  }, [probe]);
  const ones = shapes.map((shape) => variable(new Float32Array(shape.reduce((n, size) => n * size, 1)).fill(1), shape));
  const total = (): Tensor =>
    list()
      .map((y, i) => ops.sum(ops.mul(y, ones[i]!)))
      .reduce((sum, y) => ops.add(sum, y));
  return (await grad(total, ones)) as { data: Float32Array; shape: number[] }[];
}

const list = (y: unknown): Tensor[] => (Array.isArray(y) ? y : [y]) as Tensor[];
const steps = (from: number, length: number): Tensor => ops.slice(x, { axis: 1, start: from, length });
const close = (got: { data: Float32Array }[], expected: { data: Float32Array }[]): void => {
  expect(got).toHaveLength(expected.length);
  for (const [i, { data }] of got.entries()) expectClose(data, expected[i]!.data, 4e-6, `${i}`);
};

type Options = { goBackwards?: boolean; returnSequences?: boolean; returnState?: boolean; zeroOutputForMask?: boolean };
const KINDS: [string, (options: Options) => Recurrent][] = [
  [
    'SimpleRNN',
    (options) => new SimpleRNN({ units: UNITS, ...options, biasInitializer: 'random_normal' }) as Recurrent,
  ],
  ['LSTM', (options) => new LSTM({ units: UNITS, ...options }) as Recurrent],
  ['GRU', (options) => new GRU({ units: UNITS, ...options, biasInitializer: 'random_normal' }) as Recurrent],
  ['GRU, reset before', (options) => new GRU({ units: UNITS, ...options, resetAfter: false }) as Recurrent],
];

/** The same weights in another layer. */
async function like(layer: Recurrent, other: Recurrent): Promise<Recurrent> {
  for (const one of [layer, other]) if (!one.built) one.computeOutputShape([STEPS, SIZE]);
  for (const [i, weight] of other.weights.entries()) weight.assign(await layer.weights[i]!.read());
  return other;
}

describe.each(KINDS)('%s', (_, make) => {
  test('in two parts, the states handed over, is the whole', async () => {
    const layer = make({ returnSequences: true, returnState: true });
    const whole = await evaluate(() => list(layer.apply(x)));
    expect(whole.map(({ shape }) => shape)).toEqual([
      [BATCH, STEPS, UNITS],
      ...new Array(layer.stateCount).fill([BATCH, UNITS]),
    ]);
    const parts = await evaluate(() => {
      const [first, ...states] = list(layer.apply(steps(0, 2)));
      const [second, ...last] = list(layer.apply([steps(2, STEPS - 2), ...states] as never));
      return [ops.concat([first!, second!], { axis: 1 }), ...last];
    });
    close(parts, whole);
    // The last output is the first state.
    const last = await evaluate(() => ops.slice(list(layer.apply(x))[0]!, { axis: 1, start: STEPS - 1, length: 1 }));
    expect([...last[0]!.data]).toEqual([...whole[1]!.data]);
  });

  test('gradients by the states to begin with, and by weights', async () => {
    const layer = make({ returnState: true });
    layer.computeOutputShape([STEPS, SIZE]);
    const states = Array.from({ length: layer.stateCount }, (_, i) =>
      variable(noise(BATCH * UNITS, i + 5), [BATCH, UNITS]),
    );
    const value = (): Tensor =>
      list(layer.apply([x, ...states] as never))
        .map((y) => ops.sum(ops.sin(ops.mul(2, y))))
        .reduce((sum, y) => ops.add(sum, y));
    const report = await checkGradients(value, [x, ...states, ...layer.weights], { maxElements: 20 });
    expect(report, JSON.stringify(report.worst)).toMatchObject({ ok: true });
  });

  test('backwards is forwards on the reverse', async () => {
    const back = make({ goBackwards: true, returnSequences: true, returnState: true });
    const ahead = await like(back, make({ returnSequences: true, returnState: true }));
    close(await evaluate(() => list(back.apply(x))), await evaluate(() => list(ahead.apply(ops.flip(x, { axis: 1 })))));
  });

  test('steps that a mask leaves out keep the states; their outputs are those before, or 0', async () => {
    // The second sample ends after 3 steps, the third has a gap in step 1.
    const gone = (b: number, t: number): boolean => (b === 1 && t >= 3) || (b === 2 && t === 1);
    const data = x.data.map((v, i) => (gone(Math.floor(i / (STEPS * SIZE)), Math.floor(i / SIZE) % STEPS) ? 0 : v));
    const input = variable(data, [BATCH, STEPS, SIZE]);
    const masked = (): Tensor => new Masking().apply(input);
    const layer = make({ returnSequences: true, returnState: true });
    const [sequence, state] = await evaluate(() => list(layer.apply(masked())));
    const at = (b: number, t: number, of = sequence!): number[] => [
      ...of.data.slice((b * STEPS + t) * UNITS, (b * STEPS + t + 1) * UNITS),
    ];
    expect(at(1, 5)).toEqual(at(1, 2));
    expect(at(2, 1)).toEqual(at(2, 0));
    expect([...state!.data.slice(UNITS, 2 * UNITS)]).toEqual(at(1, 2));
    const zero = await like(layer, make({ returnSequences: true, returnState: true, zeroOutputForMask: true }));
    const [zeroed, same] = await evaluate(() => list(zero.apply(masked())));
    expect([...same!.data]).toEqual([...state!.data]);
    for (let b = 0; b < BATCH; b++) {
      for (let t = 0; t < STEPS; t++) {
        expect(at(b, t, zeroed)).toEqual(gone(b, t) ? new Array(UNITS).fill(0) : at(b, t));
      }
    }
  });
});

describe('Bidirectional', () => {
  const joined: Record<string, (a: number, b: number) => number> = {
    sum: (a, b) => a + b,
    mul: (a, b) => a * b,
    ave: (a, b) => (a + b) / 2,
  };

  describe.each(['concat', 'sum', 'mul', 'ave', null] as MergeMode[])('mergeMode %s', (mergeMode) => {
    test.each([true, false])('sequences: %s', async (returnSequences) => {
      const both = new Bidirectional<never>({ layer: new LSTM({ units: UNITS, returnSequences }), mergeMode });
      const got = await evaluate(() => list(both.apply(x)));
      const [ahead] = await evaluate(() => both.forwardLayer.apply(x) as Tensor);
      // The layer that goes backwards, in the order of the sequence.
      const turned = (): Tensor => {
        const y = both.backwardLayer.apply(x) as Tensor;
        return returnSequences ? ops.flip(y, { axis: 1 }) : y;
      };
      const [back] = await evaluate(turned);
      const [a, b] = [ahead!.data, back!.data];
      if (mergeMode === null) {
        expect(got.map(({ data }) => [...data])).toEqual([[...a], [...b]]);
      } else if (mergeMode === 'concat') {
        expect(got[0]!.shape.at(-1)).toBe(2 * UNITS);
        const expected = Array.from({ length: a.length / UNITS }, (_, row) => [
          ...a.slice(row * UNITS, (row + 1) * UNITS),
          ...b.slice(row * UNITS, (row + 1) * UNITS),
        ]);
        expect([...got[0]!.data]).toEqual(expected.flat());
      } else {
        expectClose(
          got[0]!.data,
          Array.from(a, (v, i) => joined[mergeMode]!(v, b[i]!)),
          1e-7,
          mergeMode,
        );
      }
    });
  });

  test('takes and gives the states of the first, then of the other', async () => {
    const layer = new LSTM({ units: UNITS, returnState: true });
    const both = new Bidirectional<readonly Tensor[] & Tensor>({ layer: layer as Recurrent });
    const states = [1, 2, 3, 4].map((seed) => variable(noise(BATCH * UNITS, seed), [BATCH, UNITS]));
    const got = await evaluate(() => list(both.apply([x, ...states] as never)));
    const ahead = await evaluate(() => list(both.forwardLayer.apply([x, states[0], states[1]] as never)));
    const back = await evaluate(() => list(both.backwardLayer.apply([x, states[2], states[3]] as never)));
    expect(got.slice(1).map(({ data }) => data)).toEqual([...ahead.slice(1), ...back.slice(1)].map(({ data }) => data));
    expect(got[0]!.shape).toEqual([BATCH, 2 * UNITS]);
  });

  test('saved and made again', async () => {
    for (const mergeMode of ['sum', 'mul', 'ave'] as const) {
      const layer = new Bidirectional({
        layer: new GRU({ units: 3 }) as Recurrent,
        mergeMode,
        inputShape: [STEPS, SIZE],
      });
      const model = new Sequential([layer], { seed: 2 });
      const again = (await loadModel(await model.toBytes())) as Sequential;
      const [a, b] = [await model.predict(x), await again.predict(x)] as unknown as { data: Float32Array }[];
      expect(b!.data).toEqual(a!.data);
    }
  });
});

test('what would change nothing, and what there is another way for', () => {
  expect(new LSTM({ units: 2, unroll: true, stateful: false })).toBeInstanceOf(LSTM);
  expect(() => new LSTM({ units: 2, stateful: true })).toThrow(
    'LSTM stateful: expected a layer that knows its batchSize, got one without (states have a row for each sample',
  );
  const wrong: Operand[] = [x, variable(new Float32Array(6), [3, 2])];
  const call = () => grad(() => ops.sum(new GRU({ units: UNITS }).apply(wrong as readonly Operand[]) as Tensor), [x]);
  return expect(call()).rejects.toThrow('gru: expected 1 states of shape [3, 4] behind the sequence');
});
