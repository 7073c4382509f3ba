// Where a long call takes its rows from, as it sees them: pieces in buffers of an engine, each for one run. Arrays are one
// piece, sent at the call; a stream is as many as it takes (`stream.ts`).

import type { Call, Engine } from '../engine/engine.js';
import type { Rows } from './rows.js';
import { releaseAll, sendAll, type Upload, type Uploaded } from './upload.js';

/** Rows of one run. */
export interface Piece {
  /** In the order of the plan's data slots: samples, then targets and weights where it has them. */
  readonly data: readonly Uploaded[];
  readonly rows: readonly [from: number, to: number];
  /** Rows of a step; the last one may have fewer. */
  readonly batch: number;
  readonly order?: Call['order'];
}

/** How far a pass over the rows is. */
export interface Place {
  /** The number of the pass: what orders depend on. */
  readonly pass: number;
  /** Rows and batches of it that were visited. */
  readonly row: number;
  readonly taken: number;
}

/** What is to be visited. */
export interface Visit extends Place {
  readonly engine: Engine;
  /** Most steps. */
  readonly steps?: number | undefined;
  /** The key of the orders of arrays, if they are to be shuffled. */
  readonly key?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Rows to visit, once or in every epoch. */
export interface Feed {
  /** Rows and batches of a pass, where they are known. */
  readonly rows: number | undefined;
  readonly batches: number | undefined;
  /** Rows of a step, where that is known. */
  readonly batch: number | undefined;
  /** To the end of the pass, or for so many steps. A piece is there until the next one is asked for. */
  pieces(visit: Visit): AsyncIterable<Piece>;
  /** Whether nothing is left of a pass. */
  isOver(visit: Visit): boolean | Promise<boolean>;
  /** Frees what it holds, and closes what it reads. */
  release(): Promise<void>;
}

/** The beginning of the first pass. */
export const START: Place = { pass: 0, row: 0, taken: 0 };

/** Arrays of equally many rows, copied when it is made. */
export class ArrayFeed implements Feed {
  readonly rows: number;
  readonly batch: number;
  readonly #uploads: readonly Upload[];

  /** Of at least one array and one row; the batches are no larger than these. */
  constructor(arrays: readonly Rows[], batch: number, engine: Engine | undefined) {
    this.rows = (arrays[0] as Rows).count;
    this.batch = Math.min(batch, this.rows);
    this.#uploads = sendAll(arrays, engine);
  }

  get batches(): number {
    return Math.ceil(this.rows / this.batch);
  }

  async *pieces({ engine, pass, row, key, steps = Number.POSITIVE_INFINITY }: Visit): AsyncGenerator<Piece> {
    const data: Uploaded[] = [];
    for (const upload of this.#uploads) data.push(await upload.on(engine));
    const order = key === undefined ? undefined : { key, epoch: pass, n: this.rows };
    const rows = [row, Math.min(this.rows, row + steps * this.batch)] as const;
    if (rows[1] > row) yield { data, rows, batch: this.batch, order };
  }

  isOver({ row }: Visit): boolean {
    return row >= this.rows;
  }

  async release(): Promise<void> {
    releaseAll(this.#uploads);
  }
}
