// What a run of fit has to show for itself, and the rules that end it between epochs.

import type { Logs } from '../callbacks/index.js';
import type { StopWhen } from '../stop.js';

/** Why a run ended: all epochs done, a rule of `stopWhen`, or `model.stopTraining`. */
export type StopReason = 'epochs' | 'maxSteps' | 'lossBelow' | 'gradNormBelow' | 'minDelta' | 'stopped';

/** What `fit` gives back. */
export interface History {
  /** Per key (`loss`, the metrics, the same with `val_`) one number for each epoch. */
  history: Record<string, number[]>;
  /** The numbers of the epochs, from 0. */
  epoch: number[];
  /** Updates made. */
  steps: number;
  stopReason: StopReason;
}

/** What the rules remember. */
export interface RulesState {
  best: number;
  waited: number;
}

/** The epochs so far. */
export type HistoryState = Pick<History, 'history' | 'epoch'>;

/** Looks at the loss after every epoch. */
export class EpochRules {
  readonly #rules: StopWhen;
  #best = Number.POSITIVE_INFINITY;
  #waited = 0;

  get state(): RulesState {
    return { best: this.#best, waited: this.#waited };
  }

  set state({ best, waited }: RulesState) {
    this.#best = best;
    this.#waited = waited;
  }

  constructor(rules: StopWhen) {
    this.#rules = rules;
  }

  /** The rule that ends the run after an epoch with this loss, if one does. */
  after(loss: number): StopReason | undefined {
    const { lossBelow, minDelta, patience = 1 } = this.#rules;
    if (lossBelow !== undefined && loss < lossBelow) return 'lossBelow';
    if (minDelta === undefined) return undefined;
    this.#waited = loss < this.#best - minDelta ? 0 : this.#waited + 1;
    this.#best = this.#waited === 0 ? loss : this.#best;
    return this.#waited >= patience ? 'minDelta' : undefined;
  }
}

/** Collects the logs of epochs. */
export class HistoryBuilder {
  readonly #columns = new Map<string, number[]>();
  readonly #epochs: number[] = [];

  add(epoch: number, logs: Logs): void {
    this.#epochs.push(epoch);
    for (const [key, value] of Object.entries(logs)) {
      const column = this.#columns.get(key);
      if (column) column.push(value);
      else this.#columns.set(key, [value]);
    }
  }

  get state(): HistoryState {
    // fromEntries defines properties, so that no key can reach a prototype.
    return { history: Object.fromEntries(this.#columns), epoch: this.#epochs };
  }

  /** To an empty one. */
  set state({ history, epoch }: HistoryState) {
    for (const [key, column] of Object.entries(history)) this.#columns.set(key, [...column]);
    this.#epochs.push(...epoch);
  }

  finish(steps: number, stopReason: StopReason): History {
    return { ...this.state, steps, stopReason };
  }
}
