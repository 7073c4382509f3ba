// Products of square matrices in GFLOP/s: a chain of products in one traced function, run many times per crossing, so
// that neither crossing nor interpreter counts. The limits: what C reaches with fused multiply-adds, and half of it,
// for here a multiplication and an addition are two instructions (that is what makes the bits equal everywhere).

import assert from 'node:assert/strict';
import { grad, minimize, ops, SGD, type Tensor, type Variable, variable } from 'descend';
import { ask, main, type Name, WITH_FAST } from './child.ts';
import { Limits } from './limits.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const SIZES = [32, 64, 128, 256, 512, 1024];
/** Products in the chain. */
const LINKS = 8;
/** GFLOP/s from size 256 on. */
const AIMS: Partial<Record<Name, number>> = { 'native 1': 75, wasm: 25 };

async function contest(): Promise<void> {
  const limits = await Limits.compile();
  const rounds = new Rounds();
  const peak = { 1: 0, 2: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    for (const threads of limits ? ([1, 2] as const) : []) {
      for (const limit of ['fma-avx512', 'fma-avx2'] as const) {
        const { gflops } = await limits!.measure(limit, 1e5, threads);
        peak[threads] = Math.max(peak[threads], gflops);
      }
    }
    for (const n of SIZES) for (const name of WITH_FAST) rounds.add(`${n} ${name}`, await ask<Timing>(name, { n }));
  }
  await limits?.remove();
  report(rounds, peak);
}

function report(rounds: Rounds, peak: { 1: number; 2: number }): void {
  const head = ['size', ...SIZES.map(String)];
  const rows = WITH_FAST.map((name) => [
    name,
    ...SIZES.map((n) => figures(rounds.get(`${n} ${name}`), (seconds) => (2 * n ** 3) / seconds / 1e9)),
  ]);
  printTable('Matrix products: GFLOP/s, best / median ± spread', head, rows);
  const best = (name: Name, n: number) => (2 * n ** 3) / rounds.get(`${n} ${name}`)!.best / 1e9;
  if (peak[1] > 0) {
    const rows = WITH_FAST.map((name) => {
      const limit = peak[name.endsWith('2') ? 2 : 1];
      const shares = SIZES.map((n) => `${Math.round((100 * best(name, n)) / limit)}%`);
      return [name, ...shares, `${short(limit)} fused, ${short(limit / 2)} not`];
    });
    printTable('Share of the peak with fused multiply-adds, at the best', [...head, 'GFLOP/s'], rows);
  }
  for (const [name, aim] of Object.entries(AIMS) as [Name, number][]) {
    const least = Math.min(...SIZES.filter((n) => n >= 256).map((n) => best(name, n)));
    console.log(`${name}: ${short(least)} GFLOP/s or more from 256 on; aim ${aim}`);
  }
}

/** Times one product, after having held some of its elements against f64. */
async function measure({ n }: { n: number }): Promise<Timing> {
  // Of mean 0 and variance 1 / n, so that a chain of products neither vanishes nor overflows.
  const width = Math.sqrt(12 / n);
  const numbers = (seed: number) => Float32Array.from({ length: n * n }, (_, i) => width * (noise(seed + i) - 0.5));
  const [first, factor] = [variable(numbers(1), [n, n]), variable(numbers(1 + n * n), [n, n])];
  await assertProduct(first, factor, n);
  // What the loop learns has nothing to do with the product: no gradient of it is asked for, none is computed.
  const other = variable([0]);
  const chain = (): Tensor => {
    let product: Tensor = ops.matmul(first, factor);
    for (let link = 1; link < LINKS; link++) product = ops.matmul(product, factor);
    return ops.add(ops.sum(other), ops.sum(product));
  };
  const work = { variables: [other], optimizer: new SGD() };
  // Some 40 ms at 50 GFLOP/s.
  const steps = Math.max(1, Math.round(2e9 / (2 * n ** 3 * LINKS)));
  return await time(() => minimize(chain, { ...work, stopWhen: { maxSteps: steps } }), steps * LINKS);
}

/** Throws unless rows of the product are what f64 gives, within the bound of a sum of `n` rounded terms. */
async function assertProduct(a: Variable, b: Variable, n: number): Promise<void> {
  const x = variable(new Float32Array(n * n), [n, n]);
  // The gradient of ∑ x·(a b) with respect to x is a b.
  const [product] = await grad(() => ops.sum(ops.mul(x, ops.matmul(a, b))), [x]);
  const [left, right] = [a.data, b.data];
  for (let row = 0; row < n; row += Math.ceil(n / 16)) {
    for (let column = 0; column < n; column++) {
      let [expected, magnitude] = [0, 0];
      for (let k = 0; k < n; k++) {
        const term = left[row * n + k]! * right[k * n + column]!;
        expected += term;
        magnitude += Math.abs(term);
      }
      const got = product!.data[row * n + column]!;
      const message = `(${row}, ${column}): expected ${expected}, got ${got}`;
      assert.ok(Math.abs(got - expected) <= n * 2 ** -24 * magnitude, message);
    }
  }
}

/** A number from 0 to 1 that depends on `i` alone. */
function noise(i: number): number {
  const x = Math.imul(i ^ (i >>> 15), 0x2c1b3c6d);
  return ((Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0) + 0.5) / 2 ** 32;
}

await main(contest, measure);
