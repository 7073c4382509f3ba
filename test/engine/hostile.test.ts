// Anything at all, handed to anything public: a result or a DescendError whose message says what was expected, never
// another error; nothing is left behind and the next call works. Tables of particular refusals stand with their units.

import * as descend from 'descend';
import { Adam, ops, type Tensor, valueAndGrad, variable } from 'descend';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import { noise } from '../noise.js';

const { losses, metrics, initializers, optimizers, schedules, datasets } = descend;
const RUNS = 150;
const settings = { seed: 20_240_229, numRuns: RUNS };

const detached = new Float32Array(4);
structuredClone(detached, { transfer: [detached.buffer] });
const shrunk = new Float32Array(new (ArrayBuffer as Resizable)(16, { maxByteLength: 64 }), 0, 4);
(shrunk.buffer as unknown as { resize(bytes: number): void }).resize(8);
type Resizable = new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;

/** What no call can use, or almost none. */
const ODD: readonly unknown[] = [
  ...[undefined, null, true, false, 0, -0, -1, 1, 1.5, 2, 3, 7, Number.NaN, Number.POSITIVE_INFINITY, -Infinity],
  ...[2 ** 31, 2 ** 53, 2 ** 53 + 2, 1e-310, '', 'adam', 'relu', '__proto__', 'constructor', 'x'.repeat(10_000), '3'],
  ...[
    10n,
    Symbol('s'),
    () => 1,
    async () => 1,
    class {},
    new Date(0),
    /x/,
    new Map(),
    new Set([1]),
    Promise.resolve(1),
  ],
  ...[[], [[]], [1, [2]], [1, '2'], [Number.NaN], [1, undefined], new Array(65).fill(1), new Array(3)],
  ...[{}, { length: 3 }, { data: [1] }, { data: 1, shape: 1 }, { data: [1, 2], shape: [3] }, Object.create(null)],
  ...[
    { data: new Float32Array(4), shape: [2, -2] },
    { data: new Float32Array(4), shape: [2 ** 31, 2 ** 31] },
  ],
  ...[
    new Float32Array(4),
    new Float64Array(3),
    new Uint8Array(4),
    new BigInt64Array(2),
    new DataView(new ArrayBuffer(4)),
  ],
  ...[detached, shrunk, { data: detached, shape: [2, 2] }, new Float32Array(new SharedArrayBuffer(16))],
  ...[
    new ArrayBuffer(4),
    new SharedArrayBuffer(4),
    new Error('e'),
    new Proxy([], {}),
    new Proxy(new Uint8Array(4), {}),
  ],
  ...[
    { className: 'Adam', config: 7 },
    { className: '__proto__', config: {} },
    { className: 'Dense', config: null },
  ],
  ...[new Adam(), new schedules.CosineDecay({ initialLearningRate: 1, decaySteps: 2 }), new descend.Flatten()],
];
const anything = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ODD) },
  {
    weight: 1,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      maxDepth: 2,
    }),
  },
);

/** Options by these names, and some by others. */
const optionsOf = (...names: string[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.dictionary(fc.constantFrom(...names, 'nmae'), anything, { maxKeys: 3 }) },
    { weight: 1, arbitrary: anything },
  );

/** Runs `call`, which may only refuse. */
async function tolerate(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    const refusal = error as InstanceType<typeof descend.DescendError>;
    if (!(error instanceof descend.DescendError)) throw error;
    expect(descend.CODES).toHaveProperty(refusal.code);
    expect(['ENGINE_PANIC', 'ENGINE_FAILED', 'PLAN_INVALID', 'STATE_LOST']).not.toContain(refusal.code);
    expect(refusal.message).toMatch(/: expected [\s\S]+, got /);
    expect(refusal.message.length).toBeLessThan(1500);
  }
}

const { sync } = localEngine();

beforeAll(async () => {
  // A promise among the oddities that rejects would be someone else's mistake.
  await descend.ready();
});

afterEach(async () => {
  await descend.ready({ memoryLimit: Number.POSITIVE_INFINITY });
  const w = variable([1, 2, 3]);
  const { value, grads } = await valueAndGrad(() => ops.sum(ops.square(w)), [w]);
  expect([value, ...grads[0]!.data]).toEqual([14, 2, 4, 6]);
  w.dispose();
  expect(sync.stats().runs).toBe(0);
});

