// Options, configurations and encodings of optimizers and schedules: no engine is needed for any of it.

import { describe, expect, test } from 'vitest';
import { inRange } from '../../ts/src/declaration.js';
import { DescendError } from '../../ts/src/errors.js';
import { Writer } from '../../ts/src/graph/writer.js';
import * as optimizers from '../../ts/src/optimizers/index.js';
import * as schedules from '../../ts/src/schedules/index.js';

const { Adam, Momentum, RMSprop, SGD } = optimizers;
const { CosineDecay, ExponentialDecay } = schedules;

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof DescendError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing refused';
}

// Options that the types forbid, as JavaScript users may give them.
const untyped = (options: unknown) => options as never;

describe('options', () => {
  test('have Keras defaults', () => {
    expect(new SGD().getConfig()).toMatchObject({ name: 'sgd', learningRate: 0.01, momentum: 0, nesterov: false });
    expect(new Momentum().getConfig()).toMatchObject({ learningRate: 0.01, momentum: 0.9 });
    expect(new RMSprop().getConfig()).toMatchObject({ learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 });
    expect(new Adam().getConfig()).toMatchObject({ learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
    expect(new Adam().getConfig()).toMatchObject({ weightDecay: null, clipnorm: null, globalClipnorm: null });
    expect(new SGD({ learningRate: 1 }).learningRate).toBe(1);
  });

  test('out of range, of another kind or unknown are refused by name', () => {
    for (const beta1 of [1, 1.5, -0.1, Number.NaN, Number.POSITIVE_INFINITY, '0.9', null, true, {}]) {
      expect(refusal(() => new Adam(untyped({ beta1 })))).toMatch(/^INVALID_VALUE .*/);
    }
    expect(refusal(() => new Adam({ beta1: 1.5 }))).toContain('Adam: beta1: expected a number in [0, 1), got 1.5');
    expect(refusal(() => new SGD({ learningRate: -1 }))).toContain('SGD: learningRate');
    expect(refusal(() => new SGD({ clipnorm: 0 }))).toContain('(0, Infinity)');
    expect(refusal(() => new SGD(untyped({ nesterov: 1 })))).toContain('true or false');
    expect(refusal(() => new Adam(untyped({ lerningRate: 1 })))).toMatch(
      /^UNKNOWN_OPTION .*did you mean learningRate\?/,
    );
    expect(refusal(() => new Adam(untyped({ lr: 0.1 })))).toContain('did you mean learningRate?');
    expect(refusal(() => new Adam(untyped({ learning_rate: 1, learningRate: 1 })))).toMatch(/^DUPLICATE_NAME/);
    expect(refusal(() => new Adam(untyped(7)))).toMatch(/^INVALID_VALUE/);
    expect(refusal(() => new Adam(untyped({ onNonFinite: 'ignore' })))).toContain('onNonFinite');
    expect(refusal(() => new SGD({ clipnorm: 1, clipvalue: 1 }))).toContain('at most one of');
    expect(refusal(() => new SGD(untyped({ excludeFromWeightDecay: 'bias' })))).toContain('excludeFromWeightDecay');
  });

  test('can be set, all or none', () => {
    const adam = new Adam();
    adam.learningRate = 0.5;
    adam.set({ beta1: 0.5, weightDecay: 0.1 });
    expect(adam.getConfig()).toMatchObject({ learningRate: 0.5, beta1: 0.5, weightDecay: 0.1 });
    expect(refusal(() => adam.set({ beta1: 0.1, beta2: 2 }))).toContain('beta2');
    expect(refusal(() => adam.set({ clipnorm: 1, globalClipnorm: 1 }))).toContain('at most one');
    expect(refusal(() => adam.set({ amsgrad: true }))).toContain('fixed');
    expect(refusal(() => Object.assign(adam, { learningRate: Number.NaN }))).toMatch(/^INVALID_VALUE/);
    expect(adam.getConfig()).toMatchObject({ learningRate: 0.5, beta1: 0.5, clipnorm: null, amsgrad: false });
    adam.set({ weightDecay: null });
    expect(adam.getConfig()).toMatchObject({ weightDecay: null });
  });

  test('do not change which state there is', () => {
    expect(refusal(() => new SGD().set({ momentum: 0.9 }))).toContain('0 as before');
    expect(refusal(() => new SGD({ momentum: 0.9 }).set({ momentum: 0 }))).toContain('above 0');
    new SGD({ momentum: 0.9 }).set({ momentum: 0.5 });
    const names = (optimizer: optimizers.Optimizer) => optimizer.states().map(({ name }) => name);
    expect(names(new SGD())).toEqual([]);
    expect(names(new SGD({ momentum: () => 0 }))).toEqual(['momentum']);
    expect(names(new RMSprop({ centered: true, momentum: 0.1 }))).toEqual(['velocity', 'averageGradient', 'momentum']);
    expect(names(new Adam({ amsgrad: true }))).toEqual(['momentum', 'velocity', 'velocityHat']);
  });

  test('exclude variables from decay by text and pattern', () => {
    const sgd = new SGD({ excludeFromWeightDecay: ['bias', /norm.*\/gamma$/g] });
    expect(['dense/bias', 'norm_1/gamma', 'norm_2/gamma'].map((name) => sgd.decays(name))).toEqual([
      false,
      false,
      false,
    ]);
    expect(['dense/kernel', 'gamma'].map((name) => sgd.decays(name))).toEqual([true, true]);
  });
});

describe('every option of every optimizer', () => {
  type Class = new (options: object) => optimizers.Optimizer;
  for (const Optimizer of optimizers.OPTIMIZERS as unknown as (Class & typeof optimizers.SGD)[]) {
    const { name, hypers, options, parities } = Optimizer.declaration;
    const numbers = [
      ...hypers,
      { name: 'learningRate', range: '[0, Infinity)' },
      { name: 'clipnorm', range: '(0, Infinity)' },
    ];

    test(`${name} refuses what is no number of its range, and keeps what it had`, () => {
      const optimizer = new Optimizer({});
      const before = optimizer.getConfig();
      for (const { name: option, range } of numbers) {
        const outside = [-1, 0, 1, 2].filter((x) => !inRange(range, x));
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '0.5', true, [], {}, ...outside]) {
          const message = new RegExp(`^INVALID_VALUE ${name}: ${option}: expected a number|^INVALID_VALUE schedule`);
          expect(refusal(() => new Optimizer(untyped({ [option]: bad })))).toMatch(message);
          expect(refusal(() => optimizer.set(untyped({ [option]: bad })))).toMatch(message);
        }
      }
      expect(optimizer.getConfig()).toEqual(before);
    });

    test(`${name} refuses words and switches that are none`, () => {
      for (const option of [...Object.keys(options), 'maximize', 'parity', 'weightDecayMode', 'onNonFinite']) {
        for (const bad of [1, 'yes', [], Number.NaN]) {
          expect(refusal(() => new Optimizer(untyped({ [option]: bad })))).toMatch(
            `INVALID_VALUE ${name}: ${option}: expected`,
          );
        }
        expect(refusal(() => new Optimizer({}).set(untyped({ [option]: true })))).toContain('fixed');
      }
      expect(refusal(() => new Optimizer(untyped({ [`${hypers[0]?.name ?? 'clipnorm'}x`]: 1 })))).toContain(
        'did you mean',
      );
    });

    test(`${name} is made again from its configuration`, () => {
      for (const parity of [undefined, ...Object.keys(parities)]) {
        const optimizer = new Optimizer(untyped({ parity }));
        const again = optimizers.get(JSON.parse(JSON.stringify(optimizers.serialize(optimizer))));
        expect(again.getConfig()).toEqual(optimizer.getConfig());
        expect(again.encode()).toEqual(optimizer.encode());
        expect(again.decay).toBe(optimizer.decay);
      }
      expect(optimizers.get(name.toLowerCase())).toBeInstanceOf(Optimizer);
    });
  }
});

