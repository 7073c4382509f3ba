// The loop in the core: why it ends, what it reports, and that neither chunks nor callbacks change a bit of the result.

import { Adam, type MinimizeOptions, minimize, ops, SGD, variable } from 'descend';
import { describe, expect, test } from 'vitest';

/** f(w) = Σ (w − target)² / 2, whose gradient is w − target: gradient descent with rate r shrinks w − target by 1 − r. */
function bowl(n = 4) {
  const w = variable(new Float32Array(n), [n], { name: 'w' });
  const target = Float32Array.from({ length: n }, (_, i) => i + 1);
  const loss = () => ops.mul(ops.sum(ops.square(ops.sub(w, target))), 0.5);
  return { w, loss };
}

function rosenbrock() {
  const w = variable([-1.2, 1], [2], { name: 'w' });
  const loss = () => {
    const [x, y] = [0, 1].map((start) => ops.slice(w, { start, length: 1 })) as [
      ReturnType<typeof ops.add>,
      ReturnType<typeof ops.add>,
    ];
    return ops.sum(ops.add(ops.square(ops.sub(1, x)), ops.mul(100, ops.square(ops.sub(y, ops.square(x))))));
  };
  return { w, loss };
}

describe('ends', () => {
  test('after maxSteps', async () => {
    const { w, loss } = bowl();
    const result = await minimize(loss, {
      variables: [w],
      optimizer: new SGD({ learningRate: 0.5 }),
      stopWhen: { maxSteps: 3 },
    });
    // Before each update w is 0, 1/2, 3/4 of the target, whose squares sum to 30.
    expect(result).toEqual({ loss: 15 / 16, steps: 3, stopReason: 'maxSteps', history: [15, 15 / 4, 15 / 16] });
    expect([...w.data]).toEqual([7 / 8, 14 / 8, 21 / 8, 28 / 8]);
  });

  test('when the loss is low, before another update', async () => {
    const { w, loss } = bowl();
    const optimizer = new SGD({ learningRate: 0.5 });
    const result = await minimize(loss, { variables: [w], optimizer, stopWhen: { lossBelow: 1, maxSteps: 100 } });
    expect(result).toMatchObject({ loss: 15 / 16, steps: 2, stopReason: 'lossBelow' });
    expect([...w.data]).toEqual([3 / 4, 6 / 4, 9 / 4, 12 / 4]);
    expect(optimizer.iterations).toBe(2);
  });

  test('when the gradient is small', async () => {
    const { w, loss } = bowl();
    const optimizer = new SGD({ learningRate: 0.5 });
    const result = await minimize(loss, { variables: [w], optimizer, stopWhen: { gradNormBelow: Math.sqrt(30) / 3 } });
    expect(result).toMatchObject({ steps: 2, stopReason: 'gradNormBelow' });
  });

  test('when the loss no longer falls', async () => {
    const { w, loss } = bowl();
    const optimizer = new SGD({ learningRate: 0 });
    const result = await minimize(loss, { variables: [w], optimizer, stopWhen: { minDelta: 1e-3, patience: 5 } });
    expect(result).toMatchObject({ steps: 5, loss: 15, stopReason: 'minDelta' });
  });

  test('when the callback says so', async () => {
    const { w, loss } = bowl();
    const seen: number[] = [];
    const norms: number[] = [];
    const result = await minimize(loss, {
      variables: [w],
      optimizer: new SGD({ learningRate: 0.5 }),
      stopWhen: { maxSteps: 100 },
      onStep: ({ step, loss, gradNorm }) => {
        seen.push(loss);
        norms.push(gradNorm);
        return step < 2;
      },
    });
    expect(result).toMatchObject({ steps: 3, stopReason: 'stopped' });
    expect(seen).toEqual([15, 15 / 4, 15 / 16]);
    expect(norms).toEqual([Math.sqrt(30), Math.sqrt(30) / 2, Math.sqrt(30) / 4]);
  });

  test('at once when aborted, at the last completed step', { retry: 3 }, async () => {
    const { w, loss } = rosenbrock();
    const controller = new AbortController();
    const optimizer = new Adam();
    const running = minimize(loss, {
      variables: [w],
      optimizer,
      stopWhen: { lossBelow: -1 },
      signal: controller.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = performance.now();
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(100);
    expect(optimizer.iterations).toBeGreaterThan(100);
    const again = rosenbrock();
    const steps = optimizer.iterations;
    await minimize(again.loss, { variables: [again.w], optimizer: new Adam(), stopWhen: { maxSteps: steps } });
    expect(w.data).toEqual(again.w.data);
  });

  test('before it begins when aborted already', async () => {
    const { w, loss } = bowl();
    const options: MinimizeOptions = { variables: [w], optimizer: new SGD(), stopWhen: { maxSteps: 1 } };
    await expect(minimize(loss, { ...options, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect([...w.data]).toEqual([0, 0, 0, 0]);
  });
});

test('Adam finds the minimum of the Rosenbrock function', async () => {
  const { w, loss } = rosenbrock();
  const stopWhen = { lossBelow: 1e-8, maxSteps: 1e5 };
  const result = await minimize(loss, { variables: [w], optimizer: new Adam({ learningRate: 0.01 }), stopWhen });
  expect(result.stopReason).toBe('lossBelow');
  for (const x of w.data) expect(Math.abs(x - 1)).toBeLessThan(1e-3);
});

describe('the same bits', () => {
  const run = async (steps: number[], options: Partial<MinimizeOptions> = {}) => {
    const { w, loss } = rosenbrock();
    const optimizer = new Adam({ learningRate: 0.01 });
    for (const maxSteps of steps) {
      await minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps }, ...options });
    }
    return w.data;
  };

  test('in one run, in many, and with a callback at every step', async () => {
    const whole = await run([2000]);
    expect(await run([1, 999, 17, 983])).toEqual(whole);
    let calls = 0;
    expect(await run([2000], { onStep: () => void calls++ })).toEqual(whole);
    expect(calls).toBe(2000);
  });

  test('for a rate by a function and by the numbers it gives', async () => {
    const decay = (step: number) => 0.5 * 0.99 ** step;
    const one = bowl();
    const options = { variables: [one.w], stopWhen: { maxSteps: 500 } };
    await minimize(one.loss, { ...options, optimizer: new SGD({ learningRate: decay }) });
    const other = bowl();
    const optimizer = new SGD({ learningRate: decay(0) });
    await minimize(other.loss, {
      variables: [other.w],
      optimizer,
      stopWhen: { maxSteps: 500 },
      onStep: ({ step }) => {
        optimizer.learningRate = decay(step + 1);
      },
    });
    expect(one.w.data).toEqual(other.w.data);
  });

  test('by applyGradients, step for step', async () => {
    const { w, loss } = bowl();
    await minimize(loss, { variables: [w], optimizer: new Adam({ learningRate: 0.1 }), stopWhen: { maxSteps: 20 } });
    const u = variable(new Float32Array(4), [4], { name: 'u' });
    const adam = new Adam({ learningRate: 0.1 });
    for (let i = 0; i < 20; i++) adam.applyGradients([[u.data.map((x, k) => x - (k + 1)) as Float32Array, u]]);
    expect(u.data).toEqual(w.data);
  });
});

describe('history', () => {
  test.each([
    [1000, 1],
    [1001, 2],
    [5000, 8],
  ])('of %i steps keeps every %i.', async (maxSteps, stride) => {
    const { w, loss } = bowl(1);
    const optimizer = new SGD({ learningRate: 0.001 });
    const all: number[] = [];
    const onStep = (step: { loss: number }) => void all.push(step.loss);
    const { history } = await minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps }, onStep });
    expect(history).toEqual(all.filter((_, i) => i % stride === 0));
    expect(history.length).toBeLessThanOrEqual(1000);
    expect(history.length).toBeGreaterThan(499);
  });
});

