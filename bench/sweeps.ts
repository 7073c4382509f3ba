// The limits of an optimizer's sweep: sweeps.c, compiled into a temporary folder where there is a C compiler. A process per
// measurement, for its second thread never rests.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Timing } from './timing.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('sweeps.c', import.meta.url));

/** Most tensors of state that a step in C has. */
export const MOST_STATES = 4;

/** The step in C with one tensor of state, a root and a division. */
export const ROOTED = 5;

/** Bytes that a step with k tensors of state reads and writes of each parameter, at the least. */
export const bytesOf = (states: number): number => 12 + 8 * states;

/** The compiled steps. */
export class Sweeps {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles them; where that is impossible, says why and gives nothing. */
  static async compile(): Promise<Sweeps | undefined> {
    const sweeps = new Sweeps(await mkdtemp(join(tmpdir(), 'descend-sweeps-')));
    try {
      const options = ['-w', '-O3', '-march=native', '-fno-math-errno', '-pthread', SOURCE, '-lm', '-o', 'sweeps'];
      await run('cc', options, { cwd: sweeps.#folder });
      return sweeps;
    } catch (error) {
      console.log(`without the steps in C: ${String(error).split('\n', 2).join(' ')}`);
      await sweeps.remove();
      return undefined;
    }
  }

  /** Seconds per parameter of a step with `states` tensors (or `ROOTED`), with or without a pass over the gradient before it. */
  async measure(states: number, n: number, threads: number, pass: boolean): Promise<Timing> {
    const words = [states, n, threads, pass ? 1 : 0].map(String);
    const { stdout } = await run(join(this.#folder, 'sweeps'), words);
    const { best, median } = JSON.parse(stdout) as Timing;
    return { best: best / n, median: median / n };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
