// A number of the logs that is to become better: which way that is, and what counts as better.

import { readNumber, readWord } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import type { CallbackParams, Logs } from './hooks.js';

/** Whether less or more is better; 'auto' goes by the name of what is monitored. */
export type Mode = 'auto' | 'min' | 'max';

/** Options of callbacks that look at a number. */
export interface MonitorOptions {
  /** The key of the loss or metric to look at. Default 'val_loss'. */
  monitor?: string | undefined;
  /** Whether less ('min') or more ('max') is better. Default 'auto': as the name says. */
  mode?: Mode | undefined;
  /** 1 prints a line for what the callback does. Default 0. */
  verbose?: number | undefined;
}

/** The names of those options. */
export const MONITOR_OPTIONS: readonly string[] = ['monitor', 'mode', 'verbose'];

// By Keras's names of metrics, without underscores.
const MORE = /acc|auc|precision|recall|sensitivity|specificity|f1|fbeta|iou|r2score|cosinesimilarity|correlation/;
const LESS = /loss|error|mse|mae|mape|msle|crossentropy|hinge|divergence|poisson|logcosh/;

/** Reads a monitored number and judges it. */
export class Monitor {
  /** Its key. */
  readonly key: string;
  readonly verbose: number;
  readonly #what: string;
  /** 1 where less is better, −1 where more is. */
  readonly sign: 1 | -1;
  #warned = false;

  /** `given` are options of the callback `what`. Throws INVALID_VALUE where the name does not say which way is better. */
  constructor(what: string, given: ReadonlyMap<string, unknown>) {
    const key = given.get('monitor') ?? 'val_loss';
    if (typeof key !== 'string') throw fail('INVALID_VALUE', `${what}: monitor`, 'a key of logs', describeValue(key));
    this.key = key;
    this.#what = what;
    this.verbose = readNumber(what, { name: 'verbose', default: 0, range: '[0, 2]' }, given.get('verbose')) as number;
    const mode = readWord(what, 'mode', ['auto', 'min', 'max'], given.get('mode'));
    this.sign = mode === 'auto' ? this.#inferred() : mode === 'min' ? 1 : -1;
  }

  #inferred(): 1 | -1 {
    const name = this.key.toLowerCase().replace(/_/g, '');
    if (MORE.test(name)) return -1;
    if (LESS.test(name)) return 1;
    throw fail('INVALID_VALUE', `${this.#what}: mode`, "'min' or 'max'", `'auto' for ${quote(this.key)}`);
  }

  /** Throws INVALID_VALUE where the run cannot have such a number. */
  enter({ validation }: CallbackParams): void {
    if (validation || !this.key.startsWith('val_')) return;
    const hint = 'give fit validationData or validationSplit, or monitor the loss';
    throw fail('INVALID_VALUE', this.#what, `validation, for it monitors ${quote(this.key)}`, 'none', hint);
  }

  /** The number, if it is there; else says so once, unless it is one that validation did not measure this time. */
  value(logs: Logs): number | undefined {
    const value = logs[this.key];
    if (value === undefined && !this.#warned && !this.key.startsWith('val_')) {
      this.#warned = true;
      const expected = `expected ${quote(this.key)} among the logs, got ${Object.keys(logs).join(', ')}`;
      console.warn(`${this.#what}: ${expected}; nothing is done until it is there`);
    }
    return value;
  }

  /** Whether `value` is better than `reference` by more than `minDelta`. NaN never is; anything else is better than none. */
  improves(value: number, reference: number | null, minDelta = 0): boolean {
    if (Number.isNaN(value)) return false;
    return reference === null || this.sign * value + minDelta < this.sign * reference;
  }

  /** Prints, if that is wanted. */
  say(line: string): void {
    if (this.verbose > 0) console.log(line);
  }
}
