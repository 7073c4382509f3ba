// Who may use which buffer while runs are under way: many runs may read one, a run that changes it has it alone.
// Makes the answer BUSY depend on what was called, never on how fast a chunk of steps happened to be.

import { type DescendError, fail } from '../errors.js';
import type { Call } from './engine.js';

/** Buffers in use, by id. */
export class Locks {
  readonly #readers = new Map<number, number>();
  readonly #writers = new Set<number>();

  /** Takes what a call uses, all or nothing. Throws BUSY. */
  take(call: Call): void {
    const { reads, changes } = usedBy(call);
    for (const id of changes) if (this.#writers.has(id) || this.#readers.has(id)) throw busy();
    for (const id of reads) if (this.#writers.has(id)) throw busy();
    for (const id of changes) this.#writers.add(id);
    for (const id of reads) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
  }

  /** Gives back what `take` took. */
  free(call: Call): void {
    const { reads, changes } = usedBy(call);
    for (const id of changes) this.#writers.delete(id);
    for (const id of reads) {
      const left = (this.#readers.get(id) ?? 0) - 1;
      if (left > 0) this.#readers.set(id, left);
      else this.#readers.delete(id);
    }
  }

  /** Throws BUSY where a write from outside would come between the steps of a run. */
  checkWrite(buffer: number): void {
    if (this.#writers.has(buffer) || this.#readers.has(buffer)) throw busy();
  }
}

function usedBy(call: Call): { reads: Set<number>; changes: Set<number> } {
  const changes = new Set([...(call.changes ?? []), ...(call.outputs ?? [])]);
  const reads = new Set([...call.variables, ...(call.data ?? []).map(({ buffer }) => buffer)]);
  for (const id of changes) reads.delete(id);
  return { reads, changes };
}

function busy(): DescendError {
  return fail('BUSY', 'variable', 'no running call to use it', 'a call while one does', 'await the first one');
}
