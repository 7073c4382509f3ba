// Regularizers: what they add to the loss, by formulas of their own in f64, and what that does to a step of training.

import { Dense, Layer, loadModel, losses, ops, regularizers, Sequential, SGD, valueAndGrad, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { ROWS, refusal, x, y } from '../models/small.js';

const LOSS = 'sparseCategoricalCrossentropy';

function model(options: Partial<ConstructorParameters<typeof Dense>[0]> = {}, trainable = true): Sequential {
  const layer = new Dense({ units: 3, activation: 'softmax', inputShape: [2], trainable, ...options });
  const made = new Sequential([layer, new Dense({ units: 3, activation: 'softmax' })], { seed: 9 });
  made.compile({ optimizer: new SGD({ learningRate: 0.5 }), loss: LOSS });
  return made;
}

async function kernel(of: Sequential): Promise<number[]> {
  return [...((await of.getWeights())[0]?.data ?? [])];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, a) => total + a, 0);
const sizes = (w: readonly number[]): number => sum(w.map(Math.abs));
const squares = (w: readonly number[]): number => sum(w.map((a) => a * a));

/** The mean of |cos| over pairs of rows of a matrix. */
function likeness(rows: readonly (readonly number[])[]): number {
  const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((v, i) => v * (b[i] as number)));
  const pairs = rows.flatMap((a, i) =>
    rows.slice(i + 1).map((b) => Math.abs(dot(a, b)) / Math.sqrt(dot(a, a) * dot(b, b))),
  );
  return sum(pairs) / pairs.length;
}

describe('the loss has the penalty of the kernel in it', () => {
  const rows = (w: number[]) => [w.slice(0, 3), w.slice(3)];
  const columns = (w: number[]) => [0, 1, 2].map((i) => [w[i] as number, w[i + 3] as number]);

  test.each<[string, regularizers.RegularizerLike, (w: number[]) => number]>([
    ['l1', 'l1', (w) => 0.01 * sizes(w)],
    ['l2', 'L2', (w) => 0.01 * squares(w)],
    ['nothing by default', 'l1_l2', () => 0],
    ['both', new regularizers.L1L2({ l1: 0.2, l2: 0.3 }), (w) => 0.2 * sizes(w) + 0.3 * squares(w)],
    ['l1 alone', new regularizers.L1L2({ l1: 0.2 }), (w) => 0.2 * sizes(w)],
    ['a size of its own', { className: 'L2', config: { l2: 0.7 } }, (w) => 0.7 * squares(w)],
    ['rows', 'orthogonal_regularizer', (w) => 0.01 * likeness(rows(w))],
    [
      'columns',
      new regularizers.OrthogonalRegularizer({ factor: 2, mode: 'columns' }),
      (w) => 2 * likeness(columns(w)),
    ],
  ])('%s', async (_, kernelRegularizer, penalty) => {
    const [with_, without] = [model({ kernelRegularizer }), model()];
    const expected = penalty(await kernel(with_));
    const options = { batchSize: ROWS };
    const difference =
      ((await with_.evaluate(x, y, options)).loss as number) - ((await without.evaluate(x, y, options)).loss as number);
    expect(difference).toBeCloseTo(expected, 6);
    // As it is in every batch, it is in their mean.
    expect((await with_.evaluate(x, y, { batchSize: 7 })).loss).toBeCloseTo(
      ((await without.evaluate(x, y)).loss as number) + expected,
      5,
    );
  });

  test('a step goes by 2 · l2 · w more', async () => {
    const [with_, without] = [model({ kernelRegularizer: new regularizers.L2({ l2: 0.1 }) }), model()];
    const before = await kernel(with_);
    for (const made of [with_, without]) await made.trainOnBatch(x, y);
    const plain = await kernel(without);
    for (const [i, w] of (await kernel(with_)).entries()) {
      expect(w).toBeCloseTo((plain[i] as number) - 0.5 * 2 * 0.1 * (before[i] as number), 6);
    }
  });

  test('a layer that is not trained costs nothing', async () => {
    const made = model({ kernelRegularizer: 'l2' }, false);
    const plain = model({}, false);
    expect(await made.evaluate(x, y)).toEqual(await plain.evaluate(x, y));
  });

  test('a bias has its own', async () => {
    const made = model({ biasInitializer: 'ones', biasRegularizer: new regularizers.L1({ l1: 0.5 }) });
    const plain = model({ biasInitializer: 'ones' });
    const difference = ((await made.evaluate(x, y)).loss as number) - ((await plain.evaluate(x, y)).loss as number);
    expect(difference).toBeCloseTo(1.5, 5);
  });
});

