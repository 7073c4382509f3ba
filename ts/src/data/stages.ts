// The stages of a Dataset that pass elements on, leave some out or make others of them. Those that draw an order are in
// `shuffle.ts`.

import { after, type Cursor, dropping, END, type Flow, fill, isPromise, type Pulled } from './flow.js';

/** `make` of each element; `index` counts from 0 in every iteration. */
export function map<T, U>(source: Flow<T>, make: (element: T, index: number) => U | PromiseLike<U>): Flow<U> {
  const open = (epoch: number, skip: number): Cursor<U> => {
    const cursor = source.open(epoch, skip);
    let index = skip;
    return {
      next: () =>
        after(cursor.next(), (pulled): Pulled<U> | PromiseLike<U> => (pulled === END ? END : make(pulled, index++))),
      close: () => cursor.close(),
    };
  };
  return { size: source.size, open };
}

/** The elements of which `keep` says true. */
export function filter<T>(
  source: Flow<T>,
  keep: (element: T, index: number) => boolean | PromiseLike<boolean>,
): Flow<T> {
  const open = (epoch: number, skip: number): Cursor<T> => {
    const cursor = source.open(epoch, 0);
    let index = 0;
    // Each answer is the element itself, END, or undefined for one left out, boxed: elements may be undefined.
    const tried = (pulled: Pulled<T>): { kept: Pulled<T> } | undefined | Promise<{ kept: Pulled<T> } | undefined> =>
      pulled === END ? { kept: END } : after(keep(pulled, index++), (yes) => (yes ? { kept: pulled } : undefined));
    const next = (): Pulled<T> | Promise<Pulled<T>> => {
      for (;;) {
        const answer = after(cursor.next(), tried);
        if (isPromise(answer)) return answer.then((late) => (late ? late.kept : next())) as Promise<Pulled<T>>;
        if (answer) return answer.kept;
      }
    };
    return dropping({ next, close: () => cursor.close() }, skip);
  };
  return { size: source.size === 0 ? 0 : undefined, open };
}

/** Groups of `size` elements, made into one by `join`; the last one may be smaller, or is left out. */
export function group<T, U>(
  source: Flow<T>,
  size: number,
  dropRemainder: boolean,
  join: (elements: T[]) => U,
): Flow<U> {
  const round = dropRemainder ? Math.floor : Math.ceil;
  const open = (epoch: number, skip: number): Cursor<U> => {
    const cursor = source.open(epoch, skip * size);
    return {
      next: () => {
        const elements: T[] = [];
        return after(
          fill(cursor, size, elements),
          (full): Pulled<U> => (elements.length === 0 || (dropRemainder && !full) ? END : join(elements)),
        );
      },
      close: () => cursor.close(),
    };
  };
  return { size: source.size === undefined ? undefined : round(source.size / size), open };
}

/** The elements from the first to `count`. */
export function take<T>(source: Flow<T>, count: number): Flow<T> {
  const open = (epoch: number, skip: number): Cursor<T> => {
    const cursor = source.open(epoch, Math.min(skip, count));
    let left = count - skip;
    return {
      // What is behind the last one is never asked for.
      next: () => (left-- > 0 ? cursor.next() : END),
      close: () => cursor.close(),
    };
  };
  return { size: source.size === undefined ? undefined : Math.min(source.size, count), open };
}

/** The elements behind the first `count`. */
export function skip<T>(source: Flow<T>, count: number): Flow<T> {
  const size = source.size === undefined ? undefined : Math.max(0, source.size - count);
  return { size, open: (epoch, further) => source.open(epoch, count + further) };
}

