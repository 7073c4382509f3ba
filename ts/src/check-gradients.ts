// Are the gradients of a function right? Compares them with central differences, both in f64: what is checked is the
// mathematics of the backward rules, free of the rounding of f32.

import { decodeOracle, encodeOracle } from './engine/oracle.js';
import { describeValue, fail } from './errors.js';
import { checkVariables, type LossFunction, type RandomOptions, traceLoss } from './functions.js';
import { numberThat } from './graph/axes.js';
import { encodePlan } from './graph/encode.js';
import { checkSeed, defaultSeed } from './seed.js';
import { engineOf } from './slots.js';
import { assertOptions } from './units.js';
import { Variable } from './variable.js';

/** Options of `checkGradients`. */
export interface CheckGradientsOptions extends RandomOptions {
  /** Half the distance of the two points, relative to elements above 1. 1e-5 unless given. */
  epsilon?: number;
  /** Largest difference, relative to values above 1. 1e-6 unless given. */
  tolerance?: number;
  /** Elements compared per variable, evenly spread; each costs two evaluations. 100 unless given. */
  maxElements?: number;
}

/** What was found. */
export interface GradientReport {
  /** Whether every difference is within the tolerance. */
  ok: boolean;
  maxError: number;
  /** Elements compared. */
  checked: number;
  /** Where the difference was largest. */
  worst: { variable: number; name: string; index: number; gradient: number; numeric: number } | undefined;
}

/** Compares the gradients of `fn` with central differences. At kinks (relu at 0) they rightly differ. */
export async function checkGradients(
  fn: LossFunction,
  variables: readonly Variable[],
  options: CheckGradientsOptions = {},
): Promise<GradientReport> {
  assertOptions('checkGradients', options, ['epsilon', 'tolerance', 'maxElements', 'seed', 'iteration']);
  const { epsilon = 1e-5, tolerance = 1e-6, maxElements = 100, iteration = 0 } = options;
  numberThat(epsilon, (x) => x > 0, 'a number above 0', 'checkGradients: epsilon');
  numberThat(tolerance, (x) => x >= 0, 'a number from 0', 'checkGradients: tolerance');
  if (typeof maxElements !== 'number' || !(maxElements >= 1)) {
    throw fail('INVALID_VALUE', 'checkGradients: maxElements', 'a number from 1', describeValue(maxElements));
  }
  checkVariables(variables, 'checkGradients');
  const engine = await engineOf(variables);
  const { tracer, loss, grads } = traceLoss(fn, variables, 'checkGradients');
  const seed = options.seed === undefined ? defaultSeed() : checkSeed(options.seed, 'checkGradients: seed');
  const arrays: Float64Array[] = [];
  for (const slot of tracer.slots) {
    const data = slot instanceof Variable ? await slot.read() : (slot as { data: Float32Array }).data;
    arrays.push(Float64Array.from(data));
  }
  const ask = async (plan: number): Promise<Float64Array[]> =>
    decodeOracle(
      await engine.oracle(plan, encodeOracle({ variables: arrays, scalars: tracer.scalars, seed, iteration })),
    );
  const gradients = await ask(await engine.plan(encodePlan(tracer, { writes: grads }), 1));
  const plan = await engine.plan(encodePlan(tracer, { reports: [loss] }), 1);
  const value = async (): Promise<number> => ((await ask(plan))[0] as Float64Array)[0] as number;

  const report: GradientReport = { ok: true, maxError: 0, checked: 0, worst: undefined };
  for (const [v, variable] of variables.entries()) {
    const x = arrays[tracer.slotOf(variable)] as Float64Array;
    const stride = Math.ceil(x.length / maxElements);
    for (let index = 0; index < x.length; index += stride) {
      const at = x[index] as number;
      const step = epsilon * Math.max(1, Math.abs(at));
      x[index] = at + step;
      const above = await value();
      x[index] = at - step;
      const numeric = (above - (await value())) / (2 * step);
      x[index] = at;
      const gradient = (gradients[v] as Float64Array)[index] as number;
      const error = Math.abs(gradient - numeric) / Math.max(1, Math.abs(gradient), Math.abs(numeric));
      report.checked++;
      if (error <= report.maxError) continue;
      // NaN counts as the largest of all.
      report.maxError = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
      report.worst = { variable: v, name: variable.name, index, gradient, numeric };
    }
  }
  report.ok = report.maxError <= tolerance;
  return report;
}
