// The built package trains in a page as it does in Node: the same bits, also with a model that was begun here and goes
// on there, and the page stays free meanwhile.

import { readFileSync } from 'node:fs';
import { ready } from 'descend';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EPOCHS, train, untrained } from '../bits/mlp.ts';
import { chromium, launch } from './chromium.ts';
import { type Server, serve } from './server.ts';
import * as work from './work.ts';

const hashes = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`../bits/hashes/${name}.json`, import.meta.url), 'utf8'));
const committed = hashes('training');
const DIGITS_EPOCHS = 40;

describe.skipIf(!chromium)('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;

  /** What a function of work.ts gives in the page. A text, for the suite's compiler rewrites imports in functions. */
  async function inPage<Name extends keyof typeof work>(name: Name, ...given: Parameters<(typeof work)[Name]>) {
    const call = `import('/test/browser/work.ts').then((work) => work.${name}(...${JSON.stringify(given)}))`;
    return (await page.evaluate(call)) as Awaited<ReturnType<(typeof work)[Name]>>;
  }

  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), serve()]);
    page = await browser.newPage();
    await page.goto(server.url);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('the digits: the accuracy and the weights of Node', async () => {
    const there = await inPage('trainDigits', DIGITS_EPOCHS);
    await ready({ engine: 'native' });
    const here = await work.trainDigits(DIGITS_EPOCHS);
    expect([here.engine, there.engine]).toEqual(['native', 'wasm']);
    expect(there).toMatchObject({ hash: here.hash, accuracy: here.accuracy });
    expect(there.accuracy).toBeGreaterThanOrEqual(0.97);
    const [page, node] = [there, here].map(({ ms }) => (ms / 1000).toFixed(1));
    console.log(`${DIGITS_EPOCHS} epochs of the digits: ${page} s in the page, ${node} s natively`);
  });

  test('784-128-10 with dropout and shuffling: the committed weights', async () => {
    expect(await inPage('trainWhole')).toBe(committed.weights);
  });

  test('networks with dropout on images changed at random: the committed weights and losses', async () => {
    expect(await inPage('networkHashes')).toEqual(hashes('networks'));
  });

  test('every optimizer and every op: the committed bits', { timeout: 120_000 }, async () => {
    await inPage('ready');
    const optimizers = await inPage('optimizerHashes');
    expect(Object.keys(optimizers).length).toBeGreaterThan(60);
    expect(hashes('optimizers')).toMatchObject(optimizers);
    expect(hashes('ops')).toMatchObject(await inPage('opHashes'));
  });

  for (const engine of ['native', 'wasm'] as const) {
    test(`a model begun on ${engine} in Node has equal weights in the page, and goes on to the committed ones`, async () => {
      await ready({ engine });
      const model = untrained();
      const { hash } = await train(model, 1);
      const there = await inPage('goOn', [...(await model.toBytes())], EPOCHS - 1);
      expect(there).toEqual({ loaded: hash, trained: committed.weights });
      model.dispose();
    });
  }

  // A page is free when no task of its thread takes more than 50 ms (what browsers call a long task). Timing on a busy
  // machine is what it is: the test looks again before it complains.
  test('no task of the page takes more than 50 ms while it trains', { retry: 9 }, async () => {
    const { long, ms } = await inPage('longTasks');
    console.log(`${ms.toFixed(0)} ms of training in the page, tasks above 50 ms: ${long.join(', ') || 'none'}`);
    expect(long).toEqual([]);
  });
});
