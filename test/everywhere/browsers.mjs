// Opens an address in a browser of this machine and gives the title that the page ends with, as JSON. Each throws Skip
// where its browser is not installed.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { Skip } from './tool-folder.mjs';

const WAIT_MS = 60_000;
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const CHROMIUM_FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'].concat([
  '--disable-background-networking',
  '--disable-component-update',
]);

const onPath = (names) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(existsSync);

/** Chromium's program. Throws Skip. */
export function chromiumPath() {
  const found = process.env.CHROMIUM_PATH || onPath(CHROMIUM_NAMES);
  if (found) return found;
  throw new Skip('no Chromium on PATH or in CHROMIUM_PATH');
}

/** A headless Chromium; the caller closes it. Throws Skip. */
export function launchChromium() {
  return playwright.launch({ executablePath: chromiumPath(), headless: true, args: CHROMIUM_FLAGS });
}

/** The result of a page in Chromium. */
export async function inChromium(url) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(url);
    return await titleOf(
      () => page.title(),
      () => problems.join('; '),
    );
  } finally {
    await browser.close();
  }
}

/** The result of a page in Firefox, by puppeteer. */
export async function inFirefox(url, puppeteer) {
  const executablePath = onPath(['firefox-esr', 'firefox']);
  if (!executablePath) throw new Skip('no Firefox on PATH');
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    return await titleOf(() => page.title());
  } finally {
    await browser.close();
  }
}

/** The result of a page in WebKitGTK's MiniBrowser, by plain WebDriver. */
export async function inWebKit(url) {
  const driver = onPath(['WebKitWebDriver']);
  const xvfb = onPath(['xvfb-run']);
  const binary = miniBrowser();
  if (!driver || !xvfb || !binary) throw new Skip('no WebKitWebDriver, MiniBrowser or xvfb-run');
  const port = 20_000 + (process.pid % 20_000);
  // Its sandbox does not start for root, as in containers.
  const env = { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' };
  // A group of its own, so that the whole of it can be ended.
  const child = spawn(xvfb, ['-a', driver, `--port=${port}`], { env, stdio: 'ignore', detached: true });
  try {
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } } };
    const call = async (method, path, body) => {
      const request = { method, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`http://127.0.0.1:${port}/session${path}`, request);
      const { value } = await response.json();
      if (!response.ok) throw new Error(value?.message ?? `WebDriver: ${response.status}`);
      return value;
    };
    const { sessionId } = await retried(() => call('POST', '', { capabilities }));
    try {
      await call('POST', `/${sessionId}/url`, { url });
      return await titleOf(() => call('GET', `/${sessionId}/title`));
    } finally {
      await call('DELETE', `/${sessionId}`);
    }
  } finally {
    process.kill(-child.pid);
  }
}

function miniBrowser() {
  const lib = '/usr/lib';
  const folders = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
  for (const folder of [...folders, '/usr/libexec']) {
    for (const version of ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0']) {
      if (existsSync(join(folder, version, 'MiniBrowser'))) return join(folder, version, 'MiniBrowser');
    }
  }
  return undefined;
}

async function retried(work) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 50 || !(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function titleOf(read, problems = () => '') {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    const title = await read();
    if (title.startsWith('{')) return title;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the page said nothing within ${WAIT_MS / 1000} s: ${problems()}`);
}
