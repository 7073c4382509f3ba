// Where the elements of a Dataset begin: rows of arrays, and whatever else can be iterated.

import { describeValue, fail } from '../errors.js';
import type { ArrayData } from './arrays.js';
import { after, type Cursor, dropping, END, type Flow, isPromise, type Pulled } from './flow.js';

/** The numbers 0 … count − 1. */
export function numbers(count: number): Flow<number> {
  const open = (_: number, skip: number): Cursor<number> => {
    let at = skip;
    return { next: () => (at < count ? at++ : END), close() {} };
  };
  return { size: count, open };
}

/** One row of an array, sharing its memory. */
export function rowOf({ data, shape, dtype }: ArrayData, row: number): ArrayData {
  const own = shape.slice(1);
  const size = own.reduce((product, length) => product * length, 1);
  return { data: data.subarray(row * size, (row + 1) * size), shape: own, dtype };
}

/** Copies of some rows, in the order given. */
export function rowsOf({ data, shape, dtype }: ArrayData, rows: readonly number[]): ArrayData {
  const own = shape.slice(1);
  const size = own.reduce((product, length) => product * length, 1);
  const copy = new (data.constructor as Float32ArrayConstructor)(rows.length * size) as ArrayData['data'];
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * size;
    // For a few numbers a view costs more than they do.
    if (size > 16) copy.set(data.subarray(from, from + size), i * size);
    else for (let k = 0; k < size; k++) copy[i * size + k] = data[from + k] as number;
  }
  return { data: copy, shape: [rows.length, ...own], dtype };
}

/** What a user may iterate over: the thing itself, or a function that makes one for each epoch. */
export type Elements<T> =
  | Iterable<T | PromiseLike<T>>
  | AsyncIterable<T>
  | ((epoch: number) => Iterable<T | PromiseLike<T>> | AsyncIterable<T>);

/** The elements of what a user hands in. Throws INVALID_VALUE. */
export function elementsOf<T>(source: Elements<T>): Flow<T> {
  const used = new WeakSet<object>();
  const open = (epoch: number, skip: number): Cursor<T> => {
    const iterable = typeof source === 'function' ? source(epoch) : source;
    const iterator = iteratorOf<T>(iterable);
    const cursor = used.has(iterator) ? begunAgain(cursorOf(iterator)) : cursorOf(iterator);
    used.add(iterator);
    return dropping(cursor, skip);
  };
  if (typeof source !== 'function') assertIterable(source);
  return { size: Array.isArray(source) ? source.length : undefined, open };
}

// An object may be its own iterator and begin anew each time; a generator has nothing left.
function begunAgain<T>(cursor: Cursor<T>): Cursor<T> {
  let begun = false;
  const next = (): Pulled<T> | Promise<Pulled<T>> => {
    if (begun) return cursor.next();
    begun = true;
    return after(cursor.next(), (pulled) => {
      if (pulled === END) throw usedUp();
      return pulled;
    });
  };
  return { next, close: () => cursor.close() };
}

/** The error for an iterable that cannot begin again. */
export function usedUp(): Error {
  const hint = 'a generator runs once: give a function that makes one, Dataset.from(() => generate())';
  return fail('INVALID_VALUE', 'iterable', 'one that begins anew for each epoch', 'one that was iterated before', hint);
}

type AnyIterator<T> = Iterator<T | PromiseLike<T>> | AsyncIterator<T>;

/** The iterator of something iterable, asynchronous where it can be either. Throws INVALID_VALUE. */
export function iteratorOf<T>(iterable: unknown): AnyIterator<T> {
  assertIterable(iterable);
  const either = iterable as Partial<AsyncIterable<T> & Iterable<T>>;
  const iterator = either[Symbol.asyncIterator]?.() ?? either[Symbol.iterator]?.();
  if (typeof iterator?.next === 'function') return iterator;
  throw fail('INVALID_VALUE', 'iterable', 'an iterator with a method next', describeValue(iterator));
}

function assertIterable(value: unknown): void {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(value) as Record<symbol, unknown>;
  if (typeof value === 'object' && (typeof later === 'function' || typeof now === 'function')) return;
  throw fail(
    'INVALID_VALUE',
    'elements',
    'something (async) iterable, or a function that gives one',
    describeValue(value),
  );
}

/** An iterator as a cursor: `return` is called once, unless it came to its end or threw by itself. */
export function cursorOf<T>(iterator: AnyIterator<T>): Cursor<T> {
  let over = false;
  const broken = (error: unknown): never => {
    over = true;
    throw error;
  };
  const read = (result: IteratorResult<T | PromiseLike<T>>): Pulled<T> | Promise<Pulled<T>> => {
    if (typeof result !== 'object' || result === null) {
      throw fail('INVALID_VALUE', 'iterator', 'a result { done, value }', describeValue(result));
    }
    over ||= result.done === true;
    return (over ? END : result.value) as Pulled<T> | Promise<Pulled<T>>;
  };
  return {
    next: () => {
      if (over) return END;
      try {
        const result = iterator.next();
        return isPromise(result) ? result.then(read, broken) : read(result);
      } catch (error) {
        return broken(error);
      }
    },
    close: () => {
      if (over) return undefined;
      over = true;
      return iterator.return?.();
    },
  };
}
