// Where a run of fit stands between two steps: with the model, all that a later run needs to go on as if this one had
// never ended.

import type { CallbackList } from '../callbacks/list.js';
import type { Compiled } from './compiled.js';
import type { HistoryState, RulesState, StopReason } from './history.js';
import type { Network } from './network.js';

/** How far a run is. */
export interface Progression {
  /** The number of the epoch under way, or of the next one. */
  epoch: number;
  /** Whether that epoch has begun. */
  begun: boolean;
  /** Its steps made. */
  batch: number;
  /** Rows visited in the present pass over the data; a pass is an epoch unless `stepsPerEpoch` says otherwise. */
  row: number;
  /** Batches visited in it. */
  taken: number;
  /** Updates made by the run. */
  steps: number;
  /** Why it ends, where that is decided. */
  reason: StopReason | null;
}

/** How far it is and what it has seen, as plain data. */
export interface Standing extends Progression {
  stopTraining: boolean;
  /** Sums over the epoch under way. */
  totals: readonly number[];
  /** Of the last whole epoch. */
  logs: Record<string, number>;
  history: HistoryState;
  rules: RulesState;
}

/** What must be the same for a run to go on where another stood. */
export interface Terms {
  /** Of arrays; null for a stream. */
  samples: number | null;
  batchSize: number | null;
  stepsPerEpoch: number | null;
  shuffle: boolean;
}

/** A run, for what writes it down. */
export interface Run {
  readonly model: Network;
  readonly compiled: Compiled;
  readonly callbacks: CallbackList;
  readonly terms: Terms;
  standing(): Standing;
  resume(standing: Standing): void;
}
