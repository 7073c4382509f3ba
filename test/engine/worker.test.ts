// The WASM engine in a worker: everything asynchronous gives the bits it gives without, this thread stays free, and
// whatever happens to the worker is told and leaves the next start working.

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import {
  Adam,
  checkGradients,
  datasets,
  engineInfo,
  grad,
  loadModel,
  minimize,
  ops,
  ready,
  SGD,
  valueAndGrad,
  variable,
} from 'descend';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Engine } from '../../dist/engine/engine.js';
import { defaultEngine } from '../../dist/engine/load.js';
import { str } from '../../dist/graph/node.js';
import type { Operand, Tensor } from '../../dist/graph/tensor.js';
import { data, EPOCHS, train, untrained } from '../bits/mlp.js';
import { refusal, smallModel, x, y } from '../models/small.js';

const committed = JSON.parse(readFileSync(new URL('../bits/hashes/training.json', import.meta.url), 'utf8'));
const script = new URL('../../dist/engine/worker/script.js', import.meta.url);

/** Every worker that was made; the last one is in use. */
const workers: Worker[] = [];
const worker = (): Worker => {
  workers.push(new Worker(script));
  return workers.at(-1)!;
};
const inWorker = () => ready({ engine: 'wasm', worker });
let engine: Engine;

beforeEach(async () => {
  await inWorker();
  engine = await defaultEngine();
});

afterAll(() => Promise.all(workers.map((one) => one.terminate())));

