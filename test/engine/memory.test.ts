// Memory: calls leave nothing behind, and what nobody can reach any more is freed. The second needs a process whose
// garbage collector can be asked.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Adam, checkGradients, minimize, ops, SGD, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { localEngine } from '../../dist/engine/load.js';

const { sync } = localEngine();

describe('a call leaves nothing behind:', () => {
  const w = variable([1, 2, 3], [3], { name: 'w' });
  const optimizer = new Adam();
  const captured = new Float32Array([1, 1, 1]);
  const loss = () => ops.sum(ops.square(ops.sub(ops.mul(w, 2), captured)));
  const bad = () => ops.sum(ops.pick(ops.reshape(w, [1, 3]), [7]));
  const calls: Record<string, () => unknown> = {
    valueAndGrad: () => valueAndGrad(loss, [w]),
    minimize: () => minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps: 3 } }),
    checkGradients: () => checkGradients(loss, [w]),
    applyGradients: () => optimizer.applyGradients([[[1, 1, 1], w]]),
    'a call that is refused': () => valueAndGrad(bad, [w]).catch(() => 0),
    'a call that is aborted': () =>
      minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps: 9 }, signal: AbortSignal.timeout(0) }).catch(
        () => 0,
      ),
    'a variable disposed of': () => {
      const v = variable([1]);
      new SGD().applyGradients([[[1], v]]);
      v.dispose();
    },
  };

  test.each(Object.keys(calls))('%s', async (name) => {
    const call = calls[name] as () => unknown;
    for (let i = 0; i < 3; i++) await call();
    const before = sync.stats();
    for (let i = 0; i < 20; i++) await call();
    const after = sync.stats();
    // A gradient's buffer stays with the optimizer, which nobody holds any more: the collector's affair.
    if (name === 'a variable disposed of') expect(after.buffers - before.buffers).toBeLessThanOrEqual(20);
    else expect(after).toEqual(before);
  });

  test('other numbers compile nothing', async () => {
    const { plans } = sync.stats();
    for (let i = 0; i < 5; i++) await valueAndGrad(() => ops.sum(ops.exp(ops.sub(ops.mul(w, i), [i, 2, 3]))), [w]);
    expect(sync.stats().plans).toBe(plans + 1);
  });
});

test('1,000 abandoned variables and optimizers are freed', async () => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const script = `
    import { SGD, variable } from 'file://${dist}/index.node.js';
    import { localEngine } from 'file://${dist}/engine/load.js';
    const { sync } = localEngine();
    for (let i = 0; i < 1000; i++) {
      new SGD({ momentum: 0.9 }).applyGradients([[new Float32Array(1000), variable(new Float32Array(1000))]]);
    }
    const most = sync.stats();
    for (let i = 0; i < 50 && sync.stats().buffers > 0; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(JSON.stringify([most.buffers, sync.stats().buffers]));`;
  const run = promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', script]);
  const [most, left] = JSON.parse((await run).stdout) as [number, number];
  expect(most).toBeGreaterThan(100);
  expect(left).toBeLessThanOrEqual(3);
});
