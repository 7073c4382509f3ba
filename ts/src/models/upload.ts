// Copies a user's numbers at the moment of the call: into the engine where one is at hand, else into an array of our own
// until it is. Bytes stay bytes.

import type { ArrayData } from '../data/arrays.js';
import type { DType } from '../data/typed.js';
import type { Engine } from '../engine/engine.js';
import { engineAtHand } from '../engine/load.js';

/** Numbers in a buffer of an engine. */
export interface Uploaded {
  readonly buffer: number;
  readonly dtype: DType;
}

/** Numbers on their way: copied already, at an engine perhaps. */
export interface Upload {
  /** Where they are on `engine`. Throws OUT_OF_MEMORY. */
  on(engine: Engine): Promise<Uploaded>;
  /** Frees them, wherever they are. */
  release(): void;
}

/** Copies `array`; `engine` is where it will be wanted, if that is known. */
export function upload({ data, dtype }: ArrayData, engine: Engine | undefined = engineAtHand()): Upload {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let sent = engine && send(engine, bytes);
  let copy = engine ? undefined : bytes.slice();
  const release = (): void => {
    sent?.release();
    sent = undefined;
    copy = undefined;
  };
  const on = async (target: Engine): Promise<Uploaded> => {
    if (sent?.engine !== target) {
      const source = sent ? await sent.engine.read(await sent.buffer, 0, bytes.length) : (copy as Uint8Array);
      release();
      sent = send(target, source);
    }
    return { buffer: await sent.buffer, dtype };
  };
  return { on, release };
}

/** Copies several. */
export function sendAll(rows: readonly { readonly array: ArrayData }[], engine: Engine | undefined): Upload[] {
  return rows.map(({ array }) => upload(array, engine));
}

/** Frees several. */
export function releaseAll(uploads: readonly Upload[]): void {
  for (const sent of uploads) sent.release();
}

/** Bytes that an engine has copied, or has refused to. */
interface Sent {
  readonly engine: Engine;
  readonly buffer: Promise<number>;
  release(): void;
}

function send(engine: Engine, bytes: Uint8Array): Sent {
  const buffer = engine.alloc(bytes);
  let id: number | undefined;
  let over = false;
  buffer.then(
    (made) => {
      id = made;
      if (over) engine.release('buffer', made);
    },
    // Whoever wants the buffer is told.
    () => {},
  );
  const release = (): void => {
    over = true;
    if (id !== undefined) engine.release('buffer', id);
  };
  return { engine, buffer, release };
}
