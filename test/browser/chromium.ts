// Starts an installed Chromium (playwright-core brings none). `chromium` is undefined where there is none.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium as playwright } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ELSEWHERE = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/snap/bin/chromium'];

// The sandbox needs rights that containers lack; the rest keeps the browser from talking to anyone but the test.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'].concat([
  '--disable-background-networking',
  '--disable-component-update',
]);

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function find(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (!isProgram(named)) throw new Error(`CHROMIUM_PATH: expected a program, got ${named}`);
    return named;
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...ELSEWHERE].find(isProgram);
}

/** The path of the browser, or undefined. */
export const chromium: string | undefined = find();

if (!chromium) console.log('browser tests skipped: no Chromium on PATH (install it, or name it in CHROMIUM_PATH)');

/** A headless browser of its own; the caller closes it. */
export function launch(...flags: string[]): Promise<Browser> {
  return playwright.launch({ executablePath: chromium!, headless: true, args: [...FLAGS, ...flags] });
}
