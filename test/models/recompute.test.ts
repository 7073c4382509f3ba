// What is computed again for gradients instead of being kept: less memory, the same bits, whatever the layers draw or set.

import {
  Adam,
  Add,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  GRU,
  Input,
  Layer,
  LayerNormalization,
  Model,
  MultiHeadAttention,
  modelFromConfig,
  ops,
  Reshape,
  Sequential,
  type SymbolicTensor,
  valueAndGrad,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';

const ROWS = 33;
const x = { data: noise(ROWS * 64, 1), shape: [ROWS, 64] };
const y = Uint8Array.from({ length: ROWS }, (_, i) => i % 3);

/** Those layers `n` times. */
const times = (n: number, make: () => Layer[]): Layer[] => Array.from({ length: n }, make).flat();

const end = (): Layer => new Dense({ units: 3, activation: 'softmax' });

function deep(recompute: boolean): Sequential {
  const layers = times(16, () => [
    new Dense({ units: 64, activation: 'tanh', kernelRegularizer: 'l2' }),
    new Dropout({ rate: 0.1 }),
  ]);
  return new Sequential([Input({ shape: [64] }), ...layers, end()], { seed: 1, recompute });
}

function convolutional(recompute: boolean): Sequential {
  const layers = times(8, () => [
    new Conv2D({ filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' }),
    new BatchNormalization({ activityRegularizer: 'l2' }),
  ]);
  const begin = new Reshape({ targetShape: [8, 8, 1], inputShape: [64] });
  return new Sequential([begin, ...layers, new Flatten(), end()], { seed: 2, recompute });
}

function attentive(recompute: boolean): Model {
  const input = Input({ shape: [64] });
  let value: SymbolicTensor = new Reshape({ targetShape: [8, 8] }).apply(input);
  for (let i = 0; i < 5; i++) {
    const heads = new MultiHeadAttention({ numHeads: 2, keyDim: 4, dropout: 0.1 });
    value = new Add().apply([value, heads.apply(new LayerNormalization().apply(value)) as SymbolicTensor]);
    const wide = new Dense({ units: 32, activation: 'gelu' }).apply(new LayerNormalization().apply(value));
    value = new Add().apply([value, new Dense({ units: 8 }).apply(wide)]);
  }
  return new Model({ inputs: input, outputs: end().apply(new Flatten().apply(value)), seed: 3, recompute });
}

/** Its layers, with connections around them: a part by itself. */
class Block extends Layer {
  static override readonly className: string = 'RecomputeTestBlock';
  readonly #recurrent = this.addLayer(new GRU({ units: 8, returnSequences: true, recurrentDropout: 0.1 }));
  readonly #wide = this.addLayer(new Dense({ units: 48, activation: 'swish' }));
  readonly #narrow = this.addLayer(new Dense({ units: 8 }));

  override call(x: Parameters<Layer['call']>[0], options: Parameters<Layer['call']>[1]): ReturnType<Layer['call']> {
    const inner = this.#narrow.apply(this.#wide.apply(this.#recurrent.apply(x, options), options), options);
    return ops.add(x, inner);
  }
}

function composed(recompute: boolean): Sequential {
  const begin = new Reshape({ targetShape: [8, 8], inputShape: [64] });
  return new Sequential([begin, ...times(5, () => [new Block()]), new Flatten(), end()], { seed: 4, recompute });
}

const models = { deep, convolutional, attentive, composed };

async function trained(make: (recompute: boolean) => Sequential | Model, recompute: boolean) {
  const model = make(recompute) as Sequential;
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const { work } = await model.memory({ batchSize: 256 });
  const { history } = await model.fit(x, y, { epochs: 2, batchSize: 16, verbose: 0 });
  return { model, work, history, hash: await model.hash() };
}

describe.each(Object.entries(models))('%s', (_, make) => {
  test('trains to the same bits in less memory', async () => {
    const [plain, again] = [await trained(make, false), await trained(make, true)];
    expect(again.hash).toBe(plain.hash);
    expect(again.history).toEqual(plain.history);
    expect(again.work).toBeLessThan(0.75 * plain.work);
  });
});

describe('memory', () => {
  /** Bytes for a batch of 4096, in which activations outweigh gradients by far. */
  async function bytes(depth: number, recompute: boolean): Promise<number> {
    const layers = times(depth, () => [new Dense({ units: 16, activation: 'tanh' })]);
    const model = new Sequential([Input({ shape: [16] }), ...layers], { seed: 1, recompute });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return (await model.memory({ batchSize: 4096 })).work;
  }

  test('grows with the root of the depth', async () => {
    const activation = 4096 * 16 * 4;
    const [plain, again] = [await bytes(100, false), await bytes(100, true)];
    // Every activation; those between ten parts and those in one of them, with a few of the gradients'.
    expect(plain / activation).toBeGreaterThan(100);
    expect(again / activation).toBeLessThan(30);
  });
});

test('a model says so in its file, and one that does not says nothing', () => {
  const config = deep(true).getConfig();
  expect(config.recompute).toBe(true);
  expect((modelFromConfig({ className: 'Sequential', config }) as Sequential).recompute).toBe(true);
  expect(deep(false).getConfig()).not.toHaveProperty('recompute');
  expect((modelFromConfig({ className: 'Model', config: attentive(true).getConfig() }) as Model).recompute).toBe(true);
  expect(() => new Sequential([], { recompute: 1 as never })).toThrow(/recompute: expected true or false, got 1/);
});

describe('ops.recompute', () => {
  const w = variable(new Float32Array([0.3, -0.7, 1.1]), [3], { name: 'w' });

  /** Steps each of which reads what the one before it made, and what all of them began with. */
  const chain = (mark: <T>(fn: () => T) => T) => () => {
    const first = ops.tanh(w);
    let value = first;
    for (let i = 0; i < 4; i++) {
      value = mark(() => {
        const [a, b] = [ops.exp(value), ops.sin(value)];
        return ops.add(
          first,
          ops.mul(
            ops.dropout(a, 0.5, { name: `d${i}` }),
            mark(() => ops.square(b)),
          ),
        );
      });
    }
    return ops.sum(value);
  };

  test('changes no bit of values and gradients, nor of gradients of gradients', async () => {
    const plain = chain((fn) => fn());
    const again = chain(ops.recompute);
    const twice = (fn: () => ReturnType<typeof plain>) => () =>
      ops.sum(ops.square(ops.gradients(fn(), [w])[0] as never));
    expect(await valueAndGrad(again, [w], { seed: 1 })).toEqual(await valueAndGrad(plain, [w], { seed: 1 }));
    expect(await valueAndGrad(twice(again), [w], { seed: 1 })).toEqual(
      await valueAndGrad(twice(plain), [w], { seed: 1 }),
    );
  });

  test('in the body of a loop, and around one', async () => {
    const loop = (mark: <T>(fn: () => T) => T) => () => {
      const xs = ops.reshape(ops.fill([12], 0.5), [4, 3]);
      const step = () =>
        ops.scan(
          ([h], [x]) => ({ carries: [mark(() => ops.tanh(ops.add(ops.mul(h as never, w), x as never)))], outputs: [] }),
          {
            carries: [ops.fill([3], 0.1)],
            sequences: [xs],
          },
        ).carries[0];
      return ops.sum(ops.square(mark(step) as never));
    };
    expect(await valueAndGrad(loop(ops.recompute), [w])).toEqual(
      await valueAndGrad(
        loop((fn) => fn()),
        [w],
      ),
    );
  });

  test('refuses what is not a function', async () => {
    await expect(valueAndGrad(() => ops.recompute(w as never), [w])).rejects.toThrow(
      'ops.recompute: expected a function',
    );
  });
});