describe('configurations', () => {
  test('make the same optimizer again, also after JSON', () => {
    for (const optimizer of [
      new SGD({ momentum: 0.9, nesterov: true, excludeFromWeightDecay: ['bias', /^x/i], name: 'mine' }),
      new RMSprop({ centered: true, clipvalue: 2, onNonFinite: 'skip' }),
      new Adam({ learningRate: new CosineDecay({ initialLearningRate: 0.1, decaySteps: 5, warmupTarget: 1 }) }),
    ]) {
      const again = optimizers.get(JSON.parse(JSON.stringify(optimizers.serialize(optimizer))));
      expect(again).toBeInstanceOf(optimizer.constructor);
      expect(again.getConfig()).toEqual(optimizer.getConfig());
      expect(again.encode()).toEqual(optimizer.encode());
      expect(again.encodeHypers(0, 1)).toEqual(optimizer.encodeHypers(0, 1));
    }
  });

  test('of Keras are understood', () => {
    const keras = {
      ...{
        name: 'adam',
        learning_rate: 0.01,
        weight_decay: null,
        clipnorm: null,
        global_clipnorm: 1.5,
        clipvalue: null,
      },
      ...{ use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null, loss_scale_factor: null },
      ...{ gradient_accumulation_steps: null, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-7, amsgrad: true },
    };
    expect(Adam.fromConfig(keras).getConfig()).toMatchObject({ beta1: 0.8, globalClipnorm: 1.5, amsgrad: true });
    expect(Adam.fromConfig({ ...keras, use_ema: true }).getConfig()).toMatchObject({ useEma: true, emaMomentum: 0.99 });
    const schedule = {
      class_name: 'ExponentialDecay',
      config: {
        initial_learning_rate: 0.1,
        decay_steps: 7,
        decay_rate: 0.7,
        staircase: true,
        name: 'ExponentialDecay',
      },
    };
    const decayed = Adam.fromConfig({ learning_rate: schedule }).getConfig();
    const config = { initialLearningRate: 0.1, decaySteps: 7, decayRate: 0.7, staircase: true };
    expect(decayed).toMatchObject({ learningRate: { className: 'ExponentialDecay', config } });
  });

  test('cannot hold a function', () => {
    expect(refusal(() => new SGD({ learningRate: () => 1 }).getConfig())).toContain('use a schedule');
  });

  test('names are found whatever their spelling', () => {
    for (const name of ['adam', 'Adam', 'ADAM']) expect(optimizers.get(name)).toBeInstanceOf(Adam);
    for (const name of ['rmsprop', 'rms_prop', 'RMSprop']) expect(optimizers.get(name)).toBeInstanceOf(RMSprop);
    expect(refusal(() => optimizers.get('adamm'))).toMatch(/^UNKNOWN_NAME .*did you mean Adam\?/);
    expect(refusal(() => optimizers.get(untyped(null)))).toMatch(/^INVALID_VALUE/);
    const adam = new Adam();
    expect(optimizers.get(adam)).toBe(adam);
  });
});

