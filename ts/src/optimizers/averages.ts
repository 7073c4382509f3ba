// Averages of weights that an optimizer keeps: those of schedule-free rules, worth evaluating where the weights are not,
// and the mean that `useEma` asks for. Computed on the engine; refuses optimizers without any.

import type { Engine } from '../engine/engine.js';
import { runSteps } from '../engine/loop.js';
import { describeValue, fail } from '../errors.js';
import { encodePlan } from '../graph/encode.js';
import { div, mul, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { Tracer } from '../graph/trace.js';
import { bindSlots, engineOf } from '../slots.js';
import { Variable } from '../variable.js';
import { averages, EMA, evaluatedWeights } from './evaluated.js';
import type { Optimizer } from './optimizer.js';
import { type Kept, memoryOf, statesOf } from './state.js';

/** Elements in C order. */
export interface Values {
  data: Float32Array;
  shape: number[];
}

const EVALUATED = { name: 'evaluated', dtype: 'float32', trainable: false } as const;

/** `evaluatedWeights` of an optimizer that has something better than the weights. */
export async function placedBetween(
  optimizer: Optimizer,
  weights: readonly Variable[],
): Promise<ReadonlyMap<Variable, Variable>> {
  const instead = new Map<Variable, Variable>();
  const assigns: [(tracer: Tracer) => Tensor, Variable][] = [];
  for (const weight of weights) {
    const kept = memoryOf(optimizer).of(weight);
    const { state, share } = kept.part?.settings.between ?? {};
    if (state === undefined || share === 0) continue;
    if (typeof share !== 'number') {
      const expected = 'a number, to know what to evaluate';
      throw fail('INVALID_VALUE', `${optimizer.className}: beta1`, expected, describeValue(share));
    }
    const behind = stateOf(optimizer, kept, weight, state);
    kept.evaluated ??= new Variable(0, weight.shape, EVALUATED);
    instead.set(weight, kept.evaluated);
    // w = (1 − β)·z + β·x.
    const worth = (tracer: Tracer): Tensor =>
      div(sub(tracer.variable(weight), mul(tracer.variable(behind), 1 - share)), share);
    assigns.push([worth, kept.evaluated]);
  }
  await assignAll(await engineOf(weights), assigns);
  return instead;
}

/** The values of what is worth evaluating in the place of each variable, or of itself. */
export async function evaluatedValues(optimizer: Optimizer, variables: readonly Variable[]): Promise<Values[]> {
  const instead = await evaluatedWeights(optimizer, variables);
  const values: Values[] = [];
  for (const variable of variables) {
    const data = (await (instead.get(variable) ?? variable).read()) as Float32Array;
    values.push({ data, shape: [...variable.shape] });
  }
  return values;
}

/** Exchanges weights and their means. */
export async function swapAverages(optimizer: Optimizer, weights: readonly Variable[]): Promise<void> {
  // Times 1: values of their own, for each is written before the other is read.
  const copy = (variable: Variable) => (tracer: Tracer) => mul(tracer.variable(variable), 1);
  const pairs = means(optimizer, weights);
  const assigns = pairs.flatMap(([weight, mean]) => [[copy(weight), mean] as const, [copy(mean), weight] as const]);
  await assignAll(await engineOf(weights), assigns);
}

/** Gives weights the values of their means. */
export async function takeAverages(optimizer: Optimizer, weights: readonly Variable[]): Promise<void> {
  const pairs = means(optimizer, weights);
  const assigns = pairs.map(([weight, mean]) => [(tracer: Tracer) => tracer.variable(mean), weight] as const);
  await assignAll(await engineOf(weights), assigns);
}

function means(optimizer: Optimizer, weights: readonly Variable[]): [weight: Variable, mean: Variable][] {
  if (!averages(optimizer)) {
    const hint = 'give it useEma: true';
    throw fail('INVALID_VALUE', 'averages', 'an optimizer that keeps a mean of weights', optimizer.className, hint);
  }
  // Before the first update there is no mean yet.
  if (optimizer.iterations === 0) return [];
  return weights.flatMap((weight) => {
    const kept = memoryOf(optimizer).of(weight);
    const has = statesOf(optimizer, kept.name, weight.shape).some(({ name }) => name === EMA);
    return has ? [[weight, stateOf(optimizer, kept, weight, EMA)]] : [];
  });
}

function stateOf(optimizer: Optimizer, kept: Kept, weight: Variable, state: string): Variable {
  const at = statesOf(optimizer, kept.name, weight.shape).findIndex(({ name }) => name === state);
  return kept.states[at] as Variable;
}

/** Sets variables to values of others, all at once. */
async function assignAll(
  engine: Engine,
  pairs: readonly (readonly [(tracer: Tracer) => Tensor, Variable])[],
): Promise<void> {
  if (pairs.length === 0) return;
  const tracer = new Tracer();
  const assigns = tracer.run(() => pairs.map(([value, variable]) => [value(tracer), variable] as const));
  const plan = await engine.plan(encodePlan(tracer, { assigns }), 1);
  const bound = await bindSlots(engine, tracer.slots);
  try {
    const changes = await Promise.all(pairs.map(([, variable]) => variable.place(engine)));
    await runSteps({
      engine,
      plan,
      call: { variables: bound.ids, scalars: tracer.scalars, changes },
      reports: 0,
      steps: 1,
    });
  } finally {
    bound.free();
  }
}
