// What a model was last given to `compile`: at hand at once, or, where names in it are for `later.ts` to bring, on its way.
// Calls that come meanwhile wait; what they were given is copied first, as they promise.

import { later } from '../bring.js';
import { DescendError, fail } from '../errors.js';
import type { Compiled } from './compiled.js';

/** A model's way of training, as far as it is known. */
export class Compilation {
  #compiled: Compiled | undefined;
  /** What is on its way. */
  #wanted: (() => Compiled) | undefined;
  #arrival: Promise<void> | undefined;
  readonly #bring: () => Promise<{ knowNames(): void }>;

  constructor(bring: () => Promise<{ knowNames(): void }> = later) {
    this.#bring = bring;
  }

  /** Takes what `read` makes of the names; throws what it throws. */
  take(read: () => Compiled): void {
    try {
      this.#compiled = read();
      this.#wanted = undefined;
    } catch (error) {
      if (!(error instanceof DescendError) || error.code !== 'PART_MISSING') throw error;
      this.#compiled = undefined;
      this.#fetch(read);
    }
  }

  #fetch(read: () => Compiled): void {
    const arrival = this.#bring().then(({ knowNames }) => {
      knowNames();
      // Another call of `compile` may have come in between.
      if (this.#wanted === read) this.take(read);
    });
    this.#wanted = read;
    this.#arrival = arrival;
    // Whoever waits for it hears of a failure; who comes after that has it fetched again.
    arrival.catch(() => {
      if (this.#arrival === arrival) this.#arrival = undefined;
    });
  }

  /** What it is, if there is any and it is here. */
  get known(): Compiled | undefined {
    return this.#compiled;
  }

  /** What it is, for a call of this name. Throws NOT_COMPILED, PART_MISSING. */
  for(what: string): Compiled {
    if (this.#compiled) return this.#compiled;
    if (this.#wanted) {
      throw fail('PART_MISSING', what, 'names that are here', 'some on their way', 'give compile objects of classes');
    }
    throw fail('NOT_COMPILED', what, 'a compiled model', 'one without optimizer and loss', 'call compile first');
  }

  /** Runs `work` on what a call was given, at once where nothing is on its way. */
  async after<Given extends unknown[], T>(given: Given, work: (...given: Given) => Promise<T>): Promise<T> {
    if (!this.#wanted) return await work(...given);
    const copies = given.map(copied) as Given;
    if (!this.#arrival) this.#fetch(this.#wanted);
    await this.#arrival;
    return await work(...copies);
  }
}

// Data of a call and the data among its options, not what they are called back by.
function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return 'slice' in value ? (value as Uint8Array).slice() : value;
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy = ([name, part]: [string, unknown]) => [name, name === 'callbacks' ? part : copied(part)];
  return Object.fromEntries(Object.entries(value).map(copy));
}
