// A run killed with SIGKILL at random moments, begun again each time with BackupAndRestore, ends as an undisturbed one does.
// `DESCEND_KILLS` says how often; the moments are random, in the process as on the disk.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const KILLS = Number(process.env.DESCEND_KILLS ?? 6);
const PROGRAM = fileURLToPath(new URL('killed-run.mjs', import.meta.url));

const home = mkdtempSync(join(tmpdir(), 'descend-killed-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs the program; `delay` milliseconds after it began to train it is killed. What it printed, or undefined. */
function attempt(folder: string, seed: number, delay?: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, folder, String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      const before = out;
      out += text;
      if (before === '' && delay !== undefined) setTimeout(() => child.kill('SIGKILL'), delay);
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code === 0 && err === '') resolve(out.slice(out.indexOf('{')));
      else reject(new Error(`the run failed (${code ?? signal}): ${err}`));
    });
  });
}

test(`killed ${KILLS} times at random`, { timeout: 60_000 + 3000 * KILLS }, async () => {
  let [kills, writing, runs] = [0, 0, 0];
  while (kills < KILLS) {
    const seed = ++runs;
    const whole = await attempt('-', seed);
    const folder = join(home, `run-${seed}`);
    for (;;) {
      const result = await attempt(folder, seed, kills < KILLS ? Math.random() * 120 : undefined);
      if (result !== undefined) {
        expect(result).toBe(whole);
        break;
      }
      kills++;
      if (existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.tmp'))) writing++;
    }
    expect(existsSync(folder)).toBe(false);
  }
  console.log(`killed ${kills} times in ${runs} runs, ${writing} times while a backup was being written`);
});
