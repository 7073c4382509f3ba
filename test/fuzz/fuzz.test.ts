// Readers of files from anywhere, fed with damaged ones: no answer but the contents or an error with its code, no hang, no
// changed prototype, no more memory asked for than the file's size and 64 MB. `DESCEND_FUZZ_SECONDS` says for how long;
// a case that failed is repeated by `DESCEND_FUZZ_FIRST`.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const SECONDS = Number(process.env.DESCEND_FUZZ_SECONDS ?? 2);
const FIRST = Number(process.env.DESCEND_FUZZ_FIRST ?? 1);
/** No file here is large enough to be read for so long. */
const HANG_MS = 20_000;
const HEAP_MB = 160;

interface Outcome {
  cases: number;
  /** Files that were read. */
  taken: number;
  counts: { taken?: number; strict?: number };
}

/** Runs a target in a thread of its own, which is ended when it stands still. */
function fuzz(target: string, judge?: string): Promise<Outcome> {
  const at = new Int32Array(new SharedArrayBuffer(4));
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('program.mjs', import.meta.url), {
      workerData: { target, seconds: SECONDS, first: FIRST, judge, at: at.buffer },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    let [seen, since] = [-1, Date.now()];
    const watch = setInterval(() => {
      if (at[0] !== seen) [seen, since] = [at[0] as number, Date.now()];
      else if (Date.now() - since > HANG_MS) stop(new Error(`${target}: case ${seen} does not end`));
    }, 500);
    const stop = (error?: Error, outcome?: Outcome): void => {
      clearInterval(watch);
      void worker.terminate();
      if (error) reject(error);
      else resolve(outcome as Outcome);
    };
    worker.on('error', (error) => stop(new Error(`${target}: case ${at[0]}: ${error.message}`)));
    worker.on('message', (message: Outcome & { failed?: number; error?: string }) => {
      if (message.failed === undefined) stop(undefined, message);
      else stop(new Error(`${target}: case ${message.failed}: ${message.error}`));
    });
  });
}

/** The program around the official reader, built if need be; undefined where it cannot be. */
function judgeProgram(): string | undefined {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const options = ['build', '--package', 'descend-judge', '--profile', 'tool', '--locked', '--message-format', 'json'];
  const { stdout } = spawnSync('cargo', options, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
  const path = /"executable":"([^"]*descend-judge[^"]*)"/.exec(stdout ?? '')?.[1];
  return path !== undefined && existsSync(path) ? path : undefined;
}

const timeout = { timeout: 60_000 + 1000 * SECONDS };

test('safetensors, beside the official reader', { timeout: 600_000 + 1000 * SECONDS }, async (context) => {
  const judge = judgeProgram();
  if (judge === undefined) return context.skip('tools/judge could not be built');
  const { cases, taken, counts } = await fuzz('safetensors', judge);
  console.log(`safetensors: ${cases} files, ${taken} read alike, ${counts.strict} refused by us alone`);
  expect(counts.taken).toBe(taken);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(cases);
});

test.each(['csv', 'idx', 'model', 'keras', 'hdf5', 'tfjs'])('%s', timeout, async (target) => {
  const { cases, taken } = await fuzz(target);
  console.log(`${target}: ${cases} files, ${taken} read`);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(cases);
});
