// The bytes that cross to the f64 oracle and come back, in the format of `crates/core/src/engine.rs`. Apart from other calls,
// for few applications ask it anything.

import { Writer } from '../graph/writer.js';

/** What the f64 oracle runs on. */
export interface OracleCall {
  readonly batch?: number;
  readonly seed?: number;
  readonly iteration?: number;
  readonly variables?: readonly ArrayLike<number>[];
  readonly data?: readonly ArrayLike<number>[];
  readonly scalars?: readonly number[];
}

/** Arrays for the oracle. */
export function encodeOracle(call: OracleCall): Uint8Array {
  const w = new Writer();
  for (const x of [call.batch ?? 1, call.seed ?? 0, call.iteration ?? 0]) w.varuint(x);
  const scalars = (call.scalars ?? []).map((x) => [x]);
  const kinds = [call.variables ?? [], call.data ?? [], scalars];
  w.varuint(kinds.reduce((sum, arrays) => sum + arrays.length, 0));
  for (const [kind, arrays] of kinds.entries()) {
    for (const [index, array] of arrays.entries()) {
      w.u8(kind);
      w.varuint(index);
      w.varuint(array.length);
      for (let i = 0; i < array.length; i++) w.f64(array[i] as number);
    }
  }
  return w.finish();
}

/** What the oracle answered. */
export function decodeOracle(bytes: Uint8Array): Float64Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 4;
  return Array.from({ length: view.getUint32(0, true) }, () => {
    const first = at + 4;
    const length = view.getUint32(at, true);
    at = first + 8 * length;
    return new Float64Array(bytes.slice(first, at).buffer);
  });
}