test('the event loop turns while it runs', { retry: 3 }, async () => {
  const w = variable(new Float32Array(1 << 16));
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 10);
  await minimize(() => ops.sum(ops.square(ops.tanh(w))), {
    variables: [w],
    optimizer: new Adam(),
    stopWhen: { maxSteps: 2000 },
  });
  clearInterval(timer);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(100);
});

describe('while it runs', () => {
  const busy = async (call: (w: ReturnType<typeof variable>) => unknown) => {
    const { w, loss } = bowl();
    const controller = new AbortController();
    const options = { variables: [w], optimizer: new SGD(), stopWhen: { lossBelow: -1 }, signal: controller.signal };
    const running = minimize(loss, options).catch((error: Error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
    try {
      return await call(w);
    } finally {
      controller.abort(new Error('end of test'));
      expect(await running).toBe('end of test');
    }
  };

  test('its variables can be read', async () => {
    expect(await busy((w) => w.read())).toHaveLength(4);
    expect(await busy((w) => w.data)).toHaveLength(4);
  });

  test('its variables refuse writes and other runs', async () => {
    await expect(busy((w) => w.assign([1, 2, 3, 4]))).rejects.toMatchObject({ code: 'BUSY' });
    await expect(busy((w) => new SGD().applyGradients([[[1, 2, 3, 4], w]]))).rejects.toMatchObject({ code: 'BUSY' });
    const second = (w: ReturnType<typeof variable>) =>
      minimize(() => ops.sum(w), { variables: [w], optimizer: new SGD(), stopWhen: { maxSteps: 1 } });
    await expect(busy(second)).rejects.toMatchObject({ code: 'BUSY' });
  });

  test('another runs beside it', async () => {
    const other = bowl();
    const options = { variables: [other.w], optimizer: new SGD({ learningRate: 0.5 }), stopWhen: { maxSteps: 3 } };
    expect(await busy(() => minimize(other.loss, options))).toMatchObject({ loss: 15 / 16 });
  });

  test('inside a callback its variables are free', async () => {
    const { w, loss } = bowl();
    const options = { variables: [w], optimizer: new SGD({ learningRate: 0.5 }), stopWhen: { maxSteps: 2 } };
    const onStep = () => w.assign([0, 0, 0, 0]);
    expect((await minimize(loss, { ...options, onStep })).history).toEqual([15, 15]);
  });
});

describe('refuses', () => {
  const { w, loss } = bowl();
  const good: MinimizeOptions = { variables: [w], optimizer: new SGD(), stopWhen: { maxSteps: 1 } };
  test.each<[string, Partial<Record<keyof MinimizeOptions, unknown>>, string]>([
    ['no rule', { stopWhen: {} }, 'INVALID_VALUE'],
    ['no stopWhen', { stopWhen: undefined }, 'INVALID_VALUE'],
    ['an unknown rule', { stopWhen: { lossBelwo: 1 } }, 'UNKNOWN_OPTION'],
    ['NaN', { stopWhen: { lossBelow: Number.NaN } }, 'INVALID_VALUE'],
    ['half a step', { stopWhen: { maxSteps: 1.5 } }, 'INVALID_VALUE'],
    ['no step', { stopWhen: { maxSteps: 0 } }, 'INVALID_VALUE'],
    ['a name as optimizer', { optimizer: 'adam' }, 'INVALID_VALUE'],
    ['no variables', { variables: [] }, 'INVALID_VALUE'],
    ['an unknown option', { maxStep: 5 } as object, 'UNKNOWN_OPTION'],
    ['an onStep that is no function', { onStep: 5 }, 'INVALID_VALUE'],
    ['a signal that is none', { signal: {} }, 'INVALID_VALUE'],
    ['a seed that is none', { seed: 1.5 }, 'INVALID_VALUE'],
    ['a rate that becomes negative', { optimizer: new SGD({ learningRate: () => -1 }) }, 'INVALID_VALUE'],
  ])('%s', async (_, options, code) => {
    await expect(minimize(loss, { ...good, ...options } as MinimizeOptions)).rejects.toMatchObject({ code });
    expect([...w.data]).toEqual([0, 0, 0, 0]);
  });

  test('no options', async () => {
    await expect(minimize(loss, undefined as never)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  test('a gradient that is not finite, naming variable and step', async () => {
    const u = variable([4], [1], { name: 'kernel' });
    const options = { variables: [u], optimizer: new SGD({ learningRate: 1 }), stopWhen: { maxSteps: 10 } };
    // √u: 4 → 3.75 → …, until u is negative and the root NaN.
    const failing = minimize(() => ops.sum(ops.mul(ops.sqrt(u), 4)), options);
    await expect(failing).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(/step \d.*'kernel'/),
    });
    expect(Number.isFinite(u.data[0])).toBe(true);
  });
});
