// The limits of this machine in plain C: `bench-peers/limits.c` of the folder of shared data, compiled into a temporary
// folder with an entry that measures one thing at one size. A process per measurement, for its second thread never rests.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Timing } from './timing.ts';

/** Where data from outside the repository is. */
export const SHARED = process.env.DESCEND_SHARED ?? fileURLToPath(new URL('../../shared', import.meta.url));

const run = promisify(execFile);

/** What can be measured. */
export type Limit = 'adam-avx512' | 'adam-avx2' | 'fma-avx512' | 'fma-avx2';

const entry = (source: string): string => `
#define main all_limits
#include ${JSON.stringify(source)}
#undef main
int main(int count, char **words) {
  T = atoi(words[1]);
  size_t n = strtoull(words[3], 0, 10);
  pthread_t second;
  if (T == 2) pthread_create(&second, 0, worker, 0);
  for (int kind = 0; kind <= READ; kind++)
    if (!strcmp(NAME[kind], words[2])) bench(kind, n, alloc(n, 1), alloc(n, .01f), alloc(n, .01f), alloc(n, .01f), "");
}`;

/** The compiled limits. */
export class Limits {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles them; where that is impossible, says why and gives nothing. */
  static async compile(): Promise<Limits | undefined> {
    const source = join(SHARED, 'bench-peers/limits.c');
    if (!existsSync(source)) {
      console.log(`without the limits in C: no ${source} (DESCEND_SHARED names the folder of shared data)`);
      return undefined;
    }
    const limits = new Limits(await mkdtemp(join(tmpdir(), 'descend-limits-')));
    try {
      await writeFile(join(limits.#folder, 'entry.c'), entry(source));
      const options = ['-w', '-O3', '-march=native', '-pthread', 'entry.c', '-lm', '-o', 'limits'];
      await run('cc', options, { cwd: limits.#folder });
      return limits;
    } catch (error) {
      console.log(`without the limits in C: ${String(error).split('\n', 2).join(' ')}`);
      await limits.remove();
      return undefined;
    }
  }

  /** Seconds per call over `n` elements, and GFLOP/s at the best. */
  async measure(limit: Limit, n: number, threads: number): Promise<Timing & { gflops: number }> {
    const { stdout } = await run(join(this.#folder, 'limits'), [String(threads), limit, String(n)]);
    const { min_s: best, med_s: median, gflops } = JSON.parse(stdout) as Record<string, number>;
    return { best: best!, median: median!, gflops: gflops! };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
