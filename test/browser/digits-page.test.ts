// The page of examples/browser, built by Vite and used as a visitor does: trained, paused, resumed, drawn on, given a file that
// Node saved. Leaves pictures of itself in .cache/page.

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Adam, Dense, datasets, Flatten, loadModel, Rescaling, Sequential } from 'descend';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireIn } from '../everywhere/installed.ts';
import { chromium, launch } from './chromium.ts';
import { type Server, serve } from './server.ts';
import { STROKES } from './strokes.ts';

const installed = requireIn('browser') !== undefined;
const root = fileURLToPath(new URL('../../', import.meta.url));
const pictures = `${root}.cache/page`;

describe.skipIf(!chromium || !installed)('the page that learns digits', { timeout: 120_000 }, () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    await promisify(execFile)('npm', ['run', 'build'], { cwd: `${root}examples/browser` });
    mkdirSync(pictures, { recursive: true });
    [browser, server] = await Promise.all([launch(), serve()]);
    page = await open({ width: 1120, height: 860 });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(viewport: { width: number; height: number }, colorScheme: 'light' | 'dark' = 'light') {
    const opened = await browser.newPage({ viewport, colorScheme });
    opened.on('pageerror', (error) => errors.push(String(error)));
    opened.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await opened.goto(`${server.url}examples/browser/dist/index.html`);
    await opened.locator('#run:not([disabled])').waitFor();
    return opened;
  }

  const text = async (id: string, on = page) => (await on.locator(id).textContent()) ?? '';
  const number = async (id: string, on = page) => Number.parseFloat(await text(id, on));
  const button = (label: string, on = page) => on.locator('#run', { hasText: new RegExp(`^${label}$`) }).waitFor();

  async function draw(digit: number, on = page): Promise<string> {
    await on.locator('#clear').click();
    const { x, y, width } = (await on.locator('#pad').boundingBox())!;
    for (const stroke of STROKES[digit]!) {
      for (const [i, [a, b]] of stroke.entries()) {
        await on.mouse.move(x + (a * width) / 100, y + (b * width) / 100);
        if (i === 0) await on.mouse.down();
      }
      await on.mouse.up();
    }
    await on.locator('.best').waitFor();
    // The last of several questions is answered last.
    await on.waitForTimeout(100);
    return text('.best .digit', on);
  }

  test('trains to 95 % and more, with a pause that changes nothing', async () => {
    await page.locator('#run').click();
    await button('Pause');
    await page.waitForFunction(() => Number.parseInt(document.getElementById('epoch')?.textContent ?? '', 10) >= 10);
    await page.locator('#run').click();
    await button('Resume');
    const paused = await number('#epoch');
    expect(paused).toBeGreaterThanOrEqual(10);
    expect(paused).toBeLessThan(60);
    await page.waitForTimeout(200);
    expect(await number('#epoch')).toBe(paused);
    await page.locator('#run').click();
    await button('Train on');
    expect(await text('#epoch')).toBe('60 of 60');
    expect(await number('#accuracy')).toBeGreaterThanOrEqual(95);

    // The same run in Node, without a pause.
    const { train } = await datasets.loadDigits({ seed: 1 });
    const model = new Sequential(
      [
        new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
        new Flatten(),
        new Dense({ units: 64, activation: 'relu' }),
        new Dense({ units: 10, activation: 'softmax' }),
      ],
      { seed: 42 },
    );
    model.compile({ optimizer: new Adam({ learningRate: 0.001 }), loss: 'sparseCategoricalCrossentropy' });
    await model.fit(train.x, train.y, { epochs: 60, batchSize: 32, verbose: 0 });
    expect(await text('#hash')).toBe(await model.hash());
  });

  test('recognises drawn digits', async () => {
    const seen: string[] = [];
    for (const digit of STROKES.keys()) seen.push(await draw(digit));
    console.log(`digits drawn in the page: 0123456789, recognised: ${seen.join('')}`);
    // These are not the hands that the set was made by.
    expect(seen.filter((answer, digit) => Number(answer) === digit).length).toBeGreaterThanOrEqual(8);
  });

  test('a held-out digit is shown as it is in the set', async () => {
    await page.locator('#sample').click();
    await page.locator('.best').waitFor();
    expect(await text('#verdict')).toMatch(/^Looks like a \d\.$/);
  });

  test('another optimizer goes on with the same weights, other layers begin anew', async () => {
    const before = await text('#hash');
    await page.locator('#optimizer').selectOption('SGD');
    expect(await page.locator('#rate').inputValue()).toBe('0.05');
    expect(await text('#hash')).toBe(before);
    await page.locator('#hidden').fill('32, 16');
    await page.locator('#hidden').press('Tab');
    await page.waitForFunction((hash) => document.getElementById('hash')?.textContent !== hash, before);
    expect(await text('#epoch')).toBe('0');
    await page.locator('#run').click();
    await page.waitForFunction(() => Number.parseInt(document.getElementById('epoch')?.textContent ?? '', 10) >= 30);
    await page.locator('#run').click();
    await button('Resume');
    expect(await number('#accuracy')).toBeGreaterThan(85);
  });

  test('whatever is clicked while it trains, it goes on or rests, and complains of nothing', async () => {
    await page.locator('#run').click();
    await button('Pause');
    await draw(4);
    await page.locator('#optimizer').selectOption('RMSprop');
    await page.locator('#rate').fill('0.001');
    await page.locator('#rate').press('Tab');
    await page.locator('#sample').click();
    await page.locator('#save').click();
    await page.locator('#run', { hasText: /Resume|Train on/ }).waitFor();
    await page.locator('#run').click();
    for (let i = 0; i < 7; i++) await page.locator('#run').click({ delay: 20 });
    await page.locator('#reset').click();
    await button('Train');
    expect(await page.locator('.notice.bad').count()).toBe(0);
    expect(await text('#epoch')).toBe('0');
  });

  test('what makes no sense is said, and nothing happens', async () => {
    const before = await text('#epoch');
    await page.locator('#hidden').fill('many');
    await page.locator('#hidden').press('Tab');
    await page.locator('.notice.bad').waitFor();
    expect(await text('#notice')).toContain('Hidden layers are');
    expect(await text('#epoch')).toBe(before);
    await page.locator('#hidden').fill('32, 16');
    await page.locator('#hidden').press('Tab');
    await page.locator('.notice:not(.bad)').first().waitFor();
  });

  test('the checkbox for a Worker trains there, or says why not', async () => {
    const box = page.locator('#worker');
    await box.click();
    await page.waitForFunction(() => {
      const bad = document.getElementById('notice')?.classList.contains('bad');
      return bad || document.getElementById('engine')?.textContent?.includes('Worker');
    });
    const inWorker = (await text('#engine')).includes('in a Worker');
    expect(await box.isChecked()).toBe(inWorker);
    console.log(inWorker ? 'trains in a Worker' : `no Worker: ${await text('#notice')}`);
    if (inWorker) {
      // There and back the weights stay what they are.
      const before = await text('#hash');
      await box.click();
      await page.locator('#engine', { hasText: 'in this page' }).waitFor();
      await box.click();
      await page.locator('#engine', { hasText: 'in a Worker' }).waitFor();
      expect(await text('#hash')).toBe(before);
    }
    await page.locator('#run').click();
    await button('Pause');
    await page.locator('#run').click();
    await page.locator('#run', { hasText: /Resume|Train on/ }).waitFor();
  });

  test('a file that Node saved: the same hash, and training goes on', async () => {
    const path = `${pictures}/node.safetensors`;
    const program = `${root}dist/cli/main.js`;
    const words = ['train', `${root}datasets/digits`, '--epochs', '5', '--hidden', '48', '--out', path];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words]);
    const [, printed] = /SHA-256\s+([0-9a-f]{64})/.exec(stdout)!;
    await page.locator('#file').setInputFiles(path);
    await page.locator('#notice', { hasText: 'Loaded node.safetensors.' }).waitFor();
    expect(await text('#hash')).toBe(printed);
    await page.locator('#other').fill(printed!);
    expect(await text('#equal')).toContain('Equal');
    await page.locator('#other').fill(printed!.replace(/^./, (first) => (first === '0' ? '1' : '0')));
    expect(await text('#equal')).toContain('Different');
    await page.locator('#other').fill('');
    expect(await page.locator('#hidden').inputValue()).toBe('48');

    await page.locator('#run').click();
    await button('Train on');
    expect(await number('#accuracy')).toBeGreaterThanOrEqual(95);
    const download = page.waitForEvent('download');
    await page.locator('#save').click();
    const back = await loadModel((await (await download).path())!);
    expect(await back.hash()).toBe(await text('#hash'));
  });

  test('a file of something else is refused', async () => {
    const before = await text('#hash');
    const other = new Sequential([new Dense({ units: 2, inputShape: [3] })]);
    await page
      .locator('#file')
      .setInputFiles({ name: 'x.safetensors', mimeType: '', buffer: Buffer.from(await other.toBytes()) });
    await page.locator('.notice.bad').waitFor();
    expect(await text('#notice')).toContain('8x8 pixels to 10 digits; the file has one from 3 to 2');
    await page.locator('#file').setInputFiles({ name: 'x.safetensors', mimeType: '', buffer: Buffer.from('no model') });
    await page
      .locator('#notice', { hasText: 'safetensors' })
      .or(page.locator('#notice', { hasText: 'reading' }))
      .waitFor();
    expect(await text('#hash')).toBe(before);
  });

  test('its pictures: light, dark and on a phone, where nothing moves or hangs over the edge', async () => {
    const looks = {
      light: { width: 1120, height: 860, colorScheme: 'light' },
      dark: { width: 1120, height: 860, colorScheme: 'dark' },
      phone: { width: 390, height: 844, colorScheme: 'light' },
    } as const;
    const other = await open(looks.light);
    const put = async ({ width, height, colorScheme }: (typeof looks)[keyof typeof looks]) => {
      await other.setViewportSize({ width, height });
      await other.emulateMedia({ colorScheme });
      await other.waitForTimeout(200);
      return other.evaluate(
        () => [document.documentElement.scrollWidth, document.documentElement.scrollHeight] as const,
      );
    };
    const empty = { light: await put(looks.light), phone: await put(looks.phone) };
    await put(looks.light);
    await other.locator('#run').click();
    await button('Train on', other);
    await other.locator('#reset').click();
    await other.locator('#optimizer').selectOption('SGD');
    await other.locator('#run').click();
    await other.waitForFunction(() => Number.parseInt(document.getElementById('epoch')?.textContent ?? '', 10) >= 36);
    await other.locator('#run').click();
    await button('Resume', other);
    await draw(3, other);
    await other.mouse.move(1, 1);
    for (const [name, look] of Object.entries(looks)) {
      const [width, height] = await put(look);
      writeFileSync(`${pictures}/${name}.png`, await other.screenshot({ fullPage: true }));
      expect(width, name).toBe(look.width);
      expect(height, name).toBe(empty[name === 'phone' ? 'phone' : 'light'][1]);
    }
    await other.close();
  });

  test('every control has a name, and nothing failed on the way', async () => {
    const unnamed = await page.evaluate(() => {
      const controls = [...document.querySelectorAll<HTMLInputElement>('button, input, select, canvas')];
      return controls
        .filter((control) => !control.parentElement?.closest('[role=img]'))
        .filter((control) => !control.labels?.length && !control.textContent?.trim())
        .filter((control) => !control.getAttribute('aria-label') && !control.getAttribute('aria-labelledby'))
        .map(({ outerHTML }) => outerHTML);
    });
    expect(unnamed).toEqual([]);
    expect(errors).toEqual([]);
  });
});
