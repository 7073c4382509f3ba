// Training in a Worker of a page: the same bits, a page that is free, memory that stays flat, and a next start that works
// whatever became of the Worker, the module or the tab.

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromium, launch } from './chromium.ts';
import { type Server, serve } from './server.ts';
import type * as plain from './work.ts';
import type * as work from './worker-work.ts';

const committed = JSON.parse(readFileSync(new URL('../bits/hashes/training.json', import.meta.url), 'utf8'));

/** In a Worker: collects garbage, and gives the bytes of WASM's memory. */
const COLLECT = `(async () => {
  for (let i = 0; i < 3; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
  return watched.buffer.byteLength;
})()`;

/** Bytes in use on the heap of JavaScript in the page's Worker, which only a debugger can tell. */
async function heapOfWorker(page: Page): Promise<number> {
  const debuggers = await page.context().newCDPSession(page);
  const attached = new Promise<string>((resolve) => {
    debuggers.once('Target.attachedToTarget', ({ sessionId }) => resolve(sessionId));
  });
  const answered = new Promise<number>((resolve) => {
    debuggers.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result } = JSON.parse(message) as { id?: number; result: { usedSize: number } };
      if (id === 1) resolve(result.usedSize);
    });
  });
  // Not flat: this session carries the messages of the Worker's.
  const options = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
  await debuggers.send('Target.setAutoAttach', options);
  const message = JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' });
  await debuggers.send('Target.sendMessageToTarget', { sessionId: await attached, message });
  const bytes = await answered;
  await debuggers.detach();
  return bytes;
}

type Work = typeof work & Pick<typeof plain, 'longTasks'>;

describe.skipIf(!chromium)('in a Worker of Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;

  /** What a function of worker-work.ts gives in a page. A text, for the suite's compiler rewrites imports in functions. */
  async function inPage<Name extends keyof Work>(where: Page, name: Name, ...given: Parameters<Work[Name]>) {
    const file = name === 'longTasks' ? 'work' : 'worker-work';
    const call = `import('/test/browser/${file}.ts').then((work) => work.${name}(...${JSON.stringify(given)}))`;
    return (await where.evaluate(call)) as Awaited<ReturnType<Work[Name]>>;
  }

  async function open(): Promise<Page> {
    const opened = await browser.newPage();
    await opened.goto(server.url);
    return opened;
  }

  beforeAll(async () => {
    const flags = ['--js-flags=--expose-gc', '--enable-precise-memory-info'];
    [browser, server] = await Promise.all([launch(...flags), serve()]);
  });

  beforeEach(async () => {
    page = await open();
  });

  afterEach(() => page.close());

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('784-128-10 with dropout and shuffling: the committed weights', async () => {
    expect(await inPage(page, 'ready', { worker: true })).toMatchObject({ name: 'wasm', worker: true });
    expect(page.workers().length).toBe(1);
    expect(await inPage(page, 'trainWhole')).toBe(committed.weights);
    // And then in this thread: which engine runs is a matter of `ready` alone.
    expect(await inPage(page, 'ready', {})).toMatchObject({ worker: false });
    expect(await inPage(page, 'trainWhole')).toBe(committed.weights);
  });

  test('a page that asks for no Worker loads nothing of it', async () => {
    const asked: string[] = [];
    const fresh = await browser.newPage();
    fresh.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await fresh.goto(server.url);
    await inPage(fresh, 'ready', {});
    expect(asked.filter((path) => path.includes('/worker/'))).toEqual([]);
    await inPage(fresh, 'ready', { worker: true });
    expect(asked).toContain('/dist/engine/worker/script.js');
    await fresh.close();
  });

  test('a Worker that is terminated: what waits is refused, what was lost says so, the next start works', async () => {
    const { refused, trained, made } = await inPage(page, 'terminate');
    expect(refused[0]).toMatch(/^ENGINE_FAILED worker: expected an answer, got its end \(what was in it is lost/);
    expect(refused[1]).toMatch(/^STATE_LOST /);
    expect([trained, made]).toEqual([committed.weights, 2]);
  });

  test('a Worker that ends by itself', async () => {
    const running = inPage(page, 'trainForever');
    const worker = page.workers()[0] ?? (await page.waitForEvent('worker'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await worker.evaluate(() => self.close()).catch(() => {});
    expect(await running).toMatch(/^ENGINE_FAILED worker: expected an answer, got its end/);
    expect(await inPage(page, 'trainWhole')).toBe(committed.weights);
  });

  test('a script that is not there is told, and the next start works', async () => {
    const [refused, worker] = await inPage(page, 'missingScript');
    expect(refused).toMatch(/^ENGINE_FAILED worker: expected an answer, got none: its script did not load/);
    expect(worker).toBe('true');
  });

  test('a trap leaves variables as they were, in the same Worker', async () => {
    const { refused, before, after, made } = await inPage(page, 'trap');
    expect(refused).toMatch(/^ENGINE_PANIC /);
    expect([after, made]).toEqual([before, 1]);
  });

  for (const [how, lose] of [
    ['is closed', (tab: Page) => tab.close()],
    ['crashes', (tab: Page) => tab.goto('chrome://crash').catch(() => {})],
    ['goes elsewhere', (tab: Page) => tab.goto('about:blank')],
  ] as const) {
    test(`a tab that ${how} while it trains leaves the next start working`, async () => {
      const tab = await open();
      inPage(tab, 'trainForever').catch(() => {});
      await tab.waitForEvent('worker').catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
      await lose(tab);
      const next = await open();
      await inPage(next, 'ready', { worker: true });
      expect(await inPage(next, 'trainWhole')).toBe(committed.weights);
      await next.close();
      await tab.close();
    });
  }

  // What a browser calls a long task. On a busy machine timing is what it is: the test looks again before it complains.
  test('no task of the page takes more than 50 ms while the Worker trains', { retry: 9 }, async () => {
    const { long, ms } = await inPage(page, 'longTasks', true);
    console.log(`${ms.toFixed(0)} ms of training in a Worker, tasks above 50 ms: ${long.join(', ') || 'none'}`);
    expect(long).toEqual([]);
  });

  for (const worker of [false, true]) {
    const where = worker ? 'through the Worker' : 'in the page';
    test(`1,000 fits ${where} leave memory flat`, { timeout: 180_000 }, async () => {
      const measure = async (times: number): Promise<{ engine: unknown; heaps: number[]; wasm: number }> => {
        const { heap, engine, wasm } = await inPage(page, 'fits', worker, times);
        const there = page.workers()[0];
        if (!there) return { engine, heaps: [heap], wasm };
        const memory = (await there.evaluate(COLLECT)) as number;
        return { engine, heaps: [heap, await heapOfWorker(page)], wasm: memory };
      };
      // The first rounds take what it needs to make one model while another is not yet given back.
      for (let i = 0; i < 2; i++) await measure(100);
      const first = await measure(100);
      const last = await measure(1000);
      const grown = last.heaps.map((heap, i) => heap - first.heaps[i]!);
      console.log(
        `1,000 fits ${where}: heaps of JavaScript grew by ${grown.join(' and ')} bytes, WASM has ${last.wasm}`,
      );
      expect([last.engine, last.wasm]).toEqual([first.engine, first.wasm]);
      // Each fit hands over 50 kB and makes some hundred objects: of any that stayed, 1,000 would be more than this.
      for (const bytes of grown) expect(bytes).toBeLessThan(5e5);
    });
  }
});
