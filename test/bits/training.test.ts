// A network with dropout and shuffling, trained: the same weights, losses and files on every engine and with any number
// of threads, also when it changes the engine in between. The page of test/browser is held against the same hashes.

import { engineInfo, loadModel, ready } from 'descend';
import { afterAll, describe, expect, test } from 'vitest';
import { Committed, ENGINE, THREADS } from './committed.js';
import { data, EPOCHS, train, untrained } from './mlp.js';
import { sha256 } from './sha256.js';

const committed = new Committed('training');
const OTHER = ENGINE === 'native' ? 'wasm' : 'native';

afterAll(async () => {
  await ready({ engine: ENGINE, threads: 0 });
});

describe(`784-128-10 after ${EPOCHS} epochs`, () => {
  for (const threads of THREADS) {
    test(`${threads} threads`, async () => {
      await ready({ engine: ENGINE, threads });
      const model = untrained();
      const { hash, loss, accuracy } = await train(model, EPOCHS);
      committed.expect('weights', hash);
      committed.expect('reports', await sha256([Float32Array.of(loss, accuracy)]));
      committed.expect('file', await sha256([await model.toBytes()]));
      // It learns: bits of a network that does not say little.
      expect(accuracy).toBeGreaterThan(0.9);
      model.dispose();
    });
  }

  test('batch by batch', async () => {
    await ready({ engine: ENGINE });
    const model = untrained();
    let batches = 0;
    const { x, y } = data();
    const callbacks = [{ onBatchEnd: () => void batches++ }];
    await model.fit(x, y, { epochs: EPOCHS, batchSize: 32, verbose: 0, callbacks });
    expect(batches).toBe(EPOCHS * Math.ceil(y.length / 32));
    committed.expect('weights', await model.hash());
    model.dispose();
  });
});

describe('saved in the middle', () => {
  test(`and loaded on ${OTHER} and back goes on as if nothing had been`, async () => {
    let hash = '';
    let saved: Uint8Array | undefined;
    for (const engine of [ENGINE, OTHER, ENGINE] as const) {
      await ready({ engine });
      const model = saved ? await loadModel(saved) : untrained();
      ({ hash } = await train(model, 1));
      expect(engineInfo().name).toBe(engine);
      saved = await model.toBytes();
      model.dispose();
    }
    committed.expect('weights', hash);
    committed.expect('file', await sha256([saved!]));
  });
});
