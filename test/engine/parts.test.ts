// The WASM module's two parts: ordinary applications run on the first alone; whatever needs the second is refused as a whole
// until it is there, and works then, to the same bits. Looks at plans as the engine gets them.

import { readFileSync } from 'node:fs';
import {
  Activation,
  Adam,
  AdamW,
  Dense,
  Dropout,
  Flatten,
  minimize,
  type Optimizer,
  ops,
  Rescaling,
  Reshape,
  RMSprop,
  Sequential,
  SGD,
  valueAndGrad,
  variable,
} from 'descend';
import { describe, expect, test, vi } from 'vitest';
import type { Binding } from '../../dist/engine/binding.js';
import { localEngine } from '../../dist/engine/load.js';
import { Store } from '../../dist/engine/store.js';
import { wasmBinding } from '../../dist/engine/wasm.js';
import { str } from '../../dist/graph/node.js';
import type { Tensor } from '../../dist/graph/tensor.js';
import { opCases } from '../bits/op-cases.ts';
import { resultsOf } from '../bits/op-results.ts';
import { hashAfter } from '../bits/steps.ts';
import { noise } from '../noise.ts';
import { coded, combinations, surrounded } from '../optimizers/combinations.ts';

const ORDINARY = ['SGD', 'Momentum', 'RMSprop', 'Adam', 'AdamW'];
const file = (name: string) => new URL(`../../dist/wasm/${name}.wasm`, import.meta.url);
const parts = (): number => (localEngine().sync as unknown as { about(): { parts: number } }).about().parts;

/** An instance of its own, without its second part. */
function firstPart(): { binding: Binding; store: Store } {
  const binding = wasmBinding(readFileSync(file('descend')), () => readFileSync(file('descend.more')));
  return { binding, store: new Store(binding) };
}

/** Every plan that `work` compiles. */
async function plansOf(work: () => unknown): Promise<Map<string, Uint8Array>> {
  const plans = new Map<string, Uint8Array>();
  const plan = Store.prototype.plan;
  const spy = vi.spyOn(Store.prototype, 'plan').mockImplementation(function (this: Store, bytes, maxBatch) {
    plans.set(Buffer.from(bytes).toString('latin1'), bytes.slice());
    return plan.call(this, bytes, maxBatch);
  });
  await work();
  spy.mockRestore();
  return plans;
}

const optimizers: [string, () => Optimizer][] = [
  ['SGD', () => new SGD({ learningRate: 0.01 })],
  ['SGD with momentum', () => new SGD({ learningRate: 0.01, momentum: 0.9, nesterov: true })],
  ['RMSprop', () => new RMSprop()],
  ['Adam', () => new Adam()],
  ['Adam, clipped', () => new Adam({ clipnorm: 1, amsgrad: true })],
  ['AdamW', () => new AdamW({ weightDecay: 0.01, globalClipnorm: 1 })],
  ['SGD, clamped', () => new SGD({ learningRate: 0.01, clipvalue: 0.5 })],
];