/** Constructors by their options. */
const MADE: readonly [name: string, make: (options: never) => unknown, options: string[]][] = [
  ...optimizers.OPTIMIZERS.map((Class): (typeof MADE)[number] => [
    Class.name,
    (options) => new Class(options).getConfig(),
    [...Object.keys(new Class().getConfig())],
  ]),
  ...schedules.SCHEDULES.map((Class): (typeof MADE)[number] => [
    Class.name,
    (options) => new Class(options).getConfig(),
    ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase', 'alpha', 'warmupTarget', 'warmupSteps'],
  ]),
  ...Object.entries({ ...losses, ...metrics, ...initializers })
    .filter(([, value]) => typeof value === 'function' && /^class/.test(String(value)))
    .map(([name, Class]): (typeof MADE)[number] => [
      name,
      (options) => Reflect.construct(Class as new (options: never) => unknown, [options]),
      ['name', 'fromLogits', 'reduction', 'labelSmoothing', 'threshold', 'value', 'minval', 'maxval', 'seed', 'axis'],
    ]),
  ...[
    descend.Dense,
    descend.Dropout,
    descend.Rescaling,
    descend.Reshape,
    descend.Activation,
    descend.Flatten,
    descend.InputLayer,
    descend.Input,
  ].map((make): (typeof MADE)[number] => [
    make.name,
    (options) => (make === descend.Input ? make(options) : Reflect.construct(make, [options])),
    [
      'units',
      'activation',
      'useBias',
      'kernelInitializer',
      'inputShape',
      'name',
      'trainable',
      'rate',
      'scale',
      'offset',
      'targetShape',
      'shape',
    ],
  ]),
];

describe('constructors take or refuse any options', () => {
  for (const [name, make, options] of MADE) {
    test(name, async () => {
      await fc.assert(
        fc.asyncProperty(optionsOf(...options), (given) => tolerate(() => make(given as never))),
        settings,
      );
    });
  }
});

/** A model that trains in no time. */
function model(): descend.Sequential {
  const made = new descend.Sequential([new descend.Dense({ units: 3, activation: 'softmax', inputShape: [2] })], {
    seed: 1,
  });
  made.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return made;
}

const x = { data: noise(20, 1), shape: [10, 2] };
const y = Uint8Array.from({ length: 10 }, (_, i) => i % 3);
const w = variable([1, 2], [2], { name: 'w' });
const adam = new Adam();
const loss = () => ops.sum(ops.square(w));
// Only so many steps: a huge number of epochs is no mistake.
const few = { verbose: 0, stopWhen: { maxSteps: 3 } } as const;
const trained = model();

type Any = never;
const CALLS: readonly [name: string, call: (a: Any, b: Any, c: Any) => unknown][] = [
  ['variable', (a, b, c) => variable(a, b, c).dispose()],
  ['variable.assign', (a) => w.assign(a)],
  ['variable of a shape', (a) => variable(new Float32Array(4), a).dispose()],
  ['optimizer.applyGradients', (a) => adam.applyGradients(a)],
  ['optimizer.applyGradients of one', (a) => adam.applyGradients([[a, w]])],
  ['optimizer.applyGradients by one', (a) => adam.applyGradients([[[1, 2], a]])],
  ['optimizer.set', (a) => new Adam().set(a)],
  ['optimizer.learningRate', (a) => Object.assign(new Adam(), { learningRate: a })],
  ['optimizer.loadStateDict', (a) => adam.loadStateDict(a)],
  [
    'optimizer.loadStateDict of one',
    (a) => adam.loadStateDict({ iterations: 1, variables: { w: { momentum: a, velocity: a } } }),
  ],
  ['Adam.fromConfig', (a) => Adam.fromConfig(a)],
  ['optimizers.get', (a) => optimizers.get(a)],
  ['schedules.deserialize', (a) => schedules.deserialize(a)],
  ['Sequential', (a, b) => new descend.Sequential(a, b)],
  ['model.add', (a) => model().add(a)],
  ['model.build', (a) => new descend.Sequential([new descend.Flatten()]).build(a)],
  ['model.compile', (a) => model().compile(a)],
  ['model.compile with a loss', (a) => model().compile({ loss: a })],
  ['model.compile with an optimizer', (a) => model().compile({ loss: 'mse', optimizer: a })],
  ['model.compile with metrics', (a, b) => model().compile({ loss: 'mse', metrics: [a, b] })],
  ['model.fit', (a, b) => trained.fit(a, b, few)],
  ['model.fit on samples', (a) => trained.fit(a, y, few)],
  ['model.fit on targets', (a) => trained.fit(x, a, few)],
  ['model.fit validated', (a, b) => trained.fit(x, y, { ...few, validationData: [a, b] })],
  [
    'model.fit until',
    (a, b) => trained.fit(x, y, { ...few, epochs: 2, stopWhen: { maxSteps: 3, lossBelow: a, patience: b } }),
  ],
  ['model.evaluate', (a, b, c) => trained.evaluate(a, b, c)],
  ['model.predict', (a, b) => trained.predict(a, b)],
  ['model.setWeights', (a) => trained.setWeights(a)],
  ['model.setWeights of one', (a) => trained.setWeights([a, new Float32Array(3)])],
  ['model.toBytes', (a) => trained.toBytes(a)],
  ['loadModel', (a, b) => loadUnlessAddress(a, b)],
  ['valueAndGrad', (a, b, c) => valueAndGrad(a, b, c)],
  ['valueAndGrad by', (a) => valueAndGrad(loss, a)],
  ['valueAndGrad of', (a) => valueAndGrad(() => a, [w])],
  ['grad', (a, b, c) => descend.grad(a, b, c)],
  ['minimize', (a, b) => descend.minimize(a, b)],
  [
    'minimize until',
    (a, b) =>
      descend.minimize(loss, { variables: [w], optimizer: adam, stopWhen: { maxSteps: 2, minDelta: a, patience: b } }),
  ],
  ['checkGradients', (a, b, c) => descend.checkGradients(a, b, c)],
  ['setSeed', (a) => descend.setSeed(a)],
];