/** All elements `count` times; pass p of epoch e has the order of epoch e · count + p, or e + p where it never ends. */
export function repeat<T>(source: Flow<T>, count: number): Flow<T> {
  const size = count === 0 || source.size === 0 ? 0 : source.size && source.size * count;
  const open = (epoch: number, toSkip: number): Cursor<T> => {
    const first = count === Number.POSITIVE_INFINITY ? epoch : epoch * count;
    const known = source.size !== undefined && source.size > 0;
    let pass = known ? Math.floor(toSkip / (source.size as number)) : 0;
    let begin = known ? toSkip % (source.size as number) : 0;
    let cursor: Cursor<T> | undefined;
    let some = false;
    const next = (): Pulled<T> | Promise<Pulled<T>> => {
      if (cursor === undefined) {
        if (pass >= count) return END;
        cursor = source.open(first + pass, begin);
        begin = 0;
        some = false;
      }
      return after(cursor.next(), (pulled) => {
        some ||= pulled !== END;
        // Of nothing, any number of times, is nothing.
        if (pulled !== END || !some) return pulled;
        const ended = cursor as Cursor<T>;
        cursor = undefined;
        pass++;
        return after(ended.close(), next);
      });
    };
    return dropping({ next, close: () => cursor?.close() }, known ? 0 : toSkip);
  };
  return { size, open };
}

/** The elements of each source, one source after the other. */
export function concatenate<T>(sources: readonly Flow<T>[]): Flow<T> {
  const size = sources.reduce<number | undefined>(
    (sum, source) => (sum === undefined || source.size === undefined ? undefined : sum + source.size),
    0,
  );
  const open = (epoch: number, toSkip: number): Cursor<T> => {
    let left = toSkip;
    let at = 0;
    for (; at < sources.length && left >= (sources[at]?.size ?? Number.POSITIVE_INFINITY); at++) {
      left -= sources[at]?.size as number;
    }
    let cursor: Cursor<T> | undefined;
    // One whose size is not known is opened from its beginning.
    const known = sources[at]?.size !== undefined;
    let begin = known ? left : 0;
    const next = (): Pulled<T> | Promise<Pulled<T>> => {
      if (at >= sources.length) return END;
      cursor ??= (sources[at] as Flow<T>).open(epoch, begin);
      return after(cursor.next(), (pulled) => {
        if (pulled !== END) return pulled;
        const ended = cursor as Cursor<T>;
        cursor = undefined;
        begin = 0;
        at++;
        return after(ended.close(), next);
      });
    };
    return dropping({ next, close: () => cursor?.close() }, known ? 0 : left);
  };
  return { size, open };
}

/** Lists of one element from each source, as long as every source has one. */
export function zip(sources: readonly Flow<unknown>[]): Flow<unknown[]> {
  const sizes = sources.map(({ size }) => size);
  const size = sizes.includes(undefined) ? undefined : Math.min(...(sizes as number[]));
  const open = (epoch: number, skip: number): Cursor<unknown[]> => {
    const cursors = sources.map((source) => source.open(epoch, skip));
    let ended = false;
    const from = (k: number, elements: unknown[]): Pulled<unknown[]> | Promise<Pulled<unknown[]>> => {
      if (k === cursors.length) return elements;
      return after((cursors[k] as Cursor<unknown>).next(), (pulled) => {
        ended = pulled === END;
        if (pulled === END) return END;
        elements.push(pulled);
        return from(k + 1, elements);
      });
    };
    return {
      next: () => (ended ? END : from(0, [])),
      close: () => Promise.all(cursors.map((cursor) => cursor.close())),
    };
  };
  return { size, open };
}

/** The same elements, of which up to `count` are asked for before they are wanted. */
export function prefetch<T>(source: Flow<T>, count: number): Flow<T> {
  const open = (epoch: number, skip: number): Cursor<T> => {
    const cursor = source.open(epoch, skip);
    const waiting: Promise<Pulled<T>>[] = [];
    let last: Promise<unknown> = Promise.resolve();
    let over = false;
    const ask = async (): Promise<Pulled<T>> => {
      if (over) return END;
      try {
        const pulled = await cursor.next();
        over ||= pulled === END;
        return pulled;
      } catch (error) {
        over = true;
        throw error;
      }
    };
    const ahead = (): void => {
      while (waiting.length < count && !over) {
        const asked = last.then(ask);
        last = asked.catch(() => undefined);
        waiting.push(asked);
      }
    };
    return {
      next: () => {
        ahead();
        const asked = waiting.shift();
        ahead();
        return asked ?? END;
      },
      close: () => {
        over = true;
        return cursor.close();
      },
    };
  };
  return { size: source.size, open };
}