describe.skipIf(process.env.DESCEND_ENGINE !== 'wasm')('the first part', () => {
  // Before anything else of this file asks for more.
  test.each(optimizers)('is all that classifiers with %s take', async (_, make) => {
    const [x, labels] = [
      { data: noise(70 * 16, 1), shape: [70, 16] },
      Int32Array.from({ length: 70 }, (_, i) => i % 3),
    ];
    const model = new Sequential([
      new Rescaling({ scale: 0.5, inputShape: [16] }),
      new Reshape({ targetShape: [4, 4] }),
      new Flatten(),
      new Dense({ units: 8, activation: 'relu' }),
      new Dropout({ rate: 0.2 }),
      new Dense({ units: 7, activation: 'tanh' }),
      new Activation({ activation: 'sigmoid' }),
      new Dense({ units: 3, activation: 'softmax' }),
    ]);
    model.compile({ optimizer: make(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    await model.fit(x, labels, { epochs: 2, validationSplit: 0.2, verbose: 0 });
    await model.evaluate(x, labels);
    await model.predict(x);
    expect(parts()).toBe(1);
  });

  test.each([
    ['mse', 'linear', 'mae'],
    ['mae', 'linear', 'mse'],
    ['binaryCrossentropy', 'sigmoid', 'accuracy'],
    ['categoricalCrossentropy', 'softmax', 'accuracy'],
  ] as const)('is all that %s takes', async (loss, activation, metric) => {
    const model = new Sequential([new Dense({ units: 3, activation, inputShape: [5] })]);
    model.compile({ optimizer: new Adam(), loss, metrics: [metric] });
    const y = { data: Float32Array.from({ length: 90 }, (_, i) => Number(i % 3 === 0)), shape: [30, 3] };
    await model.fit({ data: noise(150, 2), shape: [30, 5] }, y, { verbose: 0, validationSplit: 0.2 });
    expect(parts()).toBe(1);
  });

  test('is all that labels out of range and a loss that is not finite take', async () => {
    const model = new Sequential([new Dense({ units: 2, activation: 'softmax', inputShape: [1] })]);
    model.compile({ optimizer: new SGD({ learningRate: 1e30 }), loss: 'sparseCategoricalCrossentropy' });
    const x = { data: Float32Array.of(1, 2), shape: [2, 1] };
    await expect(model.fit(x, [0, 5], { verbose: 0 })).rejects.toMatchObject({ code: 'LABEL_OUT_OF_RANGE' });
    const w = variable([1]);
    const diverging = minimize(() => ops.neg(ops.sum(ops.square(w))), {
      variables: [w],
      optimizer: new SGD({ learningRate: 1 }),
      stopWhen: { maxSteps: 200 },
    });
    await expect(diverging).rejects.toMatchObject({ code: 'NON_FINITE' });
    expect(parts()).toBe(1);
  });
});

describe.skipIf(process.env.DESCEND_ENGINE !== 'wasm')('the second part', () => {
  test('is asked for before anything is done, and then it works', { timeout: 240_000 }, async () => {
    const asked = new Map<string, Map<string, Uint8Array>>();
    for (const { className, make } of combinations()) {
      if (!asked.has(className)) asked.set(className, await plansOf(() => hashAfter(make())));
    }
    for (const { name, make } of [...surrounded(), ...coded()].filter((_, i) => i % 5 === 0)) {
      asked.set(`around: ${name}`, await plansOf(() => hashAfter(make())));
    }
    for (const one of opCases().filter(({ shapes }) => shapes.every((shape) => shape.every((size) => size < 50)))) {
      asked.set(`op: ${one.name}`, await plansOf(() => resultsOf(one, noise)));
    }
    const { binding, store } = firstPart();
    const before = binding.info();
    const missing = new Set<string>();
    for (const [name, plans] of asked) {
      for (const plan of plans.values()) {
        try {
          binding.measure(plan, 1);
          binding.release(1, binding.compile(plan, 1));
        } catch (error) {
          expect(String(error), name).toMatch(/^Error: PART_MISSING: /);
          missing.add(name);
        }
        expect(binding.info(), name).toBe(before);
      }
    }
    const classes = [...asked.keys()].filter((name) => /^\w+$/.test(name));
    expect(classes.filter((name) => !missing.has(name)).sort()).toEqual([...ORDINARY].sort());
    expect([...missing].filter((name) => name.startsWith('op: ')).length).toBeGreaterThan(20);
    for (const plans of asked.values()) {
      for (const plan of plans.values()) expect(store.plan(plan, 1)).toBeGreaterThan(0);
    }
    expect(store.about()).toMatchObject({ parts: 2 });
  });

  test('is there again after a crash', async () => {
    const w = variable([1, 2]);
    const fault = (x: Tensor) => x.tracer.op('fault', [x], { kind: str('panic') }, [x])[0] as Tensor;
    const crash = () => valueAndGrad(() => ops.sum(ops.stopGradient(fault(ops.add(w, 0) as never) as never)), [w]);
    await expect(crash()).rejects.toMatchObject({ code: 'ENGINE_PANIC' });
    expect(parts()).toBe(2);
    const { value } = await valueAndGrad(() => ops.sum(ops.abs(ops.floor(ops.add(w, 0.5)))), [w]);
    expect(value).toBe(3);
  });
});
