// Batches of a stream side by side in buffers of an engine, so that one run visits many. Each batch is a step, so only the
// last one may be smaller than the first; what does not fit is for the next block.

import type { DType } from '../data/typed.js';
import type { Engine } from '../engine/engine.js';
import type { Piece } from './feed.js';
import type { Rows } from './rows.js';

/** The bytes that a block should hold, and the batches it holds at most. */
const BYTES = 2 ** 22;
const MOST = 256;

interface Part {
  readonly buffer: number;
  readonly dtype: DType;
  readonly rowBytes: number;
}

/** A block that is filled, visited, and filled again. */
export class Block {
  readonly #engine: Engine;
  #parts: Part[] = [];
  #capacity = 0;
  #batch = 0;
  #rows = 0;
  #ragged = false;
  #released = false;
  #writes: Promise<void>[] = [];
  batches = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Empties it. */
  begin(): void {
    this.#rows = 0;
    this.batches = 0;
    this.#ragged = false;
  }

  /** Copies a batch of at least one row behind the others, or says that there is no place for it. */
  async put(batch: readonly Rows[]): Promise<boolean> {
    if (this.#released) return false;
    const count = (batch[0] as Rows).count;
    if (this.batches === 0) {
      await this.#makeRoom(batch, count);
      this.#batch = count;
    } else if (this.#ragged || count > this.#batch || !this.#fits(batch, this.#rows + count)) {
      return false;
    }
    if (this.#released) return false;
    batch.forEach(({ array: { data } }, i) => {
      const { buffer, rowBytes } = this.#parts[i] as Part;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const written = this.#engine.write(buffer, this.#rows * rowBytes, bytes);
      written.catch(() => {});
      this.#writes.push(written);
    });
    this.#rows += count;
    this.batches++;
    this.#ragged = count < this.#batch;
    return true;
  }

  /** Its rows, once they have arrived. */
  async piece(): Promise<Piece> {
    await Promise.all(this.#writes.splice(0));
    return { data: this.#parts, rows: [0, this.#rows], batch: this.#batch };
  }

  release(): void {
    this.#released = true;
    this.#free();
  }

  #free(): void {
    for (const { buffer } of this.#parts) this.#engine.release('buffer', buffer);
    this.#parts = [];
  }

  #fits(batch: readonly Rows[], rows: number): boolean {
    if (rows > this.#capacity || this.#parts.length !== batch.length) return false;
    return batch.every((part, i) => {
      const { dtype, rowBytes } = this.#parts[i] as Part;
      return part.array.dtype === dtype && rowBytesOf(part) === rowBytes;
    });
  }

  async #makeRoom(batch: readonly Rows[], count: number): Promise<void> {
    if (this.#fits(batch, count)) return;
    this.#free();
    const rowBytes = batch.reduce((sum, part) => sum + rowBytesOf(part), 0);
    const capacity = count * Math.max(1, Math.min(MOST, Math.floor(BYTES / Math.max(1, count * rowBytes))));
    for (const part of batch) {
      const buffer = await this.#engine.alloc(capacity * rowBytesOf(part));
      if (this.#released) return this.#engine.release('buffer', buffer);
      this.#parts.push({ buffer, dtype: part.array.dtype, rowBytes: rowBytesOf(part) });
    }
    this.#capacity = capacity;
  }
}

function rowBytesOf({ array: { data }, count }: Rows): number {
  return data.byteLength / count;
}
