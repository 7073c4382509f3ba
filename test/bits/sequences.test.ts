// Recurrent layers and attention, with every kind of dropout, trained: the same weights and losses on every engine and
// with any number of threads, and after a file in the middle.

import {
  Adam,
  Bidirectional,
  Dense,
  Dropout,
  Flatten,
  GRU,
  Input,
  Layer,
  LSTM,
  loadModel,
  Model,
  MultiHeadAttention,
  ops,
  ready,
  Sequential,
  SimpleRNN,
  type Tensor,
  TimeDistributed,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { noise } from '../noise.js';
import { Committed, ENGINE, THREADS } from './committed.js';
import { sha256 } from './sha256.js';

const committed = new Committed('sequences');
const [ROWS, STEPS, SIZE] = [75, 17, 5];

const x = { data: noise(ROWS * STEPS * SIZE, 1), shape: [ROWS, STEPS, SIZE] };
// Whether the first number of the last three steps adds up to something.
const y = Float32Array.from({ length: ROWS }, (_, row) => {
  const at = (step: number): number => x.data[(row * STEPS + step) * SIZE] as number;
  return at(STEPS - 1) + at(STEPS - 2) + at(STEPS - 3) > 0 ? 1 : 0;
});

/** Lets two of three steps count. */
class Gaps extends Layer {
  static override readonly className = 'Gaps';

  override call(x: Tensor): Tensor {
    return ops.add(x, 0);
  }

  override computeMask(x: Tensor): Tensor {
    const counts = Float32Array.from({ length: STEPS }, (_, t) => t % 3);
    return ops.cast(ops.add(ops.fill(x.shape.slice(0, 2), 0), counts), 'bool');
  }
}

const end = () => new Dense({ units: 1, activation: 'sigmoid' });

const MODELS = {
  LSTM: () =>
    new Sequential(
      [
        new LSTM({ units: 17, returnSequences: true, dropout: 0.1, recurrentDropout: 0.2, inputShape: [STEPS, SIZE] }),
        new LSTM({ units: 16, goBackwards: true }),
        end(),
      ],
      { seed: 1 },
    ),
  'GRU, both ways, with gaps': () =>
    new Sequential(
      [
        new Gaps({ inputShape: [STEPS, SIZE] }),
        new Bidirectional({ layer: new GRU({ units: 9, returnSequences: true, dropout: 0.1 }) }),
        new TimeDistributed({ layer: new Dense({ units: 7, activation: 'relu' }) }),
        new GRU({ units: 15, resetAfter: false }),
        end(),
      ],
      { seed: 2 },
    ),
  // Large enough that threads share the rows of each batch, a choice of their states among what they share.
  'a wide LSTM': () =>
    new Sequential([new LSTM({ units: 64, recurrentDropout: 0.2, inputShape: [STEPS, SIZE] }), end()], { seed: 5 }),
  SimpleRNN: () => new Sequential([new SimpleRNN({ units: 33, inputShape: [STEPS, SIZE] }), end()], { seed: 3 }),
  attention: () => {
    const input = Input({ shape: [STEPS, SIZE] });
    const wide = new Dense({ units: 16 }).apply(input);
    const heads = new MultiHeadAttention({ numHeads: 4, keyDim: 5, dropout: 0.1 });
    const mixed = new Dropout({ rate: 0.1 }).apply(heads.apply(wide, { useCausalMask: true } as object) as never);
    const crossed = new MultiHeadAttention({ numHeads: 2, keyDim: 3 }).apply([mixed, wide] as never) as never;
    return new Model({ inputs: input, outputs: end().apply(new Flatten().apply(crossed)), seed: 4 } as never);
  },
} satisfies Record<string, () => Sequential | Model>;

describe.each(Object.entries(MODELS))('%s', (name, make) => {
  test.each(THREADS)('after 4 epochs, %i threads', async (threads) => {
    await ready({ engine: ENGINE, threads });
    const model = make() as Sequential;
    model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy' });
    const { history } = await model.fit(x, y, { epochs: 4, batchSize: 16, verbose: 0 });
    const losses = Float32Array.from(history.loss ?? []);
    committed.expect(name, `${await model.hash()} ${await sha256([losses])}`);
    expect(losses[3]).toBeLessThan(losses[0] as number);
    model.dispose();
  });

  test('goes on from a file as if nothing had been', async () => {
    await ready({ engine: ENGINE });
    const begun = make() as Sequential;
    begun.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy' });
    await begun.fit(x, y, { epochs: 2, batchSize: 16, verbose: 0 });
    const model = (await loadModel(await begun.toBytes(), { customObjects: { Gaps } })) as Sequential;
    await model.fit(x, y, { epochs: 2, batchSize: 16, verbose: 0 });
    await begun.fit(x, y, { epochs: 2, batchSize: 16, verbose: 0 });
    expect(await model.hash()).toBe(await begun.hash());
  });
});