// The two engines of the suite have nothing to do with this one.
describe.skipIf(process.env.DESCEND_ENGINE === 'native')('in a worker', () => {
  test('ready says so, and makes one worker', async () => {
    const expected = { name: 'wasm', worker: true, threads: 1, simd: 'simd128', precision: 'reproducible' };
    expect(await inWorker()).toEqual(expected);
    expect(engineInfo()).toEqual(expected);
    expect(workers.length).toBe(1);
  });

  test('784-128-10 with dropout and shuffling: the committed weights', async () => {
    expect((await train(untrained(), EPOCHS)).hash).toBe(committed.weights);
  });

  /** What calls of every kind give, as JSON. */
  async function results(): Promise<unknown[]> {
    const model = smallModel();
    const rates: number[] = [];
    const onEpochEnd = (): void => {
      model.optimizer.learningRate = 0.05 / (rates.length + 1);
      rates.push(model.optimizer.learningRate as number);
    };
    const options = { epochs: 4, batchSize: 7, verbose: 0, validationSplit: 0.2 } as const;
    const { history } = await model.fit(x, y, { ...options, callbacks: [{ onEpochEnd }] });
    const saved = await model.toBytes();
    const loaded = await loadModel(saved);
    const again = await loaded.fit(x, y, { epochs: 1, verbose: 0 });
    const fresh = smallModel();
    await fresh.setWeights(await loaded.getWeights());
    const w = variable([1, 2, 3], [3], { name: 'w' });
    const loss = () => ops.mean(ops.square(ops.sub(ops.dropout(ops.exp(w), 0.5), new Float32Array([1, 2, 3]))));
    const found = await minimize(loss, {
      variables: [w],
      optimizer: new Adam({ learningRate: 0.1, globalClipnorm: 1 }),
      stopWhen: { maxSteps: 50 },
      seed: 3,
      onStep: async () => (await w.read()).length === 3,
    });
    await w.write([[0.5, -1, 2]].flat());
    const streamed = smallModel();
    const set = datasets.Dataset.fromArrays(x, y)
      .shuffle({ buffer: 20, seed: 1 })
      .map(async (row) => row)
      .batch(9);
    const { history: ofStream } = await streamed.fit(set, { epochs: 3, verbose: 0, validationData: set });
    const out = [
      ...[history, rates, again.history, await model.hash(), await loaded.hash(), await fresh.hash()],
      ...[await loaded.evaluate(x, y), [...(await loaded.predict(x)).data], Buffer.from(saved).toString('base64')],
      ...[found, [...(await w.read())], await valueAndGrad(loss, [w], { seed: 1 }), await grad(loss, [w], { seed: 2 })],
      ...[ofStream, await streamed.hash(), [...(await streamed.predict(set)).data]],
      await checkGradients(loss, [w], { seed: 1 }),
    ];
    for (const one of [model, loaded, fresh, streamed]) one.dispose();
    return out;
  }

  test('every asynchronous call gives what it gives in this thread', async () => {
    const there = await results();
    await ready({ engine: 'wasm', worker: false });
    expect(engineInfo().worker).toBe(false);
    expect(there).toEqual(await results());
  });

  test('a model goes from one engine to the other', async () => {
    await ready({ engine: 'wasm' });
    const model = smallModel();
    await model.fit(x, y, { verbose: 0 });
    const [hash, bytes] = [await model.hash(), await model.toBytes()];
    await inWorker();
    const w = variable([1, 2]);
    await valueAndGrad(() => ops.sum(w), [w]);
    const there = await loadModel(bytes);
    await there.predict(x);
    expect(await there.hash()).toBe(hash);
    // Begun in this thread, it stays here.
    expect((await model.weights[0]!.data).length).toBe(16);
  });

  test('synchronous calls say what to do instead', async () => {
    const w = variable([1, 2], [2], { name: 'w' });
    await valueAndGrad(() => ops.sum(w), [w]);
    const adam = new Adam();
    await minimize(() => ops.sum(w), { variables: [w], optimizer: adam, stopWhen: { maxSteps: 1 } });
    expect(await refusal(() => w.data)).toMatch(/^NEEDS_LOCAL_ENGINE data: expected an engine in this .* \(await read/);
    expect(await refusal(() => w.assign([1, 2]))).toMatch(/^NEEDS_LOCAL_ENGINE assign: .* \(await write\(\) works/);
    expect(await refusal(() => w.withData((view) => view.fill(1)))).toMatch(/^NEEDS_LOCAL_ENGINE/);
    expect(await refusal(() => adam.applyGradients([[[1, 1], w]]))).toMatch(/^NEEDS_LOCAL_ENGINE .* ready\(\) without/);
    expect(await refusal(() => adam.stateDict())).toMatch(/^NEEDS_LOCAL_ENGINE/);
    expect([...variable([3]).data]).toEqual([3]);
  });

  test('refusals are those of the engine, and leave everything as it was', async () => {
    const before = await engine.stats();
    expect(await refusal(() => engine.read(1 << 30, 0, 1))).toMatch(/^DISPOSED /);
    expect(await refusal(() => engine.plan(new Uint8Array([1, 2]), 1))).toMatch(/^PLAN_INVALID /);
    expect(await refusal(() => engine.alloc(2 ** 45))).toMatch(/^OUT_OF_MEMORY /);
    expect(await engine.stats()).toEqual(before);
  });

  test('who may use a variable when is decided there', async () => {
    const w = variable([4], [1], { name: 'w' });
    const optimizer = () => new SGD({ learningRate: 0.5 });
    const run = (maxSteps: number, onStep: () => unknown = () => true, signal = new AbortController().signal) => {
      const options = { variables: [w], optimizer: optimizer(), stopWhen: { maxSteps }, signal };
      return minimize(() => ops.sum(w), maxSteps > 3 ? options : { ...options, onStep });
    };
    await run(2);
    const long = run(1e5);
    const second = refusal(() => run(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await refusal(() => w.write([0]))).toMatch(/^BUSY /);
    expect(await second).toMatch(/^BUSY /);
    await long;
    // In a callback the variable is free; a run that is begun there and not awaited keeps it.
    await w.write([8]);
    const seen: number[] = [];
    await run(3, async () => {
      seen.push(...(await w.read()));
      await run(1);
    });
    expect([seen, ...(await w.read())]).toEqual([[7.5, 6.5, 5.5], 5]);
    const controller = new AbortController();
    let other: Promise<unknown> | undefined;
    const disturbed = run(3, async () => {
      other ??= refusal(() => run(1e9, undefined, controller.signal));
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    expect(await refusal(() => disturbed)).toMatch(/^BUSY /);
    controller.abort();
    expect(await other).toMatch(/abort/);
  });

  test('two models train side by side', async () => {
    const [one, two] = [smallModel({ seed: 1 }), smallModel({ seed: 2 })];
    const options = { epochs: 20, batchSize: 5, verbose: 0 } as const;
    await Promise.all([one.fit(x, y, options), two.fit(x, y, options)]);
    const together = [await one.hash(), await two.hash()];
    const alone = smallModel({ seed: 2 });
    await alone.fit(x, y, options);
    expect(together[1]).toBe(await alone.hash());
    expect(together[0]).not.toBe(together[1]);
  });

  test('this thread stays free, progress comes, and an abort is answered', async () => {
    const model = untrained();
    const { x: images, y: labels } = data();
    const controller = new AbortController();
    const reason = new Error('enough');
    await model.fit(images, labels, { batchSize: 32, verbose: 0 });
    const before = performance.eventLoopUtilization();
    const running = model.fit(images, labels, { epochs: 1e6, verbose: 0, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { utilization } = performance.eventLoopUtilization(before);
    controller.abort(reason);
    const aborted = performance.now();
    await expect(running).rejects.toBe(reason);
    console.log(
      `abort answered in ${(performance.now() - aborted).toFixed(0)} ms; this thread ${utilization.toFixed(2)} busy`,
    );
    // Here the training itself would keep it busy all the time.
    expect(utilization).toBeLessThan(0.5);
    // What was learned by then stays, up to the last completed step.
    const steps = model.optimizer.iterations;
    expect(steps).toBeGreaterThan(63);
    const same = untrained();
    await same.fit(images, labels, { batchSize: 32, verbose: 0 });
    await same.fit(images, labels, { epochs: 1e6, verbose: 0, stopWhen: { maxSteps: steps - 63 } });
    expect(await model.hash()).toBe(await same.hash());
    for (const one of [model, same]) one.dispose();
  });

  test('training leaves nothing behind', async () => {
    const model = smallModel();
    for (let i = 0; i < 5; i++) await model.fit(x, y, { verbose: 0 });
    const before = await engine.stats();
    for (let i = 0; i < 300; i++) await model.fit(x, y, { verbose: 0 });
    expect(await engine.stats()).toEqual(before);
    model.dispose();
    expect((await engine.stats()).buffers).toBeLessThan(before.buffers);
  });

  describe('a trap', () => {
    const silent = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    afterAll(() => silent.mockRestore());

    function fault(of: Operand): Tensor {
      const input = ops.add(of, 0) as unknown as Tensor;
      return input.tracer.op('fault', [input], { kind: str('panic') }, [input])[0] as Tensor;
    }

    test('is told, and leaves variables as they were', async () => {
      const made = workers.length;
      const w = variable([1, 2, 3], [3], { name: 'w' });
      const adam = new Adam();
      const step = () => minimize(() => ops.sum(w), { variables: [w], optimizer: adam, stopWhen: { maxSteps: 1 } });
      await step();
      const before = await w.read();
      for (let i = 0; i < 3; i++) {
        const crash = valueAndGrad(() => ops.sum(ops.stopGradient(fault(w) as never)), [w]);
        expect(await refusal(() => crash)).toMatch(/^ENGINE_PANIC /);
        expect(await w.read()).toEqual(before);
      }
      await step();
      expect(adam.iterations).toBe(2);
      expect(workers.length).toBe(made);
    });
  });

  describe('a worker that ends', () => {
    /** A model that was trained there, and a fit of it under way. */
    async function underWay() {
      const model = untrained();
      const { x: images, y: labels } = data();
      await model.fit(images, labels, { verbose: 0 });
      const saved = await model.toBytes();
      const hash = await model.hash();
      const running = refusal(() => model.fit(images, labels, { epochs: 1e6, verbose: 0 }));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { model, images, labels, saved, hash, running };
    }

    test('ends the calls under way; the next start works, and what was lost says so', async () => {
      const { model, images, labels, saved, hash, running } = await underWay();
      const made = workers.length;
      const waiting = refusal(() => engine.stats());
      await workers.at(-1)!.terminate();
      expect(await running).toMatch(
        /^ENGINE_FAILED worker: expected an answer, got its end .* \(what was in it is lost/,
      );
      expect(await waiting).toMatch(/^ENGINE_FAILED /);
      // Nothing needs to be said: the next call has a new worker.
      const loaded = await loadModel(saved);
      await loaded.fit(images, labels, { verbose: 0, stopWhen: { maxSteps: 1 } });
      expect(workers.length).toBe(made + 1);
      for (const call of [
        () => model.hash(),
        () => model.predict(images),
        () => model.fit(images, labels, { verbose: 0 }),
        () => model.toBytes(),
        () => model.weights[0]!.read(),
      ]) {
        expect(await refusal(call)).toMatch(/^STATE_LOST variable: expected its last value/);
      }
      // The new one holds what was loaded since, and of what was lost nothing.
      expect((await engine.stats()).buffers).toBeGreaterThanOrEqual(loaded.weights.length);
      // Weights that are given anew are there again.
      const healthy = await loadModel(saved);
      await model.setWeights(await healthy.getWeights());
      expect(await model.hash()).toBe(hash);
      model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy' });
      await model.fit(images, labels, { verbose: 0, stopWhen: { maxSteps: 1 } });
      for (const one of [model, loaded, healthy]) one.dispose();
    });

    test('a run that stood in a callback is over', async () => {
      const w = variable([1], [1], { name: 'w' });
      let steps = 0;
      const running = minimize(() => ops.sum(w), {
        variables: [w],
        optimizer: new SGD({ learningRate: 0 }),
        stopWhen: { maxSteps: 10 },
        onStep: async ({ step }) => {
          steps = step;
          if (step === 3) await workers.at(-1)!.terminate();
        },
      });
      expect(await refusal(() => running)).toMatch(/^ENGINE_FAILED /);
      expect(steps).toBe(3);
      expect(await refusal(() => w.read())).toMatch(/^STATE_LOST /);
      await w.write([2]);
      expect([...(await w.read())]).toEqual([2]);
    });

    test('ready begins another', async () => {
      const made = workers.length;
      await workers.at(-1)!.terminate();
      expect(await inWorker()).toMatchObject({ worker: true });
      expect(workers.length).toBe(made + 1);
    });
  });
});
