// The built package works in a page, without a bundler.
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

  test('the page loads the WASM engine and a call crosses', async () => {
    const answer = await page.evaluate(async () => {
      const engine = await descend.ready();
      return { name: engine.name, sum: engine.add(1.5, 2) };
    });
    expect(answer).toEqual({ name: 'wasm', sum: 3.5 });
  });
});