// Text is a path or an address there: what is read or fetched is not the question here.
async function loadUnlessAddress(a: unknown, b: never): Promise<unknown> {
  return typeof a === 'string' ? undefined : await descend.loadModel(a as never, b);
}

describe('calls take or refuse any arguments', () => {
  for (const [name, call] of CALLS) {
    test(name, { timeout: 120_000 }, async () => {
      const { buffers } = sync.stats();
      const given = fc.tuple(anything, anything, anything);
      await fc.assert(
        fc.asyncProperty(given, ([a, b, c]) => tolerate(() => call(a as Any, b as Any, c as Any))),
        settings,
      );
      expect(sync.stats().buffers - buffers).toBeLessThan(RUNS / 3);
    });
  }
});

const NAMED: readonly [name: string, call: (options: Any) => unknown, options: string[]][] = [
  [
    'model.fit',
    (options) => trained.fit(x, y, spread(few, options)),
    ['epochs', 'batchSize', 'validationSplit', 'validationData', 'shuffle', 'initialEpoch', 'callbacks', 'signal'],
  ],
  ['model.evaluate', (options) => trained.evaluate(x, y, options), ['batchSize', 'signal']],
  ['model.predict', (options) => trained.predict(x, options), ['batchSize', 'signal']],
  ['model.compile', (options) => model().compile(options), ['optimizer', 'loss', 'metrics']],
  ['Sequential', (options) => new descend.Sequential([], options), ['name', 'seed']],
  ['variable', (options) => variable([1, 2], [2], options).dispose(), ['name', 'dtype', 'trainable']],
  ['grad', (options) => descend.grad(loss, [w], options), ['seed', 'iteration']],
  [
    'minimize',
    (options) =>
      descend.minimize(loss, spread({ variables: [w], optimizer: adam, stopWhen: { maxSteps: 2 } }, options)),
    ['variables', 'optimizer', 'seed', 'signal', 'onStep'],
  ],
  [
    'checkGradients',
    (options) => descend.checkGradients(loss, [w], options),
    ['epsilon', 'tolerance', 'maxElements', 'seed', 'iteration'],
  ],
  ['ready', (options) => descend.ready(options), ['worker', 'precision', 'memoryLimit', 'threads']],
  ['loadDigits', (options) => datasets.loadDigits(options), ['seed', 'testFraction']],
];

/** Options over others; what is no object of options stays what it is. */
function spread<T>(base: T, options: unknown): T {
  return typeof options === 'object' && options !== null && !Array.isArray(options)
    ? { ...base, ...options }
    : (options as T);
}

describe('calls take or refuse any options', () => {
  for (const [name, call, options] of NAMED) {
    test(name, { timeout: 120_000 }, async () => {
      const given = optionsOf(...options);
      await fc.assert(
        fc.asyncProperty(given, (some) => tolerate(() => call(some as Any))),
        settings,
      );
    });
  }
});

describe('ops take or refuse any arguments', () => {
  const matrix = variable(noise(12, 2), [3, 4]);
  const operands: readonly unknown[] = [matrix, w, new Int32Array([0, 2]), 1.5, [[1, 2]]];
  const argument = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...operands) },
    { weight: 1, arbitrary: anything },
    {
      weight: 2,
      arbitrary: optionsOf(
        'axis',
        'keepDims',
        'transposeA',
        'transposeB',
        'fromLogits',
        'start',
        'length',
        'name',
        'low',
        'high',
        'carries',
        'sequences',
        'reverse',
      ),
    },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(-1, 0, 1, 2, 3, 4, 1.5, Number.NaN, 2 ** 31), { maxLength: 4 }) },
  );
  for (const [name, op] of Object.entries(ops as unknown as Record<string, (...xs: unknown[]) => Tensor>)) {
    test(name, { timeout: 120_000 }, async () => {
      const run = (xs: unknown[]) => valueAndGrad(() => ops.sum(ops.cast(op(...xs), 'float32')), [matrix, w]);
      await fc.assert(
        fc.asyncProperty(fc.array(argument, { maxLength: 4 }), (xs) => tolerate(() => run(xs))),
        settings,
      );
    });
  }
});
