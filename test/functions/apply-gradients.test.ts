// Optimizers on gradients from anywhere: one step at once, state by name, and refusals that change nothing.

import { Adam, Momentum, ops, RMSprop, SGD, type StateDict, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';

const make = () => variable([1, 2], [2], { name: 'w' });

describe('applyGradients', () => {
  test('makes one step and says what it did', () => {
    const w = make();
    const sgd = new SGD({ learningRate: 0.5 });
    expect(sgd.applyGradients([[new Float32Array([3, -4]), w]])).toEqual({
      gradNorm: 5,
      updateNorm: Number.NaN,
      learningRate: 0.5,
      skipped: false,
    });
    expect([...w.data]).toEqual([-0.5, 4]);
    expect(sgd.iterations).toBe(1);
  });

  test('takes what valueAndGrad gives, nested arrays, and flat arrays of its size', async () => {
    const m = variable([[1, 2]], undefined, { name: 'm' });
    const sgd = new SGD({ learningRate: 1 });
    const { grads } = await valueAndGrad(() => ops.sum(ops.square(m)), [m]);
    sgd.applyGradients([[grads[0] as (typeof grads)[0], m]]);
    expect([...m.data]).toEqual([-1, -2]);
    sgd.applyGradients([[[[1, 1]], m]]);
    sgd.applyGradients([[new Float32Array([1, 1]), m]]);
    expect([...m.data]).toEqual([-3, -4]);
  });

  test('reads a variable as gradient where it is', () => {
    const w = make();
    const gradient = variable([1, 1]);
    const sgd = new SGD({ learningRate: 1 });
    sgd.applyGradients([[gradient, w]]);
    gradient.assign([10, 10]);
    sgd.applyGradients([[gradient, w]]);
    expect([...w.data]).toEqual([-10, -9]);
    expect([...gradient.data]).toEqual([10, 10]);
  });

  test('takes variables of any number, in any grouping', () => {
    const [a, b] = [variable([1]), variable([1])];
    const momentum = new Momentum({ learningRate: 1, momentum: 0.5 });
    momentum.applyGradients([[[1], a]]);
    momentum.applyGradients([
      [[1], b],
      [[0], a],
    ]);
    // a: 1 − 1 − 0.5; b: 1 − 1: each has state of its own.
    expect([a.data[0], b.data[0]]).toEqual([-0.5, 0]);
  });

  test('uses learning rates by function and by assignment', () => {
    const w = variable([0]);
    const sgd = new SGD({ learningRate: (step) => 10 ** step });
    for (let i = 0; i < 3; i++) sgd.applyGradients([[[-1], w]]);
    expect(w.data[0]).toBe(111);
    sgd.learningRate = 1000;
    sgd.applyGradients([[[-1], w]]);
    expect(w.data[0]).toBe(1111);
  });

  test.each<[string, () => unknown, string]>([
    ['no pairs', () => new SGD().applyGradients([]), 'INVALID_VALUE'],
    ['pairs the wrong way round', () => new SGD().applyGradients([[make(), [1, 2]] as never]), 'INVALID_VALUE'],
    ['another shape', () => new SGD().applyGradients([[[1, 2, 3], make()]]), 'SHAPE_MISMATCH'],
    ['a variable of another shape', () => new SGD().applyGradients([[variable([1]), make()]]), 'SHAPE_MISMATCH'],
    ['text', () => new SGD().applyGradients([['12' as never, make()]]), 'INVALID_DTYPE'],
    ['integers', () => new SGD().applyGradients([[[1], variable(new Int32Array(1))]]), 'INVALID_DTYPE'],
    [
      'two variables of one name',
      () =>
        new SGD().applyGradients([
          [[1, 1], make()],
          [[1, 1], make()],
        ]),
      'DUPLICATE_NAME',
    ],
    [
      'a variable as its own gradient',
      () => {
        const w = make();
        return new SGD().applyGradients([[w, w]]);
      },
      'DUPLICATE_NAME',
    ],
  ])('refuses %s', (_, call, code) => {
    expect(call).toThrow(expect.objectContaining({ name: 'DescendError', code }));
  });

  test('a variable twice', () => {
    const w = make();
    const pairs = [
      [[1, 1], w],
      [[1, 1], w],
    ] as const;
    expect(() => new SGD().applyGradients(pairs)).toThrow(expect.objectContaining({ code: 'DUPLICATE_NAME' }));
  });

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY]])('refuses %d, naming the variable, and changes nothing', (x) => {
    const [w, u] = [make(), variable([5], [1], { name: 'bias' })];
    const adam = new Adam();
    const step = () =>
      adam.applyGradients([
        [[1, 1], w],
        [[x], u],
      ]);
    expect(step).toThrow(expect.objectContaining({ code: 'NON_FINITE', message: expect.stringContaining("'bias'") }));
    expect([[...w.data], [...u.data], adam.iterations]).toEqual([[1, 2], [5], 0]);
    adam.applyGradients([
      [[1, 1], w],
      [[1], u],
    ]);
    expect(adam.iterations).toBe(1);
  });

  test('leaves a step out, or goes on, where the optimizer says so', () => {
    const w = make();
    const skip = new SGD({ onNonFinite: 'skip' });
    expect(skip.applyGradients([[[Number.NaN, 1], w]]).skipped).toBe(true);
    expect([[...w.data], skip.iterations]).toEqual([[1, 2], 0]);
    new SGD({ onNonFinite: 'propagate', learningRate: 1 }).applyGradients([[[Number.NaN, 1], w]]);
    expect([...w.data]).toEqual([Number.NaN, 1]);
  });
});

