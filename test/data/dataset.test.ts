// Dataset: its stages against what plain arrays do, whatever mixture of promises the elements come in; when a source is
// closed; and its orders against the core's.

import { datasets } from 'descend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusal } from '../models/small.js';

const { Dataset } = datasets;
type Set = InstanceType<typeof Dataset<number>>;

async function all<T>(set: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of set) elements.push(element);
  return elements;
}

const values = (batch: { data: ArrayLike<number> }): number[] => Array.from(batch.data);

/** A stage, and the same on an array. */
interface Stage {
  name: string;
  on(set: Set): Set;
  model(elements: number[]): number[];
}

const later = async <T>(value: T): Promise<T> => value;
const count = fc.nat({ max: 12 });
const stage: fc.Arbitrary<Stage> = fc.oneof(
  fc.boolean().map((wait) => ({
    name: 'map',
    on: (set: Set) => set.map((x, i) => (wait && x % 2 ? later(2 * x + i) : 2 * x + i)),
    model: (elements: number[]) => elements.map((x, i) => 2 * x + i),
  })),
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()).map(([divisor, wait]) => ({
    name: `filter ${divisor}`,
    on: (set: Set) => set.filter((x) => (wait ? later(x % divisor === 0) : x % divisor === 0)),
    model: (elements: number[]) => elements.filter((x) => x % divisor === 0),
  })),
  count.map((n) => ({ name: `take ${n}`, on: (set: Set) => set.take(n), model: (a: number[]) => a.slice(0, n) })),
  count.map((n) => ({ name: `skip ${n}`, on: (set: Set) => set.skip(n), model: (a: number[]) => a.slice(n) })),
  fc.nat({ max: 3 }).map((n) => ({
    name: `repeat ${n}`,
    on: (set: Set) => set.repeat(n),
    model: (a: number[]) => Array.from({ length: n }, () => a).flat(),
  })),
  fc.integer({ min: 1, max: 5 }).map((n) => ({
    name: `prefetch ${n}`,
    on: (set: Set) => set.prefetch(n),
    model: (a: number[]) => a,
  })),
  fc.array(fc.nat({ max: 9 }), { maxLength: 4 }).map((more) => ({
    name: `concatenate ${more}`,
    on: (set: Set) =>
      set.concatenate(
        Dataset.from(() => more),
        Dataset.from(more),
      ),
    model: (a: number[]) => [...a, ...more, ...more],
  })),
  fc.integer({ min: 1, max: 5 }).map((n) => ({
    name: `batch ${n}, sums`,
    on: (set: Set) => set.batch(n).map((batch) => values(batch).reduce((sum, x) => sum + x, 0)),
    model: (a: number[]) =>
      Array.from({ length: Math.ceil(a.length / n) }, (_, i) => a.slice(i * n, (i + 1) * n).reduce((x, y) => x + y, 0)),
  })),
  fc.integer({ min: 1, max: 5 }).map((n) => ({
    name: `zip, ${n}`,
    on: (set: Set) => Dataset.zip(set, set.skip(n)).map(([a, b]) => a - b),
    model: (a: number[]) => a.slice(n).map((x, i) => (a[i] as number) - x),
  })),
);

const source = fc
  .tuple(fc.array(fc.nat({ max: 99 }), { maxLength: 12 }), fc.nat({ max: 3 }))
  .map(([elements, kind]) => ({
    elements,
    toString: () => `${['array', 'generator', 'async generator', 'promises'][kind]} of ${elements}`,
    set: [
      () => Dataset.from(elements),
      () =>
        Dataset.from(function* () {
          yield* elements;
        }),
      () =>
        Dataset.from(async function* () {
          for (const [i, x] of elements.entries()) yield i % 2 ? await later(x) : x;
        }),
      () => Dataset.from(elements.map((x, i) => (i % 3 ? later(x) : x))),
    ][kind] as () => Set,
  }));

