// Copies a user's numbers at the moment of the call: into the engine where it is at hand, else into an array of our own
// until it is. Bytes stay bytes.

import type { ArrayData } from '../data/arrays.js';
import type { DType } from '../data/typed.js';
import { type Engine, isLocal, type LocalEngine } from '../engine/engine.js';
import { localEngine } from '../engine/load.js';
import { DescendError } from '../errors.js';

/** Numbers in a buffer of an engine. */
export interface Uploaded {
  readonly buffer: number;
  readonly dtype: DType;
  release(): void;
}

/** Numbers on their way: copied already, at an engine perhaps. */
export interface Upload {
  /** Where they are on `engine`. */
  on(engine: Engine): Promise<Uploaded>;
  /** Frees them, wherever they are. */
  release(): void;
}

/** Copies `array`; `engine` is where it will be wanted, if that is known. */
export function upload({ data, dtype }: ArrayData, engine: Engine | undefined = engineAtHand()): Upload {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let copy: Uint8Array | undefined;
  let at: { engine: Engine; buffer: number } | undefined;
  if (engine && isLocal(engine)) at = { engine, buffer: uploadNow(engine, bytes) };
  else copy = bytes.slice();
  const release = (): void => {
    at?.engine.release('buffer', at.buffer);
    at = undefined;
    copy = undefined;
  };
  const on = async (target: Engine): Promise<Uploaded> => {
    if (at?.engine !== target) {
      const source = copy ?? (await at?.engine.read(at.buffer, 0, bytes.length)) ?? new Uint8Array();
      const buffer = await target.alloc(source.length);
      release();
      at = { engine: target, buffer };
      await target.write(buffer, 0, source);
    }
    return { buffer: at.buffer, dtype, release };
  };
  return { on, release };
}

/** Copies several, all or none. */
export function sendAll(rows: readonly { readonly array: ArrayData }[], engine: Engine | undefined): Upload[] {
  const sent: Upload[] = [];
  try {
    for (const { array } of rows) sent.push(upload(array, engine));
    return sent;
  } catch (error) {
    releaseAll(sent);
    throw error;
  }
}

/** Frees several. */
export function releaseAll(uploads: readonly Upload[]): void {
  for (const sent of uploads) sent.release();
}

function uploadNow({ sync }: LocalEngine, bytes: Uint8Array): number {
  const buffer = sync.alloc(bytes.length);
  try {
    sync.write(buffer, 0, bytes);
    return buffer;
  } catch (error) {
    sync.release('buffer', buffer);
    throw error;
  }
}

/** The engine that a synchronous call would use, if there is one by now. */
function engineAtHand(): LocalEngine | undefined {
  try {
    return localEngine();
  } catch (error) {
    if (error instanceof DescendError && ['NOT_READY', 'NEEDS_LOCAL_ENGINE'].includes(error.code)) return undefined;
    throw error;
  }
}
