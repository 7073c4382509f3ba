// How the stages of a Dataset hand elements on: one at a time when asked, at once where they can and as a promise where
// they cannot, so that a chain over arrays costs no promise per element.

/** What comes after the last element. */
export const END: unique symbol = Symbol('end');

/** An element, or the end. */
export type Pulled<T> = T | typeof END;

/** One iteration under way. The next element is asked for only when the last one has come. */
export interface Cursor<T> {
  /** After END, END again. */
  next(): Pulled<T> | Promise<Pulled<T>>;
  /** Lets go of what it reads, also while `next` is pending. */
  close(): unknown;
}

/** What can be iterated, any number of times. */
export interface Flow<T> {
  /** Number of elements, where that is known without counting them. */
  readonly size: number | undefined;
  /** The elements from `skip` on, in the order of `epoch`. */
  open(epoch: number, skip: number): Cursor<T>;
}

/** `then` of a value that may be there already. */
export function after<T, U>(value: T | PromiseLike<T>, then: (value: T) => U | PromiseLike<U>): U | Promise<U> {
  return (isPromise(value) ? value.then(then) : then(value)) as U | Promise<U>;
}

/** Whether something will be there later. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return value instanceof Promise || typeof (value as PromiseLike<T> | undefined)?.then === 'function';
}

/** Asks until `into` has `count` elements; resolves with whether it has, or else the cursor came to its end. */
export function fill<T>(cursor: Cursor<T>, count: number, into: T[]): boolean | Promise<boolean> {
  while (into.length < count) {
    const pulled = cursor.next();
    if (isPromise(pulled)) return pulled.then((late) => took(late, into) && fill(cursor, count, into));
    if (!took(pulled, into)) return false;
  }
  return true;
}

function took<T>(pulled: Pulled<T>, into: T[]): boolean {
  if (pulled === END) return false;
  into.push(pulled);
  return true;
}

/** A cursor that leaves out its first `count` elements, for stages that cannot begin later by themselves. */
export function dropping<T>(cursor: Cursor<T>, count: number): Cursor<T> {
  let left = count;
  const next = (): Pulled<T> | Promise<Pulled<T>> => {
    while (left > 0) {
      left--;
      const pulled = cursor.next();
      if (isPromise(pulled)) return pulled.then((late) => (late === END ? END : next()));
      if (pulled === END) return END;
    }
    return cursor.next();
  };
  return count === 0 ? cursor : { next, close: () => cursor.close() };
}

/** The elements of a cursor for `for await`: waits for each before it asks for the next, closes it however it ends. */
export function iterate<T>(cursor: Cursor<T>): AsyncIterableIterator<T> {
  let last: Promise<unknown> = Promise.resolve();
  let over = false;
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    if (!over) {
      over = true;
      await cursor.close();
    }
    return { done: true, value: undefined };
  };
  const step = async (): Promise<IteratorResult<T>> => {
    if (over) return await end();
    try {
      const value = await cursor.next();
      // A `return` while it was pending has ended the iteration.
      return value === END || over ? await end() : { done: false, value };
    } catch (error) {
      await end();
      throw error;
    }
  };
  return {
    next: () => {
      const result = last.then(step);
      last = result.catch(() => undefined);
      return result;
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
