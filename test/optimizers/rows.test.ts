// Gradients of rows: the same bits as the dense gradient, for every optimizer; lazy ones against the rule on the rows alone;
// from `ops.gather` as from a user; what is refused.

import {
  Adagrad,
  Adam,
  AdamW,
  minimize,
  type Optimizer,
  ops,
  optimizers,
  SGD,
  SparseAdam,
  type Variable,
  variable,
} from 'descend';
import { describe, expect, test } from 'vitest';
import { noise, words } from '../noise.js';
import { coded, combinations, givenTo, surrounded, WHOLE } from './combinations.js';

type RowsOf = { indices: number[]; values: Float32Array };

/** Rows, some of them twice and more; now and then none. */
function rowsOf(rows: number, width: number, step: number): RowsOf {
  const next = words(step + 7);
  const count = step % 4 === 3 ? 0 : 1 + (next() % 9);
  const indices = Array.from({ length: count }, () => next() % rows);
  return { indices, values: noise(count * width, 500 + step) };
}

/** The same as a dense gradient: summed in the order given, from zero. */
function dense({ indices, values }: RowsOf, rows: number, width: number): Float32Array {
  const sum = new Float32Array(rows * width);
  for (const [i, row] of indices.entries()) {
    for (let j = 0; j < width; j++) sum[row * width + j]! += values[i * width + j]!;
  }
  return sum;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const bits = (w: Variable) => new Uint32Array((w.data as Float32Array).buffer);
const stateOf = (optimizer: Optimizer) =>
  Object.values(optimizer.stateDict().variables)
    .flatMap((pieces) => Object.values(pieces))
    .map(({ data }) => new Uint32Array(data.buffer));

const SHAPES = [[7, 3], [40, 16], [300, 5], [9], [5, 2, 3], [1, 33]] as const;

describe('as the dense gradient, bit for bit', () => {
  const some = surrounded().filter(({ name }) => /^(SGD|Adam|Adagrad),/.test(name));

  test.each([...combinations(), ...coded(), ...some])('$name', ({ make }) => {
    const [sparse, full] = [make(), make()].map((optimizer) =>
      optimizer.lazy
        ? optimizers.get({ className: optimizer.className, config: { ...optimizer.getConfig(), lazy: false } })
        : optimizer,
    ) as [Optimizer, Optimizer];
    const [a, b] = [0, 1].map(() =>
      SHAPES.map((shape, i) => variable(noise(sizeOf(shape), i), [...shape], { name: `w${i}` })),
    ) as [Variable<'float32'>[], Variable<'float32'>[]];
    for (let step = 0; step < 8; step++) {
      const given = SHAPES.map(([rows, ...rest], i) => {
        const width = sizeOf(rest);
        const gradient = rowsOf(rows, width, 10 * step + i);
        return { gradient, dense: dense(gradient, rows, width) };
      });
      const one = sparse.applyGradients(
        a.map((w, i) => [given[i]!.gradient, w]),
        givenTo(sparse, step + 1, a),
      );
      const other = full.applyGradients(
        b.map((w, i) => [given[i]!.dense, w]),
        givenTo(full, step + 1, b),
      );
      expect(one).toEqual(other);
    }
    expect(a.map(bits)).toEqual(b.map(bits));
    expect(stateOf(sparse)).toEqual(stateOf(full));
  });
});

describe('rows without a gradient', () => {
  // A row of NaN stays the same NaN where nothing looks at it; a sweep would make it another and, with a norm, refuse.
  const holed = () => {
    const data = noise(50 * 4, 3);
    new Uint32Array(data.buffer).fill(0x7fc12345, 8, 40 * 4);
    return variable(data, [50, 4], { name: 'w' });
  };

  test.each([
    new SGD(),
    new SGD({ globalClipnorm: 0.1 }),
    new Adagrad(),
    new Adagrad({ parity: 'torch' }),
    new SparseAdam(),
    new Adam({ lazy: true }),
    new AdamW({ lazy: true }),
    new AdamW({ lazy: true, stateDtype: 'int8' }),
    new SGD({ momentum: 0.9, lazy: true, weightDecay: 0.1, stateDtype: 'bfloat16' }),
    optimizers.get({ className: 'signSGD', config: {} }),
  ])('are not touched: $className', (optimizer) => {
    const w = holed();
    const before = bits(w);
    const values = noise(3 * 4, 4);
    optimizer.applyGradients([[{ indices: [45, 0, 49], values }, w]]);
    const after = bits(w);
    const changed = [...after.keys()].filter((i) => after[i] !== before[i]).map((i) => Math.floor(i / 4));
    expect([...new Set(changed)]).toEqual([0, 45, 49]);
  });

  test('are, where the rule moves them', () => {
    const optimizer = new Adam();
    const w = variable(noise(20, 5), [10, 2]);
    optimizer.applyGradients([[noise(20, 6), w]]);
    const before = w.data;
    optimizer.applyGradients([[{ indices: [1], values: [[1, 2]] }, w]]);
    expect(w.data.every((x, i) => x !== before[i])).toBe(true);
  });
});

describe('lazy', () => {
  const elementwise = combinations().filter(({ className }) => ![...WHOLE, 'Sophia'].includes(className));

  // Of a rule for one element, what happens to a row does not depend on the others: only the steps with a gradient count, but
  // t is of all steps. So a variable of that row alone that takes its steps at the same t must become the same.
  test.each(
    elementwise.filter(({ className }) => !['Nadam', 'ScheduleFreeAdamW', 'ScheduleFreeSGD'].includes(className)),
  )('$name: each row as if alone', ({ options, className }) => {
    const { globalClipnorm, clipnorm, ...config } = options;
    const make = () => optimizers.get({ className, config: { ...config, lazy: true } });
    const [rows, width] = [6, 5];
    const start = noise(rows * width, 1);
    const table = variable(start, [rows, width], { name: 'w' });
    const whole = make();
    const alone = Array.from({ length: rows }, (_, row) => ({
      w: variable(start.slice(row * width, (row + 1) * width), [1, width], { name: 'w' }),
      optimizer: make(),
    }));
    for (let step = 0; step < 12; step++) {
      const gradient = rowsOf(rows, width, step);
      whole.applyGradients([[gradient, table]]);
      const sum = dense(gradient, rows, width);
      for (const row of new Set(gradient.indices)) {
        const { optimizer, w } = alone[row]!;
        optimizer.loadStateDict({ ...optimizer.stateDict(), iterations: step }, { strict: false });
        optimizer.applyGradients([[sum.slice(row * width, (row + 1) * width), w]]);
      }
    }
    expect(bits(table)).toEqual(new Uint32Array(Float32Array.from(alone.flatMap(({ w }) => [...w.data])).buffer));
  });
});

describe('from a traced gather', () => {
  const table = () => variable(noise(40 * 3, 8), [40, 3], { name: 'table' });
  const [first, second] = [Int32Array.of(3, 17, 3, 0), Int32Array.of(39, 3)];

  const loss = (w: Variable) => () => {
    const rows = ops.concat([ops.gather(w, first), ops.gather(w, second)], { axis: 0 });
    return ops.sum(ops.square(ops.sub(rows, 0.25)));
  };

  async function run(optimizer: Optimizer, asDense: boolean): Promise<Float32Array> {
    const w = table();
    // Adding zero times everything hides that the gradient is one of rows.
    const fn = asDense ? () => ops.add(loss(w)(), ops.mul(ops.sum(w), 0)) : loss(w);
    await minimize(fn, { variables: [w], optimizer, stopWhen: { maxSteps: 6 } });
    return w.data;
  }

  test.each([() => new Adam(), () => new SGD({ learningRate: 0.1 }), () => new Adagrad({ globalClipnorm: 0.5 })])(
    'the same bits as with a dense gradient %#',
    async (make) => {
      expect(await run(make(), false)).toEqual(await run(make(), true));
    },
  );

  test('lazy ones leave the other rows', async () => {
    const before = table().data;
    const after = await run(new SparseAdam({ learningRate: 0.1 }), false);
    const touched = [0, 3, 17, 39];
    for (const [i, x] of after.entries()) expect(x !== before[i]).toBe(touched.includes(Math.floor(i / 3)));
    // Lazily too, a gradient that is not one of rows is of all rows.
    const all = await run(new SparseAdam({ learningRate: 0.1 }), true);
    expect(all.slice(0, 3)).toEqual(after.slice(0, 3));
  });
});

describe('is refused, with nothing changed', () => {
  test('lazily, where gradients are added up or changed as a whole', () => {
    const w = variable(noise(12, 1), [4, 3]);
    const before = w.data;
    for (const around of [{ gradientAccumulationSteps: 2 }, { wrappers: ['gradientCentralization'] }]) {
      const optimizer = optimizers.get({ className: 'SparseAdam', config: around });
      const step = () => optimizer.applyGradients([[{ indices: [1], values: noise(3, 2) }, w]]);
      expect(step).toThrow(/SparseAdam: lazy: expected no gradientAccumulationSteps and no wrappers/);
      expect(w.data).toEqual(before);
    }
  });

  const refused = (gradient: unknown, w = variable(noise(12, 1), [4, 3])) => {
    const optimizer = new Adam();
    optimizer.applyGradients([[noise(w.size, 2), w]]);
    const [before, state] = [bits(w), stateOf(optimizer)];
    let message = '';
    try {
      optimizer.applyGradients([[gradient as Float32Array, w]]);
    } catch (error) {
      message = String(error);
    }
    expect(bits(w)).toEqual(before);
    expect(stateOf(optimizer)).toEqual(state);
    expect(optimizer.iterations).toBe(1);
    return message;
  };
  const values = new Float32Array(6);

  test.each([
    [{ indices: [0, 4], values }, /INVALID_VALUE|expected indices below 4, got 4 at 1/],
    [{ indices: [-1, 0], values }, /expected indices below 4, got -1 at 0/],
    [{ indices: [0.5, 0], values }, /whole numbers, got 0.5/],
    [{ indices: [0], values }, /\[1, 3\], got \[6\]/],
    [{ indices: [[0, 1]], values }, /int32\[n\]/],
    [{ indices: [0, 1], values: new Float32Array([1, 2, 3, Number.NaN, 5, 6]) }, /finite gradient/],
    [{ indices: [0, 1], values, rows: 3 }, /got rows/],
    [{ indices: [0, 1] }, /values/],
  ])('%#', (gradient, message) => {
    expect(refused(gradient)).toMatch(message);
  });

  test('of a number', () => {
    expect(refused({ indices: [0], values: [1] }, variable(new Float32Array([1]), []))).toMatch(/a number, got rows/);
  });
});
