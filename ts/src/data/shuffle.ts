// Seeded orders for the stages of a Dataset. What is drawn depends on seed, epoch and position alone (Philox4x32-10):
// not on the engine, on how fast elements come, or on what else was drawn.

import { after, type Cursor, dropping, END, type Flow, fill, type Pulled } from './flow.js';
import { Draws, permute } from './random.js';

/** All elements in another order in each epoch, every order equally likely: that of `fit` on arrays of as many rows. */
export function shuffleAll<T>(source: Flow<T>, seed: number): Flow<T> {
  const open = (epoch: number, skip: number): Cursor<T> => {
    const cursor = source.open(epoch, 0);
    let elements: T[] | undefined;
    let at = skip;
    const next = (): Pulled<T> => {
      const all = elements as T[];
      return at < all.length ? (all[at++] as T) : END;
    };
    return {
      next: () => {
        if (elements) return next();
        const all: T[] = [];
        return after(fill(cursor, Number.POSITIVE_INFINITY, all), () => {
          permute(all, seed, epoch);
          elements = all;
          return next();
        });
      },
      close: () => cursor.close(),
    };
  };
  return { size: source.size, open };
}

/** Elements in an order drawn from the next `room` ones at a time. */
export function shuffleBuffered<T>(source: Flow<T>, seed: number, room: number): Flow<T> {
  const open = (epoch: number, skip: number): Cursor<T> => {
    const cursor = source.open(epoch, 0);
    const draws = new Draws(seed, epoch);
    const buffer: T[] = [];
    const next = (): Pulled<T> | Promise<Pulled<T>> =>
      after(fill(cursor, room, buffer), () => {
        if (buffer.length === 0) return END;
        const drawn = draws.below(buffer.length);
        const element = buffer[drawn] as T;
        const last = buffer.pop() as T;
        if (drawn < buffer.length) buffer[drawn] = last;
        return element;
      });
    return dropping({ next, close: () => cursor.close() }, skip);
  };
  return { size: source.size, open };
}
