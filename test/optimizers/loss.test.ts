// Rules that look at the loss: they get it from minimize, fit and applyGradients, and refuse a step without it.

import { MoMo, MoMoAdam, minimize, ops, PolyakSGD, SGD, variable } from 'descend';
import { describe, expect, test } from 'vitest';

const make = () => variable([3, -2], [2], { name: 'w' });

describe.each([PolyakSGD, MoMo, MoMoAdam])('%o', (Rule) => {
  test('needs the loss', () => {
    const w = make();
    const optimizer = new Rule();
    expect(() => optimizer.applyGradients([[[1, 1], w]])).toThrow(/^NEEDS_LOSS|pass \{ loss \}/);
    expect(() => optimizer.applyGradients([[[1, 1], w]], { loss: '1' as never })).toThrow(/loss: expected a number/);
    expect(() => optimizer.applyGradients([[[1, 1], w]], { loss: Number.NaN })).toThrow(/finite loss/);
    expect(() => optimizer.applyGradients([[[1, 1], w]], { lost: 1 } as never)).toThrow(/did you mean loss/);
    expect([...w.data]).toEqual([3, -2]);
    expect(optimizer.iterations).toBe(0);
  });

  test('gets the same from minimize', async () => {
    const [w, v] = [make(), variable([3, -2], [2], { name: 'v' })];
    const [whole, alone] = [new Rule({ learningRate: 0.5 }), new Rule({ learningRate: 0.5 })];
    const { steps } = await minimize(() => ops.sum(ops.square(w)), {
      variables: [w],
      optimizer: whole,
      stopWhen: { maxSteps: 7 },
    });
    expect(steps).toBe(7);
    for (let t = 0; t < 7; t++) {
      const x = [...v.data];
      const loss = Math.fround(Math.fround(x[0]! * x[0]!) + Math.fround(x[1]! * x[1]!));
      alone.applyGradients([[x.map((value) => 2 * value), v]], { loss });
    }
    expect([...v.data]).toEqual([...w.data]);
  });
});

test("Polyak's rate halves the way to the minimum of a quadratic, whatever its scale", async () => {
  for (const scale of [1e-3, 1, 1e3]) {
    const w = make();
    const optimizer = new PolyakSGD({ learningRate: 1e9 });
    await minimize(() => ops.mul(ops.sum(ops.square(w)), scale), {
      variables: [w],
      optimizer,
      stopWhen: { maxSteps: 1 },
    });
    // (c‖w‖²)/‖2cw‖² · 2cw = w/2.
    expect(w.data[0]).toBeCloseTo(1.5, 6);
    expect(w.data[1]).toBeCloseTo(-1, 6);
  }
});

test('others take a loss as well, and refuse one that is not finite', () => {
  const w = make();
  const sgd = new SGD({ learningRate: 1 });
  expect(() => sgd.applyGradients([[[1, 1], w]], { loss: Number.POSITIVE_INFINITY })).toThrow(/finite loss/);
  sgd.applyGradients([[[1, 1], w]], { loss: 1 });
  sgd.applyGradients([[[1, 1], w]]);
  expect([...w.data]).toEqual([1, -4]);
});
