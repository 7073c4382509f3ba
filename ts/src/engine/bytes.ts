// The bytes that cross to the core and come back, besides plans: calls and outcomes.
// The formats are those of `crates/core/src/plan/bind.rs` and `engine.rs`.

import { dtypeTag } from '../graph/encode.js';
import { Writer } from '../graph/writer.js';
import type { Call, Outcome, Status } from './engine.js';

const STATUS: readonly Status[] = ['more', 'done', 'stopped', 'failed'];

/** A call, with the ids of buffers as `raw` maps them. */
export function encodeCall(call: Call, raw: (buffer: number) => number): Uint8Array {
  const w = new Writer();
  const { variables, data = [], outputs = [], scalars = [], order, stop = {} } = call;
  const [from, to] = call.rows ?? [0, 0];
  const buffers = (ids: readonly number[]): void => {
    w.varuint(ids.length);
    for (const id of ids) w.varuint(raw(id));
  };
  buffers(variables);
  w.varuint(data.length);
  for (const { buffer, dtype } of data) {
    w.varuint(raw(buffer));
    w.u8(dtypeTag(dtype));
  }
  buffers(outputs);
  w.varuint(scalars.length);
  for (const x of scalars) w.f64(x);
  for (const x of [call.batch ?? 1, from, to]) w.varuint(x);
  w.u8(order ? 1 : 0);
  if (order) for (const x of [order.key, order.epoch, order.n]) w.varuint(x);
  for (const x of [call.seed ?? 0, call.iteration ?? 0, call.updates ?? 0]) w.varuint(x);
  for (const x of [stop.lossBelow, stop.gradNormBelow, stop.minDelta]) w.f64(x ?? Number.NaN);
  w.varuint(stop.patience ?? 1);
  return w.finish();
}

/** What an advance answered after so many milliseconds. */
export function decodeOutcome(bytes: Uint8Array, ms: number): Outcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getFloat64(8, true);
  // Typed arrays are little-endian wherever JavaScript runs today. What does not begin where doubles may is copied.
  const start = bytes.byteOffset + 16;
  const [from, at] = start % 8 === 0 ? [bytes.buffer, start] : [bytes.slice(16, 16 + 8 * count).buffer, 0];
  const reports = new Float64Array(from, at, count);
  const said = bytes.subarray(16 + 8 * count);
  const text = said.length === 0 ? '' : new TextDecoder().decode(said);
  return { status: STATUS[bytes[0] as number] ?? 'failed', reports, text, ms, committing: bytes[1] === 1 };
}
