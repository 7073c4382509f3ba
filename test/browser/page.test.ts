// The built package works in a page, without a bundler, and computes there what it computes here.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium, launch } from './chromium.ts';
import { type Server, serve } from './server.ts';

describe.skipIf(!chromium)('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), serve()]);
    page = await browser.newPage();
    await page.goto(server.url);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('trains in the page to the bits it trains to here', async () => {
    const [name, ...bits] = (await page.evaluate(`(${train})(globalThis.descend)`)) as [string, ...number[]];
    expect(name).toBe('wasm');
    const [, ...here] = await train(await import('descend'));
    expect(bits).toEqual(here);
  });

  test('a task of the page waits no longer than 50 ms', { retry: 9 }, async () => {
    const longest = await page.evaluate(async () => {
      const { Adam, minimize, ops, variable } = globalThis.descend;
      const w = variable(new Float32Array(1 << 15));
      let [last, wait, over] = [performance.now(), 0, false];
      const beat = new MessageChannel();
      beat.port1.onmessage = () => {
        wait = Math.max(wait, performance.now() - last);
        last = performance.now();
        if (!over) beat.port2.postMessage(0);
      };
      const loss = () => ops.sum(ops.square(ops.tanh(w)));
      await minimize(loss, { variables: [w], optimizer: new Adam(), stopWhen: { maxSteps: 100 } });
      wait = 0;
      last = performance.now();
      beat.port2.postMessage(0);
      await minimize(loss, { variables: [w], optimizer: new Adam(), stopWhen: { maxSteps: 1000 } });
      over = true;
      return wait;
    });
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(50);
  });

  test('making a model begins to fetch the engine, whose failure is nobody else’s', async () => {
    const fresh = await browser.newPage();
    const fetched: string[] = [];
    fresh.on(
      'request',
      (request) => /descend\.wasm/.test(request.url()) && fetched.push(new URL(request.url()).search),
    );
    await fresh.goto(server.url);
    expect(await fresh.evaluate(`(${compileThenReady})(globalThis.descend)`)).toBe('wasm');
    expect(fetched).toEqual(['']);
    await fresh.route(/\.wasm$/, (route) => route.abort());
    await fresh.reload();
    const own = '/dist/wasm/descend.wasm?own';
    expect(await fresh.evaluate(`(${compileThenReady})(globalThis.descend, '${own}')`)).toBe('wasm');
    expect(fetched).toEqual(['', '', '?own']);
    await fresh.close();
  });

  test('what ordinary training never needs is fetched when something does, and again if that failed', async () => {
    const fresh = await browser.newPage();
    const fetched: string[] = [];
    fresh.on('request', (request) => /\.wasm/.test(request.url()) && fetched.push(request.url().replace(/.*\//, '')));
    await fresh.route(/more\.wasm$/, (route) => route.abort());
    await fresh.goto(server.url);
    expect(await fresh.evaluate(`(${steps})(globalThis.descend, 'Adam')`)).toMatch(/^\d/);
    expect(fetched).toEqual(['descend.wasm']);
    expect(await fresh.evaluate(`(${steps})(globalThis.descend, 'Lion')`)).toMatch(/^ENGINE_FAILED WASM engine: /);
    expect(await fresh.evaluate(`(${applied})(globalThis.descend, 'Lion')`)).toMatch(
      /^NOT_READY .*await ready\(\) first/,
    );
    expect(await fresh.evaluate(`(${applied})(globalThis.descend, 'Adam')`)).toBe('2');
    await fresh.unroute(/more\.wasm$/);
    const here = await import('descend');
    for (const name of ['Adam', 'Lion', 'Lamb']) {
      expect(await fresh.evaluate(`(${steps})(globalThis.descend, '${name}')`)).toBe(await steps(here, name as 'Adam'));
    }
    expect(await fresh.evaluate(`(${applied})(globalThis.descend, 'Lion')`)).toBe('2');
    await fresh.close();
  });

  test('a synchronous call before ready() says what to await', async () => {
    const fresh = await browser.newPage();
    await fresh.goto(server.url);
    const refused = await fresh.evaluate(async () => {
      const { ready, SGD, variable } = globalThis.descend;
      const w = variable([1, 2]);
      const step = () => new SGD({ learningRate: 1 }).applyGradients([[[1, 1], w]]);
      try {
        step();
        return 'no error';
      } catch (error) {
        await ready();
        step();
        return [(error as { code: string }).code, (error as Error).message, ...w.data];
      }
    });
    const message = 'synchronous call: expected a loaded engine, got none yet (await ready() first)';
    expect(refused).toEqual(['NOT_READY', message, 0, 1]);
    await fresh.close();
  });
});

/** The bits of a number after some steps, or why there are none. Runs here and, as text, in the page. */
async function steps(d: typeof import('descend'), name: 'Adam'): Promise<string> {
  const w = d.variable([1, 2, 3]);
  const optimizer = new d[name]({ learningRate: 0.1 });
  const options = { variables: [w], optimizer, stopWhen: { maxSteps: 5 } };
  try {
    await d.minimize(() => d.ops.sum(d.ops.square(w)), options);
    return [...new Uint32Array((await w.read()).buffer)].join();
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
}

/** How many numbers an optimizer's synchronous step changed, or why there was none. */
function applied(d: typeof import('descend'), name: 'Adam'): string {
  const w = d.variable([1, 2]);
  try {
    new d[name]({ learningRate: 0.1 }).applyGradients([[[1, 1], w]]);
    return String([...w.data].filter((x, i) => x !== i + 1).length);
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
}

/** The engine's name and the bits of some trained numbers. Runs here and, as text, in the page: uses nothing around it. */
async function train(d: typeof import('descend')): Promise<[string, ...number[]]> {
  const w = d.variable(Float32Array.from({ length: 33 }, (_, i) => Math.fround(i / 7 - 2)));
  const loss = () => d.ops.mean(d.ops.square(d.ops.sub(d.ops.exp(d.ops.dropout(d.ops.tanh(w), 0.3)), 0.5)));
  const optimizer = new d.Adam({
    learningRate: new d.schedules.CosineDecay({ initialLearningRate: 0.1, decaySteps: 500 }),
  });
  await d.minimize(loss, { variables: [w], optimizer, stopWhen: { maxSteps: 500 }, seed: 7 });
  return [d.engineInfo().name, ...new Uint32Array((await w.read()).buffer)];
}

/** Compiles a model, then readies the engine and trains: at once, or one after the other. Runs in a page, as text. */
async function compileThenReady(d: typeof import('descend'), wasm?: string): Promise<string> {
  const model = new d.Sequential([new d.Dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: new d.SGD(), loss: 'meanSquaredError' });
  const train = () => model.fit({ data: new Float32Array(4), shape: [4, 1] }, new Float32Array(4), { verbose: 0 });
  const [info] = wasm ? [await d.ready({ wasm }), await train()] : await Promise.all([d.ready(), train()]);
  return info.name;
}