describe('schedules', () => {
  test('are checked', () => {
    expect(refusal(() => new ExponentialDecay(untyped({ decaySteps: 1, decayRate: 1 })))).toContain(
      'initialLearningRate',
    );
    const zero = { initialLearningRate: 1, decaySteps: 0 };
    expect(refusal(() => new CosineDecay(zero))).toContain('decaySteps');
    expect(refusal(() => new CosineDecay(untyped({ ...zero, decaySteps: 1, alphas: 1 })))).toContain(
      'did you mean alpha?',
    );
    expect(refusal(() => schedules.deserialize({ className: 'Cosine', config: {} }))).toMatch(/^UNKNOWN_NAME/);
    expect(refusal(() => new Adam({ learningRate: untyped({}) }))).toMatch(/^INVALID_VALUE/);
  });

  test('keep their options', () => {
    const cosine = new CosineDecay({ initialLearningRate: 0.1, decaySteps: 5 });
    const config = {
      initialLearningRate: 0.1,
      decaySteps: 5,
      alpha: 0,
      exponent: 1,
      warmupTarget: null,
      warmupSteps: 0,
    };
    expect(cosine.getConfig()).toEqual(config);
    expect(CosineDecay.fromConfig(config).getConfig()).toEqual(config);
  });
});

describe('encoding', () => {
  test('of numbers and texts', () => {
    const bytes = new Writer().u8(7).varuint(300).str('añ').f64(1.5).finish();
    expect([...bytes]).toEqual([7, 0xac, 2, 3, 97, 0xc3, 0xb1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
    expect([...new Writer().varuint(2 ** 53 - 1).finish()]).toEqual([255, 255, 255, 255, 255, 255, 255, 15]);
    expect([...new Writer().f64(-Number.NaN).finish()]).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
    const large = new Uint8Array(10_000).fill(3);
    expect(new Writer().u8(1).bytes(large).finish()).toEqual(Uint8Array.from([1, ...large]));
    for (const bad of [-1, 0.5, 2 ** 53, Number.NaN])
      expect(refusal(() => new Writer().varuint(bad))).toMatch(/^INVALID/);
  });

  test('of what is fixed', () => {
    expect([...new SGD({ momentum: 0.9 }).encode()]).toEqual([3, 83, 71, 68, 3, 0, 0, 1, 0]);
    expect([...new SGD({ parity: 'torch', nesterov: true }).encode()].slice(-4)).toEqual([1, 1, 0, 0]);
    expect([...new Momentum({ nesterov: true }).encode()].slice(-3)).toEqual([1, 1, 0]);
    expect([...new RMSprop({ centered: true }).encode()].slice(-6)).toEqual([4, 1, 0, 0, 0, 0]);
  });

  test('of the numbers of the coming steps', () => {
    const steps: number[] = [];
    const learningRate = (step: number) => {
      steps.push(step);
      return 1 / (step + 1);
    };
    const expected = new Writer()
      .u8(2)
      .varuint(3)
      .varuint(2)
      .f64(1 / 4)
      .f64(1 / 5);
    for (let off = 0; off < 4; off++) expected.u8(0).f64(Number.NaN);
    expect(new SGD({ learningRate }).encodeHypers(3, 2)).toEqual(expected.u8(0).f64(0).u8(0).f64(0).finish());
    expect(steps).toEqual([3, 4]);
    const wrong = new SGD({ learningRate: () => Number.NaN });
    expect(refusal(() => wrong.encodeHypers(7, 1))).toContain('learningRate of step 7');
  });
});
