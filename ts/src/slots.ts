// Between traces and engines: the slots of a plan as buffers of one engine. Variables go where they are needed;
// arrays that a traced function captured get buffers for the time of the call.

import { type Engine, isLocal, type LocalEngine } from './engine/engine.js';
import { defaultEngine, localEngine } from './engine/load.js';
import type { Slot } from './graph/trace.js';
import { Variable } from './variable.js';

/** Buffers of slots, in order. */
export interface BoundSlots {
  readonly ids: readonly number[];
  /** Gives back the buffers that only the call needed. */
  free(): void;
}

/** The engine on which these variables are already, or else the one in use. */
export async function engineOf(variables: Iterable<Variable>): Promise<Engine> {
  for (const { engine } of variables) if (engine) return engine;
  return defaultEngine();
}

/** The same for a synchronous call: an engine in this thread. */
export function localEngineOf(variables: Iterable<Variable>): LocalEngine {
  for (const { engine } of variables) if (engine && isLocal(engine)) return engine;
  return localEngine();
}

/** Puts what the slots of a trace stand for on an engine, other variables `instead` of some. */
export async function bindSlots(
  engine: Engine,
  slots: readonly Slot[],
  instead: ReadonlyMap<Variable, Variable> = new Map(),
): Promise<BoundSlots> {
  const captured: number[] = [];
  const free = (): void => {
    for (const id of captured) engine.release('buffer', id);
  };
  try {
    const ids: number[] = [];
    for (const slot of slots) {
      if (slot instanceof Variable) {
        ids.push(await (instead.get(slot) ?? slot).place(engine));
        continue;
      }
      const { data } = slot as Exclude<Slot, Variable> & { data: Float32Array };
      const id = await engine.alloc(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      captured.push(id);
      ids.push(id);
    }
    return { ids, free };
  } catch (error) {
    free();
    throw error;
  }
}