describe('stages', () => {
  test('do what arrays do; what is skipped is what comes first; sizes that are known are right', async () => {
    await fc.assert(
      fc.asyncProperty(source, fc.array(stage, { maxLength: 4 }), fc.nat({ max: 20 }), async (from, stages, skip) => {
        const set = stages.reduce((made, { on }) => on(made), from.set());
        const expected = stages.reduce((made, { model }) => model(made), from.elements);
        expect(await all(set)).toEqual(expected);
        expect(await all(set)).toEqual(expected);
        expect(await all(set.epoch(3, skip))).toEqual(expected.slice(skip));
        if (set.size !== undefined) expect(set.size).toBe(expected.length);
      }),
      { numRuns: 400 },
    );
  });

  test('of nothing are nothing, without end as well', async () => {
    expect(await all(Dataset.from([]).repeat())).toEqual([]);
    expect(await all(Dataset.from(() => [] as number[]).repeat())).toEqual([]);
    expect(Dataset.from([1]).repeat().size).toBe(Number.POSITIVE_INFINITY);
    expect(await all(Dataset.from([1, 2]).repeat().take(5))).toEqual([1, 2, 1, 2, 1]);
  });

  test('batches leave out the remainder when asked', async () => {
    const set = Dataset.from([1, 2, 3, 4, 5]).batch(2, { dropRemainder: true });
    expect(set.size).toBe(2);
    expect((await all(set)).map(values)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test.each(['shuffle all', 'shuffle 1', 'shuffle 4', 'shuffle 100'])('%s', async (name) => {
    const buffer = Number(name.slice(8));
    const numbers = Array.from({ length: 33 }, (_, i) => i);
    const options = Number.isNaN(buffer) ? { seed: 7 } : { seed: 7, buffer };
    for (const set of [Dataset.from(numbers), Dataset.from(numbers.map(later))].map((set) => set.shuffle(options))) {
      const first = await all(set);
      expect([...first].sort((a, b) => a - b)).toEqual(numbers);
      expect(await all(set)).toEqual(first);
      expect(await all(set.epoch(0, 9))).toEqual(first.slice(9));
      const second = await all(set.epoch(1));
      if (buffer === 1) expect(second).toEqual(numbers);
      else expect(second).not.toEqual(first);
      // Each pass of a repeated set is an epoch.
      expect(await all(set.repeat(2))).toEqual([...first, ...second]);
      expect(await all(set.repeat(2).epoch(0, 40))).toEqual([...first, ...second].slice(40));
      // An element comes before its place by less than the buffer's length.
      first.forEach((element, place) => {
        expect(element - place).toBeLessThan(buffer || 33);
      });
    }
  });

  test('a buffer as large as the set gives each element each place about equally often', async () => {
    const counts = new Float64Array(25);
    for (let seed = 0; seed < 2000; seed++) {
      const order = await all(Dataset.from([0, 1, 2, 3, 4]).shuffle({ seed, buffer: 5 }));
      order.forEach((element, place) => {
        counts[5 * element + place] = (counts[5 * element + place] as number) + 1;
      });
    }
    // Chi-squared with 16 degrees of freedom: above 39.3 once in 1,000 seeds' worth of luck.
    const chi = counts.reduce((sum, n) => sum + (n - 400) ** 2 / 400, 0);
    expect(chi).toBeLessThan(39.3);
  });
});

describe('fromArrays', () => {
  const x = { data: Uint8Array.from({ length: 24 }, (_, i) => i), shape: [6, 2, 2] };
  const y = Int32Array.of(0, 1, 2, 3, 4, 5);

  test('gives rows, which batches put together again', async () => {
    const rows = await all(Dataset.fromArrays(x, y));
    expect(rows[1]).toEqual([
      { data: Uint8Array.of(4, 5, 6, 7), shape: [2, 2], dtype: 'uint8' },
      { data: Int32Array.of(1), shape: [], dtype: 'int32' },
    ]);
    const [batch, ...others] = await all(Dataset.fromArrays(x, y).batch(6));
    expect(others).toEqual([]);
    expect(batch).toEqual([
      { ...x, dtype: 'uint8' },
      { data: y, shape: [6], dtype: 'int32' },
    ]);
    expect(await all(Dataset.fromArrays([[1, 2]]))).toEqual([
      { data: Float32Array.of(1, 2), shape: [2], dtype: 'float32' },
    ]);
  });

  test('the way by row numbers gives what the way by elements does', async () => {
    const pipelines = (set: InstanceType<typeof Dataset<[datasets.ArrayData, datasets.ArrayData]>>) => [
      set.batch(4),
      set.shuffle({ seed: 3 }).batch(4),
      set.shuffle({ seed: 3, buffer: 2 }).repeat(2).skip(1).take(9).batch(2, { dropRemainder: true }),
      set.filter(([, label]) => (label.data[0] as number) % 2 === 1).batch(2),
    ];
    const direct = pipelines(Dataset.fromArrays(x, y));
    const mapped = pipelines(Dataset.fromArrays(x, y).map((element) => element));
    for (const [i, set] of direct.entries()) {
      const other = mapped[i] as (typeof direct)[number];
      const expected = await all(other);
      expect(await all(set)).toEqual(expected);
      expect(await all(set.epoch(0, 1))).toEqual(expected.slice(1));
      expect(await all(set.epoch(5))).toEqual(await all(other.epoch(5)));
    }
  });

  test('refuses what are not equally many rows', async () => {
    expect(await refusal(() => Dataset.fromArrays(x, [1, 2]))).toMatch(/^SHAPE_MISMATCH fromArrays: .*got 6 and 2/);
    expect(await refusal(() => Dataset.fromArrays({ data: new Float32Array(1), shape: [] }))).toMatch(
      /^SHAPE_MISMATCH/,
    );
    expect(await refusal(() => Dataset.fromArrays('text' as never))).toMatch(/^INVALID_DTYPE x:/);
  });
});

describe('batches', () => {
  const batchOf = async (elements: unknown[]) => (await all(Dataset.from(elements).batch(9)))[0];

  test('keep the form of their elements', async () => {
    expect(await batchOf([1, 2])).toEqual({ data: Float32Array.of(1, 2), shape: [2], dtype: 'float32' });
    expect(await batchOf([true, false])).toEqual({ data: Uint8Array.of(1, 0), shape: [2], dtype: 'bool' });
    expect(await batchOf([new Uint8Array(2), new Uint8Array(2)])).toMatchObject({ shape: [2, 2], dtype: 'uint8' });
    expect(await batchOf([[[[1, 2]], 3]])).toEqual([
      { data: Float32Array.of(1, 2), shape: [1, 1, 2], dtype: 'float32' },
      { data: Float32Array.of(3), shape: [1], dtype: 'float32' },
    ]);
    expect(await batchOf([{ x: { data: [1, 2, 3, 4], shape: [2, 2] }, y: 1 }])).toEqual({
      x: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2], dtype: 'float32' },
      y: { data: Float32Array.of(1), shape: [1], dtype: 'float32' },
    });
  });

  test.each([
    [[[1, 2], [1]], /^SHAPE_MISMATCH batch: expected elements of 2 parts/],
    [[[1], 1], /^SHAPE_MISMATCH batch: expected elements of 1 parts/],
    [[{ x: 1 }, { y: 1 }], /^SHAPE_MISMATCH batch: expected elements { x }/],
    [[new Float32Array(2), new Float32Array(3)], /^SHAPE_MISMATCH element 1 of a batch: .*\[2\].*\[3\]/],
    [[new Float32Array(2), new Int32Array(2)], /^SHAPE_MISMATCH element 1 of a batch: .*float32.*int32/],
    [[[1, 'a']], /^INVALID_DTYPE element\[1\]/],
  ])('%j is refused', async (elements, message) => {
    expect(await refusal(() => batchOf(elements as unknown[]))).toMatch(message);
  });
});

describe('a source', () => {
  function watched(elements = [1, 2, 3, 4]) {
    const seen = { asked: 0, returned: 0 };
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const value = elements[seen.asked++];
          return value === undefined ? { done: true as const, value } : { done: false as const, value };
        },
        return: async () => {
          seen.returned++;
          return { done: true as const, value: undefined };
        },
      }),
    };
    return { seen, set: Dataset.from<number>(iterable) };
  }

  test('is closed when the iteration ends early, however it ends, and once', async () => {
    const ends: [string, (set: Set) => Promise<unknown>][] = [
      [
        'break',
        async (set) => {
          for await (const _ of set) break;
        },
      ],
      ['take', (set) => all(set.take(2))],
      ['take, repeated', (set) => all(set.take(1).repeat(1))],
      ['map', (set) => refusal(() => all(set.map(() => Promise.reject(new Error('no')))))],
      [
        'filter',
        (set) =>
          refusal(() =>
            all(
              set.filter(() => {
                throw new Error('no');
              }),
            ),
          ),
      ],
      ['batch', (set) => refusal(() => all(set.map((x) => new Float32Array(x)).batch(2)))],
      ['zip', (set) => all(Dataset.zip(set, Dataset.from([1])))],
      [
        'prefetch',
        async (set) => {
          for await (const _ of set.prefetch(2)) break;
        },
      ],
    ];
    for (const [name, end] of ends) {
      const { seen, set } = watched();
      await end(set);
      expect(seen.returned, name).toBe(1);
    }
    const { seen, set } = watched();
    await all(set);
    expect(seen).toEqual({ asked: 5, returned: 0 });
  });

  test('is not asked for more than is wanted', async () => {
    const { seen, set } = watched();
    await all(set.take(2));
    expect(seen.asked).toBe(2);
    const ahead = watched();
    for await (const _ of ahead.set.prefetch(2)) break;
    expect(ahead.seen.asked).toBeLessThanOrEqual(3);
  });

  test('that waits does not keep `return` waiting', async () => {
    let returned = false;
    const stuck = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: async () => {
          returned = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const iterator = Dataset.from<number>(stuck)
      .map((x) => x)
      [Symbol.asyncIterator]();
    void iterator.next();
    await Promise.resolve();
    await iterator.return?.();
    expect(returned).toBe(true);
  });

  test('of its own making hands on what it throws', async () => {
    const cause = new Error('the disk is gone');
    const set = Dataset.from(function* () {
      yield 1;
      throw cause;
    });
    await expect(
      all(
        set
          .map((x) => x)
          .prefetch(3)
          .batch(2),
      ),
    ).rejects.toBe(cause);
  });

  test('is asked in order by calls that do not wait', async () => {
    const iterator = Dataset.from([1, 2, 3]).map(later)[Symbol.asyncIterator]();
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, undefined]);
  });

  test('that runs once is refused the second time', async () => {
    function* once() {
      yield 1;
    }
    const set = Dataset.from(once());
    expect(await all(set)).toEqual([1]);
    expect(await refusal(() => all(set))).toMatch(/^INVALID_VALUE iterable: .*begins anew.*Dataset\.from\(\(\) =>/);
  });

  test('that is none is refused', async () => {
    expect(await refusal(() => Dataset.from(5 as never))).toMatch(/^INVALID_VALUE elements/);
    expect(await refusal(() => Dataset.from('text' as never))).toMatch(/^INVALID_VALUE elements/);
    expect(await refusal(() => all(Dataset.from((() => 5) as never)))).toMatch(/^INVALID_VALUE elements/);
    expect(await refusal(() => all(Dataset.from({ [Symbol.iterator]: () => ({}) } as never)))).toMatch(
      /^INVALID_VALUE/,
    );
  });
});

test('options are checked', async () => {
  const set = Dataset.from([1]);
  const bad: [() => unknown, RegExp][] = [
    [() => set.batch(0), /^INVALID_VALUE batch size/],
    [() => set.batch(2, { dropRemainders: true } as object), /^UNKNOWN_OPTION batch.*did you mean dropRemainder/],
    [() => set.shuffle({ seed: -1 }), /^INVALID_VALUE shuffle seed/],
    [() => set.shuffle({ buffer: 0 }), /^INVALID_VALUE shuffle buffer/],
    [() => set.shuffle(5 as never), /^INVALID_VALUE shuffle/],
    [() => set.take(-1), /^INVALID_VALUE take/],
    [() => set.repeat(0.5), /^INVALID_VALUE repeat/],
    [() => set.prefetch(0), /^INVALID_VALUE prefetch/],
    [() => set.map(1 as never), /^INVALID_VALUE map/],
    [() => Dataset.zip(), /^INVALID_VALUE zip/],
    [() => set.concatenate([1] as never), /^INVALID_VALUE Dataset/],
    [() => set.epoch(-1), /^INVALID_VALUE epoch/],
  ];
  for (const [call, message] of bad) expect(await refusal(call)).toMatch(message);
});