test('outputs cost their penalty divided by the batch', async () => {
  const [with_, without] = [model({ activityRegularizer: new regularizers.L2({ l2: 0.4 }) }), model()];
  const first = new Sequential([without.layers[0] as Layer]);
  const { data } = await first.predict(x);
  const options = { batchSize: ROWS };
  const difference =
    ((await with_.evaluate(x, y, options)).loss as number) - ((await without.evaluate(x, y, options)).loss as number);
  expect(difference).toBeCloseTo((0.4 * squares([...data])) / ROWS, 6);
});

test('loops of one’s own ask the model for its penalties', async () => {
  const made = model({ kernelRegularizer: 'l2', activityRegularizer: 'l1' });
  const expected = (await made.evaluate(x, y, { batchSize: ROWS })).loss as number;
  made.compile({ loss: LOSS });
  const loss = new losses.SparseCategoricalCrossentropy();
  const step = () => {
    const own = loss.apply(y, made.apply(x));
    return made.penalties().reduce((total, penalty) => ops.add(total, penalty), own);
  };
  expect((await valueAndGrad(step, made.trainableWeights)).value).toBeCloseTo(expected, 6);
});

test('the penalty of a vector of 0 has a gradient', async () => {
  const w = variable(new Float32Array(6), [3, 2]);
  const { grads } = await valueAndGrad(() => new regularizers.OrthogonalRegularizer().call(ops.mul(w, 1)), [w]);
  expect([...(grads[0]?.data ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
});

test('saved and loaded', async () => {
  const made = model({
    kernelRegularizer: new regularizers.L1L2({ l1: 0.1, l2: 0.2 }),
    biasRegularizer: 'l1',
    activityRegularizer: new regularizers.L2({ l2: 0.3 }),
  });
  const loaded = await loadModel(await made.toBytes());
  expect(loaded.getConfig()).toEqual(made.getConfig());
  expect(await loaded.evaluate(x, y)).toEqual(await made.evaluate(x, y));
});

describe('is refused', () => {
  class Loop extends Layer {
    readonly #inner = new Dense({ units: 2, activityRegularizer: 'l2' });

    override call(input: Parameters<Layer['call']>[0]) {
      const body = (_: unknown, [entry]: Parameters<Layer['call']>[0][]) => ({
        outputs: [ops.reshape(this.#inner.apply(ops.reshape(entry as never, [1, 2])), [2])],
      });
      return ops.scan(body, { sequences: [input] }).outputs[0] as never;
    }
  }

  test.each([
    ['a negative factor', () => new regularizers.L2({ l2: -1 }), 'INVALID_VALUE L2 l2'],
    ['another option', () => new regularizers.L1({ l2: 1 } as never), 'UNKNOWN_OPTION L1'],
    ['another mode', () => new regularizers.OrthogonalRegularizer({ mode: 'all' as 'rows' }), 'INVALID_VALUE'],
    ['another name', () => model({ kernelRegularizer: 'l3' }), 'UNKNOWN_NAME regularizer'],
    ['a class', () => model({ kernelRegularizer: regularizers.L2 as never }), 'INVALID_VALUE regularizer'],
    ['a matrix’s for a bias', () => model({ biasRegularizer: 'orthogonal_regularizer' }).fit(x, y), 'SHAPE_MISMATCH'],
    ['a loop’s outputs', () => new Sequential([new Loop({ inputShape: [2] })]), 'INVALID_VALUE dense'],
  ])('%s', async (_, work, expected) => {
    expect(await refusal(work)).toContain(expected);
  });
});
