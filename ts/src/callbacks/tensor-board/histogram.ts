// How the values of a weight are spread, as TensorBoard draws it: a message `HistogramProto`.

import { Message } from '../../io/protobuf.js';

/** As many as TensorBoard draws. */
const BUCKETS = 30;

/** The histogram of `values` as a value of a summary: 30 buckets of one width. Leaves out NaN and infinities. */
export function histogram(tag: string, values: Float32Array): Message {
  const finite = values.filter((value) => Number.isFinite(value));
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of finite) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    squares += value * value;
  }
  if (finite.length === 0) [min, max] = [0, 0];
  const width = (max - min) / BUCKETS;
  const counts = new Float64Array(width > 0 ? BUCKETS : 1);
  const last = counts.length - 1;
  for (const value of finite) {
    const bucket = width > 0 ? Math.min(last, Math.floor((value - min) / width)) : 0;
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  const limits = Array.from(counts, (_, i) => (i === last ? max : min + (i + 1) * width));
  const proto = new Message().double(1, min).double(2, max).double(3, finite.length).double(4, sum).double(5, squares);
  return new Message().string(1, tag).message(5, proto.doubles(6, limits).doubles(7, counts));
}
