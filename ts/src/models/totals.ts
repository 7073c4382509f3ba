// The loss and metrics of many batches from the numbers that a plan reports for each: sums in f64, weighted by rows, so
// that they do not depend on how the steps were chunked.

import type { Chunk } from '../engine/loop.js';
import type { Metric } from '../metrics/index.js';

/** A loss or a metric in the logs of a model. */
export interface Measured {
  /** None for a loss: the mean over rows. */
  readonly metric?: Metric;
  /** The number of the output that the metric is of. */
  readonly output?: number;
  /** Its key in logs. */
  readonly name: string;
  /** How many reports of the plan are its own: numbers in its statistics. */
  readonly statistics: number;
}

/** Running sums over the steps of an epoch or an evaluation. */
export class Totals {
  readonly #measured: readonly Measured[];
  readonly #sums: Float64Array;
  /** Rows seen. */
  rows = 0;
  // Those of steps that were made: of one left out (`onNonFinite: 'skip'`) the numbers say nothing.
  #counted = 0;

  constructor(measured: readonly Measured[]) {
    this.#measured = measured;
    this.#sums = new Float64Array(measured.reduce((sum, { statistics }) => sum + statistics, 0));
  }

  /** All that it has summed, to go on from. */
  get state(): number[] {
    return [this.rows, this.#counted, ...this.#sums];
  }

  set state([rows = 0, counted = 0, ...sums]: readonly number[]) {
    this.rows = rows;
    this.#counted = counted;
    this.#sums.set(sums);
  }

  /** Adds the reports of some steps. */
  add(chunk: Chunk): void {
    for (let i = 0; i < chunk.count; i++) {
      const rows = chunk.rows(i);
      this.rows += rows;
      if (chunk.skipped(i)) continue;
      this.#counted += rows;
      let k = 0;
      for (const { metric, statistics } of this.#measured) {
        const factor = metric ? 1 : rows;
        for (const end = k + statistics; k < end; k++) {
          this.#sums[k] = (this.#sums[k] as number) + chunk.report(i, k) * factor;
        }
      }
    }
  }

  /** The mean losses and the metrics so far; `prefix` comes before each key. */
  logs(prefix = ''): Record<string, number> {
    const entries: [string, number][] = [];
    let column = 0;
    for (const { metric, name, statistics } of this.#measured) {
      const sums = [...this.#sums.subarray(column, column + statistics)];
      const result = metric ? metric.result(sums, this.#counted) : (sums[0] as number) / this.#counted;
      if (typeof result === 'number') entries.push([prefix + name, result]);
      else entries.push(...result.map((value, i): [string, number] => [`${prefix}${name}_${i}`, value]));
      column += statistics;
    }
    return Object.fromEntries(entries);
  }
}
