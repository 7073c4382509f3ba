// How everything in this folder is timed: tinybench takes samples, a round keeps the best and the median of them, and
// rounds in which the contestants take turns are merged. The best says what the machine can do, the medians what it did.

import { Bench } from 'tinybench';

/** Seconds per unit of work in one round. */
export interface Timing {
  best: number;
  median: number;
}

/** Several rounds together. */
export interface Merged extends Timing {
  /** Half the distance between the highest and the lowest median of a round, as a share of their median. */
  spread: number;
}

/** Rounds of every benchmark: `BENCH_ROUNDS`, or 3. */
export const ROUNDS = Math.max(1, Number(process.env.BENCH_ROUNDS ?? 3));

/** Times `work`, which does `units` units at a call, for about `seconds` and at least five calls after a warm-up. */
export async function time(work: () => unknown, units = 1, seconds = 0.4): Promise<Timing> {
  const warm = { warmupTime: 200 * seconds, warmupIterations: 2 };
  const bench = new Bench({ time: 1e3 * seconds, iterations: 5, throws: true, ...warm });
  const first = work();
  bench.add('work', work, { async: first instanceof Promise });
  await first;
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error(`timing failed: expected a result, got ${result?.state}`);
  const { min, p50 } = result.latency;
  return { best: min / 1e3 / units, median: p50 / 1e3 / units };
}

/** The rounds of contestants by name. */
export class Rounds {
  readonly #rounds = new Map<string, Timing[]>();

  add(name: string, timing: Timing): void {
    this.#rounds.set(name, [...(this.#rounds.get(name) ?? []), timing]);
  }

  /** All rounds of one together, if there were any. */
  get(name: string): Merged | undefined {
    const rounds = this.#rounds.get(name);
    return rounds && merge(rounds);
  }
}

function merge(rounds: readonly Timing[]): Merged {
  const medians = rounds.map(({ median }) => median).sort((a, b) => a - b);
  const at = (share: number) => medians[Math.round(share * (medians.length - 1))]!;
  const median = (at(0.5) + medians[(medians.length - 1) >> 1]!) / 2;
  return { best: Math.min(...rounds.map(({ best }) => best)), median, spread: (at(1) - at(0)) / 2 / median };
}
