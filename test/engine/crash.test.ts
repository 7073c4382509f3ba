// Crashes in the core are contained: the call fails with a code, everything alive is there afterwards, and the next
// call works. Uses the engine itself, with the op `fault`, which exists for this and is offered to nobody.

import { Adam, minimize, ops, SGD, valueAndGrad, variable } from 'descend';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';
import { encodePlan } from '../../dist/graph/encode.js';
import { str } from '../../dist/graph/node.js';
import type { Operand, Tensor } from '../../dist/graph/tensor.js';

function fault(x: Operand, kind: 'panic' | 'error'): Tensor {
  const input = ops.add(x, 0) as unknown as Tensor;
  return input.tracer.op('fault', [input], { kind: str(kind) }, [input])[0] as Tensor;
}

const crash = (w: ReturnType<typeof variable>) =>
  valueAndGrad(() => ops.sum(ops.stopGradient(fault(w, 'panic') as never)), [w]);

// The core prints where it panicked.
const silent = vi.spyOn(console, 'error').mockImplementation(() => undefined);
afterAll(() => silent.mockRestore());

describe('after a crash', () => {
  test('the call says so, variables are as before, and the next call works', async () => {
    const w = variable([1, 2, 3], [3], { name: 'w' });
    const adam = new Adam({ learningRate: 0.1 });
    adam.applyGradients([[[1, 2, 3], w]]);
    const [before, state] = [w.data, adam.stateDict()];
    for (let i = 0; i < 3; i++) {
      await expect(crash(w)).rejects.toMatchObject({ name: 'DescendError', code: 'ENGINE_PANIC' });
      expect(w.data).toEqual(before);
      expect(adam.stateDict()).toEqual(state);
    }
    const { grads } = await valueAndGrad(() => ops.sum(ops.square(w)), [w]);
    expect(grads[0]?.data).toEqual(before.map((x) => Math.fround(2 * x)));
    adam.applyGradients([[[1, 2, 3], w]]);
    expect(adam.iterations).toBe(2);
  });

  test('a step that crashes in the middle of a run leaves the state before it', async () => {
    const w = variable([1], [1], { name: 'w' });
    const optimizer = new SGD({ learningRate: 1 });
    // The oracle of the run is the number of steps: only a plan that crashes at once is at hand, so the first one does.
    const options = { variables: [w], optimizer, stopWhen: { maxSteps: 10 } };
    await expect(minimize(() => ops.sum(fault(w, 'error') as never), options)).rejects.toMatchObject({
      code: 'NOT_DIFFERENTIABLE',
    });
    const crashing = () => ops.add(ops.sum(w), ops.sum(ops.stopGradient(fault(w, 'panic') as never)));
    await expect(minimize(crashing, options)).rejects.toMatchObject({ code: 'ENGINE_PANIC' });
    expect([w.data[0], optimizer.iterations]).toEqual([1, 0]);
    await minimize(() => ops.sum(w), options);
    expect([w.data[0], optimizer.iterations]).toEqual([-9, 10]);
  });

  test('runs that did not crash go on, or say that the engine did', async () => {
    const w = variable([5], [1], { name: 'w' });
    const other = variable([1]);
    const optimizer = new SGD({ learningRate: 0 });
    let steps = 0;
    const running = minimize(() => ops.sum(w), {
      variables: [w],
      optimizer,
      stopWhen: { maxSteps: 1e6 },
      onStep: async ({ step }) => {
        steps = step;
        if (step === 3) await crash(other).catch(() => undefined);
        return step < 6;
      },
    });
    const result = await running.catch((error: { code: string }) => error.code);
    // A native panic ends its own call alone; after a trap the whole instance is new, and runs under way are over.
    if (localEngine().info.name === 'native') expect(result).toMatchObject({ stopReason: 'stopped', steps: 7 });
    else expect([result, steps]).toEqual(['ENGINE_PANIC', 3]);
    expect([...w.data]).toEqual([5]);
  });

  test('an error that is no crash is told as it is', async () => {
    const w = variable([1]);
    const failing = valueAndGrad(() => ops.sum(ops.stopGradient(fault(w, 'error') as never)), [w]);
    await expect(failing).rejects.toMatchObject({ code: 'ENGINE_FAILED', message: expect.stringContaining('fault') });
  });

  test('memory is what it was', async () => {
    const { sync } = localEngine();
    const w = variable(new Float32Array(1000));
    await crash(w).catch(() => undefined);
    const before = sync.stats();
    for (let i = 0; i < 5; i++) await crash(w).catch(() => undefined);
    expect(sync.stats()).toMatchObject({ buffers: before.buffers, plans: before.plans, runs: before.runs });
  });
});

describe('the engine refuses', () => {
  const { sync } = localEngine();
  test.each<[string, () => unknown, string]>([
    ['a buffer it does not know', () => sync.read(1 << 30, 0, 1), 'DISPOSED'],
    ['a range beyond the buffer', () => sync.read(sync.alloc(4), 2, 4), 'INVALID_VALUE'],
    ['to write beyond it', () => sync.write(sync.alloc(4), 0, new Uint8Array(5)), 'INVALID_VALUE'],
    ['bytes that are no plan', () => sync.plan(new Uint8Array([1, 2, 3]), 1), 'PLAN_INVALID'],
    ['a run it does not know', () => sync.advance(1 << 30, 1, 1, new Uint8Array()), 'DISPOSED'],
    ['more memory than there is', () => sync.alloc(2 ** 45), 'OUT_OF_MEMORY'],
  ])('%s', (_, call, code) => {
    expect(call).toThrow(expect.objectContaining({ name: 'DescendError', code }));
    expect(sync.read(sync.alloc(4), 0, 4)).toEqual(new Uint8Array(4));
  });

  test('plans with a byte changed, or runs them', async () => {
    const plan = await plainTrace();
    const codes = new Set<string>();
    for (let at = 0; at < plan.length; at++) {
      for (const byte of [0, 1, 2, 5, 0x7f, 0x80, 0xff]) {
        const changed = plan.slice();
        changed[at] = byte;
        try {
          sync.plan(changed, 1);
        } catch (error) {
          codes.add((error as { code: string }).code);
        }
      }
    }
    expect(codes).toContain('PLAN_INVALID');
    for (const crash of ['ENGINE_PANIC', 'ENGINE_FAILED', undefined]) expect(codes).not.toContain(crash);
  });

  test('every shortened plan', async () => {
    const tracer = await plainTrace();
    for (let length = 0; length < tracer.length; length++) {
      expect(() => sync.plan(tracer.subarray(0, length), 1)).toThrow(expect.objectContaining({ name: 'DescendError' }));
    }
    expect(sync.plan(tracer, 1)).toBeGreaterThan(0);
  });
});

async function plainTrace(): Promise<Uint8Array> {
  const { Tracer } = await import('../../dist/graph/trace.js');
  const tracer = new Tracer();
  const x = tracer.batch([3], 'float32');
  const y = tracer.run(() => ops.mean(ops.tanh(x as never))) as unknown as Tensor;
  return encodePlan(tracer, { reports: [y], writes: tracer.gradients([y], [x]) });
}