describe('state', () => {
  const gradient = (i: number) => new Float32Array([Math.sin(i), Math.cos(3 * i)]);
  const optimizers = {
    SGD: () => new SGD({ momentum: 0.9, nesterov: true }),
    Momentum: () => new Momentum(),
    RMSprop: () => new RMSprop({ momentum: 0.5, centered: true }),
    Adam: () => new Adam({ amsgrad: true, learningRate: 0.1 }),
  };

  test.each(Object.keys(optimizers))('of %s goes on where it was', (name) => {
    const create = optimizers[name as keyof typeof optimizers];
    const [whole, first] = [make(), make()];
    const one = create();
    for (let i = 0; i < 20; i++) one.applyGradients([[gradient(i), whole]]);
    const before = create();
    for (let i = 0; i < 10; i++) before.applyGradients([[gradient(i), first]]);
    const saved = JSON.parse(JSON.stringify(before.stateDict()), (key, value) =>
      key === 'data' ? Float32Array.from(Object.values(value)) : value,
    ) as StateDict;
    const second = variable(first.data, [2], { name: 'w' });
    const after = create();
    after.loadStateDict(saved);
    expect(after.iterations).toBe(10);
    for (let i = 10; i < 20; i++) after.applyGradients([[gradient(i), second]]);
    expect(second.data).toEqual(whole.data);
    expect(after.stateDict()).toEqual(one.stateDict());
  });

  test('is a copy, by the names of variables and state', () => {
    const w = make();
    const adam = new Adam();
    adam.applyGradients([[[1, 1], w]]);
    const { iterations, variables } = adam.stateDict();
    expect(iterations).toBe(1);
    expect(Object.keys(variables)).toEqual(['w']);
    expect(Object.keys(variables.w ?? {})).toEqual(['momentum', 'velocity']);
    expect(variables.w?.momentum).toMatchObject({ shape: [2] });
    variables.w?.momentum?.data.fill(7);
    expect(adam.stateDict().variables.w?.momentum?.data[0]).not.toBe(7);
  });

  test('variables without a name are counted', () => {
    const adam = new Adam();
    adam.applyGradients([
      [[1], variable([1])],
      [[1], variable([1])],
    ]);
    expect(Object.keys(adam.stateDict().variables)).toEqual(['variable_0', 'variable_1']);
  });

  test('a name that looks counted, and names of Object.prototype, are names like others', () => {
    const names = ['', 'variable_0', 'constructor', 'toString', 'hasOwnProperty', '__proto__'];
    const create = () => names.map((name) => variable([1, 2], [2], { name }));
    const step = (adam: Adam, all: ReturnType<typeof create>) => adam.applyGradients(all.map((w) => [[1, 2], w]));
    const [adam, all] = [new Adam(), create()];
    step(adam, all);
    const saved = adam.stateDict();
    expect(Object.keys(saved.variables).sort()).toEqual([...names.slice(1), 'variable_1'].sort());
    const [later, others] = [new Adam(), create()];
    later.loadStateDict(saved);
    expect(later.stateDict()).toEqual(saved);
    step(adam, all);
    step(later, others);
    expect(Object.entries(later.stateDict().variables).sort()).toEqual(
      Object.entries(adam.stateDict().variables).sort(),
    );
  });

  test('of another class, or not state at all, is refused when loaded', () => {
    const momentum = new Momentum();
    momentum.applyGradients([[[1, 1], make()]]);
    const piece = momentum.stateDict().variables.w;
    const refuse = (saved: unknown, code: string, message: string, options?: unknown) => {
      const load = () => new Adam().loadStateDict(saved as StateDict, options as object);
      expect(load).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
    };
    refuse(momentum.stateDict(), 'UNKNOWN_NAME', 'expected "momentum", "velocity", got "momentum"');
    refuse({ iterations: 1, variables: { w: { ...piece, other: piece?.momentum } } }, 'UNKNOWN_NAME', 'another class');
    refuse({ iterations: 1, variables: { a: null } }, 'INVALID_VALUE', 'expected an object of states, got null');
    const json = JSON.parse(JSON.stringify(momentum.stateDict()));
    refuse(json, 'INVALID_VALUE', 'data: expected an array, got { 0, 1 }');
    refuse(momentum.stateDict(), 'INVALID_VALUE', 'expected an object of options, got null', null);
    refuse(momentum.stateDict(), 'UNKNOWN_OPTION', 'did you mean strict?', { strickt: false });
  });

  test('of two variables of one name says what to do', () => {
    const adam = new Adam();
    adam.applyGradients([[[1, 1], make()]]);
    expect(() => adam.applyGradients([[[1, 1], make()]])).toThrow('make a new optimizer, or dispose of');
  });

  test('is taken over whole or not at all', () => {
    const w = make();
    const adam = new Adam();
    adam.applyGradients([[[1, 1], w]]);
    const good = adam.stateDict();
    const refuse = (saved: unknown, code: string) => {
      expect(() => adam.loadStateDict(saved as StateDict)).toThrow(expect.objectContaining({ code }));
      expect(adam.stateDict()).toEqual(good);
    };
    refuse(undefined, 'INVALID_VALUE');
    refuse({ iterations: -1, variables: {} }, 'INVALID_VALUE');
    refuse({ iterations: 5, variables: {} }, 'UNKNOWN_NAME');
    refuse({ iterations: 5, variables: { ...good.variables, u: good.variables.w } }, 'UNKNOWN_NAME');
    refuse({ iterations: 5, variables: { w: { momentum: good.variables.w?.momentum } } }, 'UNKNOWN_NAME');
    const wrong = { data: new Float32Array(3), shape: [3] };
    refuse({ iterations: 5, variables: { w: { momentum: wrong, velocity: wrong } } }, 'SHAPE_MISMATCH');
    adam.loadStateDict({ iterations: 5, variables: {} }, { strict: false });
    expect(adam.iterations).toBe(5);
  });
});
