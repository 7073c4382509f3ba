// One Adam step in ns per parameter, beside the same step written by hand in C, in turns. What is counted:
//   C            the sweep alone (AVX-512), gradient and state in place: the limit. The aim is C / 0.8.
//   call         `applyGradients` with the gradient in a variable: crossing, L2 norm of the gradient, sweep.
//   loop         `minimize` of sum(w), many steps per crossing: sum, its gradient (a fill), finite check, sweep.
//   propagate    the loop with `onNonFinite: 'propagate'`: without the check.
// So a small `call` is a crossing, a large `loop` reads and writes more memory than C, and a step of any size has the
// fixed cost that step-overhead.bench.ts measures.

import assert from 'node:assert/strict';
import { Adam, minimize, ops, variable } from 'descend';
import { ask, CONTESTANTS, main, NAMES, type Name } from './child.ts';
import { Limits } from './limits.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const SIZES = [1e3, 1e5, 1e6, 1e7, 3e7];
const LARGEST = { 'native 1': 3e7, 'native 2': 3e7, wasm: 1e7 };
const WAYS = ['call', 'loop', 'propagate'] as const;
const AIM = 0.8;
const RATE = 1e-3;

type Way = (typeof WAYS)[number];

async function contest(): Promise<void> {
  const limits = await Limits.compile();
  const rounds = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (const n of SIZES) {
      for (const threads of limits ? [1, 2] : []) {
        const { best, median } = await limits!.measure('adam-avx512', n, threads);
        rounds.add(`${n} C ${threads}`, { best: best / n, median: median / n });
      }
      for (const name of NAMES.filter((name) => n <= LARGEST[name])) {
        const answer = await ask<Record<Way, Timing>>(name, { n });
        for (const way of WAYS) rounds.add(`${n} ${name} ${way}`, answer[way]);
      }
    }
  }
  await limits?.remove();
  report(rounds);
}

function report(rounds: Rounds): void {
  const ns = (x: number) => 1e9 * x;
  const sizes = SIZES.map((n) => n.toExponential().replace('+', ''));
  const row = (label: string, key: string) => [label, ...SIZES.map((n) => figures(rounds.get(`${n} ${key}`), ns))];
  const rows = [row('C, 1 thread', 'C 1'), row('C, 2 threads', 'C 2')];
  for (const name of NAMES) for (const way of WAYS) rows.push(row(`${name} ${way}`, `${name} ${way}`));
  printTable('Adam step: ns per parameter, best / median ± spread', ['parameters', ...sizes], rows);

  const share = (name: Name, way: Way, n: number) => {
    const c = rounds.get(`${n} C ${CONTESTANTS[name].threads}`);
    const ours = rounds.get(`${n} ${name} ${way}`);
    return c && ours ? `${short(c.best / ours.best)} / ${short(c.median / ours.median)}` : '–';
  };
  const shares = NAMES.flatMap((name) =>
    WAYS.map((way) => [`${name} ${way}`, ...SIZES.map((n) => share(name, way, n))]),
  );
  const title = `C time on as many threads / our time, best / median (aim: ${AIM} and above)`;
  printTable(title, ['parameters', ...sizes], shares);
}

/** Times the ways to make a step, after having held each against the formula. */
async function measure({ n }: { n: number }): Promise<Record<Way, Timing>> {
  const w = variable(Float32Array.from({ length: n }, (_, i) => 1 + (i % 7) / 10));
  const gradient = (i: number) => 0.01 * (1 + (i % 5) / 10);
  const g = variable(Float32Array.from({ length: n }, (_, i) => gradient(i)));
  const adam = new Adam({ learningRate: RATE });
  const call = async (steps: number) => {
    for (let step = 0; step < steps; step++) adam.applyGradients([[g, w]]);
  };
  const loop = (onNonFinite: 'throw' | 'propagate') => {
    const optimizer = new Adam({ learningRate: RATE, onNonFinite });
    const sum = () => ops.sum(w);
    return (maxSteps: number) => minimize(sum, { variables: [w], optimizer, stopWhen: { maxSteps } });
  };
  const make = { call, loop: loop('throw'), propagate: loop('propagate') };
  for (const way of WAYS) {
    const before = w.data;
    await make[way](3);
    assertAdam(before, w.data, way === 'call' ? gradient : () => 1, 3);
  }
  // Some 40 ms in each run of the loop, so that its trace and its crossings do not count.
  const steps = Math.max(1, Math.round(4e7 / n));
  return {
    call: await time(() => adam.applyGradients([[g, w]]), n),
    loop: await time(() => make.loop(steps), n * steps),
    propagate: await time(() => make.propagate(steps), n * steps),
  };
}

/** Throws unless `after` is what the first `steps` steps on a constant gradient make of `before`, computed in f64. */
function assertAdam(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  gradient: (i: number) => number,
  steps: number,
) {
  const { length } = after;
  for (let i = 0; i < length; i += i < 99 || i + 1009 > length ? 1 : 1009) {
    let [m, v, expected] = [0, 0, before[i]!];
    for (let t = 1; t <= steps; t++) {
      m += 0.1 * (gradient(i) - m);
      v += 0.001 * (gradient(i) ** 2 - v);
      expected -= (RATE * Math.sqrt(1 - 0.999 ** t) * m) / (1 - 0.9 ** t) / (Math.sqrt(v) + 1e-7);
    }
    // Each step rounds w, which is between 1 and 2, by at most 2⁻²⁴; its own error, a few parts in 10⁷, is far less.
    const message = `element ${i}: expected ${expected}, got ${after[i]}`;
    assert.ok(Math.abs(after[i]! - expected) <= steps * 2 ** -23, message);
  }
}

await main(contest, measure);
