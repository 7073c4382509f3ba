// Who may use which buffer while runs are under way: many runs may read one, a run that changes it has it alone.
// Makes the answer BUSY depend on what was called, never on how fast a chunk of steps happened to be.

import { type DescendError, fail } from '../errors.js';
import type { Call } from './engine.js';

/** The buffers of a call. */
export interface Use {
  readonly reads: ReadonlySet<number>;
  readonly changes: ReadonlySet<number>;
}

/** What a call uses. */
export function useOf(call: Call): Use {
  const changes = new Set([...(call.changes ?? []), ...(call.outputs ?? [])]);
  const reads = new Set([...call.variables, ...(call.data ?? []).map(({ buffer }) => buffer)]);
  for (const id of changes) reads.delete(id);
  return { reads, changes };
}

/** Buffers in use, by id. */
export class Locks {
  readonly #readers = new Map<number, number>();
  readonly #writers = new Set<number>();

  /** Takes all or nothing. Throws BUSY. */
  take({ reads, changes }: Use): void {
    for (const id of changes) this.checkWrite(id);
    for (const id of reads) if (this.#writers.has(id)) throw busy();
    for (const id of changes) this.#writers.add(id);
    for (const id of reads) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
  }

  /** Gives back what `take` took. */
  free({ reads, changes }: Use): void {
    for (const id of changes) this.#writers.delete(id);
    for (const id of reads) {
      const left = (this.#readers.get(id) ?? 0) - 1;
      if (left > 0) this.#readers.set(id, left);
      else this.#readers.delete(id);
    }
  }

  /** Throws BUSY where `take` would. */
  check(use: Use): void {
    if (this.#writers.size === 0 && this.#readers.size === 0) return;
    this.take(use);
    this.free(use);
  }

  /** Throws BUSY where a change from outside would come between the steps of a run. */
  checkWrite(buffer: number): void {
    if (this.#writers.has(buffer) || this.#readers.has(buffer)) throw busy();
  }
}

function busy(): DescendError {
  return fail('BUSY', 'variable', 'no running call to use it', 'a call while one does', 'await the first one');
}
