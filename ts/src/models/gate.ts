// Who may use a model when: one call that changes it at a time, or any number that only read. While a callback runs, the
// changing call stands at a step boundary and lets others in. Refuses with BUSY, never queues.

import { type DescendError, fail } from '../errors.js';

/** The door of one model. */
export class Gate {
  #writer: string | undefined;
  #paused = false;
  readonly #guests = new Map<Promise<unknown>, string>();

  /** Runs `work`, a long call that changes the model, alone. */
  async exclusive<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.assertFree(what);
    this.#writer = what;
    try {
      return await work();
    } finally {
      this.#writer = undefined;
    }
  }

  /** Runs `work`, a short change, alone: like `exclusive`, but also from inside a callback. */
  async brief<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#writer === undefined) return await this.exclusive(what, work);
    this.assertAtRest(what);
    const writer = this.#writer;
    this.#writer = what;
    this.#paused = false;
    return await this.#asGuest(what, work).finally(() => {
      this.#writer = writer;
      this.#paused = true;
    });
  }

  /** Runs `work`, a call that only reads the model, beside others of its kind. */
  async shared<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#writer !== undefined && !this.#paused) throw busy(what, this.#writer);
    return await this.#asGuest(what, work);
  }

  /** Runs a callback of the changing call: others are let in, and have left when this returns. */
  async pause<T>(callback: () => T | Promise<T>): Promise<T> {
    this.#paused = true;
    try {
      return await callback();
    } finally {
      while (this.#guests.size > 0) await Promise.allSettled(this.#guests.keys());
      this.#paused = false;
    }
  }

  /** Throws BUSY unless nothing at all is going on. */
  assertFree(what: string): void {
    const other = this.#writer ?? first(this.#guests);
    if (other !== undefined) throw busy(what, other);
  }

  /** Throws BUSY unless the model stands still: nothing reads it, and what changes it is in a callback. */
  assertAtRest(what: string): void {
    const other = this.#paused ? first(this.#guests) : (this.#writer ?? first(this.#guests));
    if (other !== undefined) throw busy(what, other);
  }

  async #asGuest<T>(what: string, work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#guests.set(running, what);
    try {
      return await running;
    } finally {
      this.#guests.delete(running);
    }
  }
}

function first(guests: ReadonlyMap<unknown, string>): string | undefined {
  return guests.values().next().value;
}

function busy(what: string, other: string): DescendError {
  return fail('BUSY', what, 'a model that is not in use', `one whose ${other} has not finished`, 'await it first');
}
