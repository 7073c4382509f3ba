// What a user's stream of batches may be, and what one batch of it holds.

import { hasParts } from '../data/stack.js';
import { describeValue, fail, quote } from '../errors.js';
import type { ArraysLikeData } from './rows.js';

/** A batch to train on or to measure by: samples, targets, and perhaps the samples' weights. */
export type TrainingBatch =
  | readonly [x: ArraysLikeData, y: ArraysLikeData, sampleWeight?: ArraysLikeData]
  | { readonly x: ArraysLikeData; readonly y: ArraysLikeData; readonly sampleWeight?: ArraysLikeData };

/**
 * Anything that can be iterated, synchronously or not, batch after batch: a `Dataset`, an object that begins anew for each
 * epoch, or a generator, which runs once. Batches may differ in size.
 */
export type Batches = AsyncIterable<TrainingBatch> | Iterable<TrainingBatch>;

/** Batches for `predict`; of more than samples the rest is left aside. */
export type SampleBatches = AsyncIterable<TrainingBatch | SampleBatch> | Iterable<TrainingBatch | SampleBatch>;

/** Samples: as typed array, `{ data, shape }`, or a part by itself. A list is taken for parts, of which x is the first. */
export type SampleBatch = ArraysLikeData | readonly [x: ArraysLikeData] | { readonly x: ArraysLikeData };

/** The parts of a batch. */
export interface Parts {
  readonly x: unknown;
  readonly y?: unknown;
  readonly sampleWeight?: unknown;
}

/** Whether `value` is a stream: not an array, nor what has `data`. */
export function isStream(value: unknown): value is Batches {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (ArrayBuffer.isView(value) || 'data' in value) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

const NAMES = ['x', 'y', 'sampleWeight'];

/** What a batch holds. Throws INVALID_VALUE. */
export function partsOf(batch: unknown): Parts {
  if (Array.isArray(batch)) {
    const [x, y, sampleWeight] = batch as unknown[];
    if (batch.length > 0 && batch.length <= 3) return { x, y, sampleWeight };
    throw fail('INVALID_VALUE', 'batch', '[x, y] or [x, y, sampleWeight]', describeValue(batch));
  }
  if (!hasParts(batch)) return { x: batch };
  const unknown = Object.keys(batch).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw fail('INVALID_VALUE', 'batch', '{ x, y, sampleWeight }', quote(unknown));
  return batch as unknown as Parts;
}

/** The targets and options of a call on arrays or, where they are part of its batches, on a stream. Throws INVALID_VALUE. */
export function readArguments<Options extends object>(
  x: unknown,
  y: ArraysLikeData | Options | undefined,
  options: Options | undefined,
  what: string,
): [y: ArraysLikeData | undefined, options: Options] {
  if (!isStream(x)) return [y as ArraysLikeData, options ?? ({} as Options)];
  if (options === undefined) return [undefined, (y ?? {}) as Options];
  throw fail(
    'INVALID_VALUE',
    what,
    'a stream and options',
    'three arguments',
    'targets are part of the batches: [x, y]',
  );
}
