// A user's stream as rows on an engine. While steps are made of one block of batches, the next block is read, checked and
// copied: beside them where the engine has a thread of its own. How batches fall into blocks depends on who is faster, and
// changes no result: each batch is one step.

import { type Cursor, END, type Pulled } from '../data/flow.js';
import { cursorOf, iteratorOf, usedUp } from '../data/sources.js';
import { giveWay } from '../engine/loop.js';
import { macrotask } from '../engine/macrotask.js';
import { DescendError, fail } from '../errors.js';
import { Block } from './block.js';
import type { Feed, Piece, Place, Visit } from './feed.js';
import type { Rows } from './rows.js';

/** A batch held against the model: rows in the order of the plan's data. */
export type ReadBatch = (batch: unknown) => readonly Rows[];

/** What can begin in the order of any pass, behind its first batches, such as a Dataset. */
interface ByEpoch {
  epoch(pass: number, skip: number): AsyncIterable<unknown>;
}

/** Reading lets the event loop turn so often, for the answers of an engine that makes steps meanwhile. */
const READ_MS = 2;
const ENOUGH: unique symbol = Symbol('enough');

/** Batches of anything iterable. Reads ahead of what is visited, but never beyond the steps that are wanted. */
export class StreamFeed implements Feed {
  readonly batch: undefined;
  readonly #source: unknown;
  readonly #blocks: Block[] = [];
  #read: ReadBatch | undefined;
  #cursor: Cursor<unknown> | undefined;
  #iterator: unknown;
  #pass = 0;
  /** Batches of the pass that came, and the next one, asked for already. */
  #taken = 0;
  #ahead: Promise<Pulled<unknown>> | undefined;
  #over = false;

  constructor(source: unknown) {
    this.#source = source;
  }

  get rows(): undefined {
    return undefined;
  }

  get batches(): number | undefined {
    const { size } = this.#source as { size?: unknown };
    return isByEpoch(this.#source) && typeof size === 'number' && Number.isFinite(size) ? size : undefined;
  }

  /** The first batch of a pass, which stays where it is: what the model is built and traced for. Throws INVALID_VALUE. */
  async first(pass: number, what: string, signal: AbortSignal | undefined): Promise<unknown> {
    await this.#seek({ pass, row: 0, taken: 0 });
    const batch = await unlessAborted(this.#ask(), signal);
    if (batch !== END) return batch;
    throw fail('INVALID_VALUE', what, 'at least one batch', 'none');
  }

  /** Says how batches are checked. */
  readBy(read: ReadBatch): void {
    this.#read = read;
  }

  async *pieces(visit: Visit): AsyncGenerator<Piece> {
    const { engine, steps = Number.POSITIVE_INFINITY, signal } = visit;
    while (this.#blocks.length < 2) this.#blocks.push(new Block(engine));
    await unlessAborted(this.#seek(visit), signal);
    let [block, other] = this.#blocks as [Block, Block];
    let left = steps;
    let filling = this.#filling(block, left);
    for (;;) {
      await unlessAborted(filling.done(), signal);
      if (block.batches === 0) return;
      left -= block.batches;
      const piece = await unlessAborted(block.piece(), signal);
      [block, other] = [other, block];
      filling = this.#filling(block, left);
      yield piece;
    }
  }

  async isOver(visit: Visit): Promise<boolean> {
    await unlessAborted(this.#seek(visit), visit.signal);
    return (await unlessAborted(this.#ask(), visit.signal)) === END;
  }

  async release(): Promise<void> {
    this.#over = true;
    for (const block of this.#blocks) block.release();
    await this.#close();
  }

  /** Begins to fill a block; `done` is for who has nothing else to do. */
  #filling(block: Block, most: number): { done(): Promise<void> } {
    let want = (): void => {};
    const wanted = new Promise<void>((resolve) => {
      want = resolve;
    });
    const filled = this.#fill(block, most, wanted);
    // Told to whoever waits for it, if anybody does.
    filled.catch(() => {});
    const done = (): Promise<void> => {
      want();
      return filled;
    };
    return { done };
  }

  // Puts batches into a block until it is full; or, once it is wanted, until the event loop has turned and there are some.
  async #fill(block: Block, most: number, wanted: Promise<void>): Promise<void> {
    block.begin();
    const enough = wanted.then(macrotask).then((): typeof ENOUGH => ENOUGH);
    while (block.batches < most && !this.#over) {
      try {
        const asked = this.#ask();
        const batch = await (block.batches === 0 ? asked : Promise.race([asked, enough]));
        if (batch === ENOUGH || batch === END || this.#over) return;
        if (!(await block.put(this.#checked(batch)))) return;
      } catch (error) {
        // The batches before it are visited first; then it is met again.
        if (block.batches > 0) return;
        throw error;
      }
      this.#ahead = undefined;
      this.#taken++;
      await giveWay(READ_MS);
    }
  }

  #checked(batch: unknown): readonly Rows[] {
    try {
      return (this.#read as ReadBatch)(batch);
    } catch (error) {
      if (!(error instanceof DescendError)) throw error;
      throw new DescendError(error.code, `batch ${this.#taken}: ${error.message}`, { cause: error });
    }
  }

  /** The next batch, asked for once. */
  #ask(): Promise<Pulled<unknown>> {
    if (this.#ahead) return this.#ahead;
    const asked = (async () => (this.#cursor as Cursor<unknown>).next())();
    asked.catch(() => {});
    this.#ahead = asked;
    return asked;
  }

  /** Goes to a place in a pass: on from where it is, if that is before it. */
  async #seek({ pass, taken }: Place): Promise<void> {
    const fresh = this.#taken === 0 && !isByEpoch(this.#source);
    if (this.#cursor === undefined || this.#taken > taken || (this.#pass !== pass && !fresh))
      await this.#open(pass, taken);
    this.#pass = pass;
    while (this.#taken < taken && (await this.#ask()) !== END) {
      this.#ahead = undefined;
      this.#taken++;
      await giveWay();
    }
  }

  async #open(pass: number, taken: number): Promise<void> {
    await this.#close();
    const source = this.#source;
    const [batches, skipped] = isByEpoch(source) ? [source.epoch(pass, taken), taken] : [source, 0];
    const iterator = iteratorOf(batches);
    const again = iterator === this.#iterator;
    this.#iterator = iterator;
    this.#cursor = cursorOf(iterator);
    this.#taken = skipped;
    // An object may be its own iterator and begin anew each time; a generator has nothing left.
    if (again && (await this.#ask()) === END) throw usedUp();
  }

  // What is asked for and does not come keeps nobody waiting; nor does what goes wrong here undo what was done.
  async #close(): Promise<void> {
    const asked = this.#ahead;
    this.#ahead = undefined;
    const cursor = this.#cursor;
    this.#cursor = undefined;
    const closed = (async () => cursor?.close())().catch(() => {});
    if (asked === undefined || (await isSettled(asked))) await closed;
  }
}

function isByEpoch(source: unknown): source is ByEpoch {
  return typeof (source as Partial<ByEpoch>).epoch === 'function';
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const first = await Promise.race([promise.catch(() => {}), macrotask().then((): typeof ENOUGH => ENOUGH)]);
  return first !== ENOUGH;
}

/** The same, or the signal's reason as soon as it is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const settle = (): void => signal.removeEventListener('abort', abort);
    promise.then(resolve, reject).then(settle, settle);
  });
}
