// One step of an optimizer on gradients from anywhere, at once: gradients in JavaScript's memory are written into
// buffers kept for them, variables as gradients are read in place, and a plan of nothing but the update runs one step.

import { refusal } from '../engine/binding.js';
import { type Call, type LocalEngine, REPORT_HEAD } from '../engine/engine.js';
import { DescendError, describeValue, fail } from '../errors.js';
import { encodePlan } from '../graph/encode.js';
import type { Captured } from '../graph/tensor.js';
import { Tracer } from '../graph/trace.js';
import { localEngineOf } from '../slots.js';
import { Variable } from '../variable.js';
import type { Optimizer } from './optimizer.js';
import { changedBy, memoryOf, updateSpec } from './state.js';

/** A gradient and the variable it is of. */
export type GradientPair = readonly [gradient: Captured | Variable, variable: Variable];

/** What a step did. */
export interface StepReport {
  /** The L2 norm of all gradients together, before clipping. */
  gradNorm: number;
  learningRate: number;
  /** Whether the step was left out because a gradient was not finite (`onNonFinite: 'skip'`). */
  skipped: boolean;
}

/** The plan of an optimizer's last step, for steps on the same variables need no other. */
interface Prepared {
  readonly variables: readonly Variable[];
  readonly gradients: readonly Variable[];
  readonly bytes: Uint8Array;
  readonly slots: readonly Variable[];
}

const prepared = new WeakMap<Optimizer, Prepared>();

/**
 * Makes one step. Throws NON_FINITE with the variable's name, SHAPE_MISMATCH, DUPLICATE_NAME, BUSY; nothing has
 * changed then.
 */
export function applyGradients(optimizer: Optimizer, pairs: readonly GradientPair[]): StepReport {
  const what = `${optimizer.className}.applyGradients`;
  const variables = checkPairs(pairs, what);
  memoryOf(optimizer).meet(variables);
  const engine = localEngineOf(variables);
  const gradients = pairs.map(([gradient], i) => place(optimizer, engine, gradient, variables[i] as Variable));
  let plan = prepared.get(optimizer);
  if (!plan || !sameItems(plan.variables, variables) || !sameItems(plan.gradients, gradients)) {
    plan = prepare(optimizer, variables, gradients);
    prepared.set(optimizer, plan);
  }
  return step(optimizer, engine, plan);
}

function checkPairs(pairs: unknown, what: string): Variable[] {
  if (!Array.isArray(pairs) || pairs.length === 0) {
    throw fail('INVALID_VALUE', what, 'pairs [gradient, variable]', describeValue(pairs));
  }
  const variables = pairs.map((pair: unknown) => {
    const variable = Array.isArray(pair) ? pair[1] : undefined;
    if (variable instanceof Variable) return variable;
    throw fail('INVALID_VALUE', what, 'pairs [gradient, variable]', describeValue(pair), 'the gradient comes first');
  });
  if (new Set(variables).size === variables.length) return variables;
  throw fail('DUPLICATE_NAME', what, 'each variable once', 'one of them twice');
}

/** The gradient as something on the engine, of the variable's shape. */
function place(optimizer: Optimizer, engine: LocalEngine, gradient: Captured | Variable, variable: Variable): Variable {
  if (gradient instanceof Variable) {
    if (sameItems(gradient.shape, variable.shape)) return gradient;
    throw fail('SHAPE_MISMATCH', 'gradient', `that of ${variable}`, String(gradient));
  }
  const kept = memoryOf(optimizer).of(variable);
  const options = { name: `gradient of ${kept.name}`, dtype: 'float32', trainable: false } as const;
  kept.gradient ??= new Variable(0, variable.shape, options);
  kept.gradient.placeNow(engine);
  kept.gradient.assign(gradient);
  return kept.gradient;
}

function prepare(optimizer: Optimizer, variables: readonly Variable[], gradients: readonly Variable[]): Prepared {
  const tracer = new Tracer();
  const values = gradients.map((gradient) => tracer.variable(gradient));
  const pairs = variables.map((variable, i) => [variable, values[i] as (typeof values)[0]] as const);
  const bytes = encodePlan(tracer, { update: updateSpec(optimizer, pairs) });
  return { variables, gradients, bytes, slots: tracer.slots as Variable[] };
}

function step(optimizer: Optimizer, engine: LocalEngine, plan: Prepared): StepReport {
  const { sync } = engine;
  const call: Call = {
    variables: plan.slots.map((slot) => slot.placeNow(engine)),
    changes: changedBy(optimizer, plan.variables).map((variable) => variable.placeNow(engine)),
    updates: optimizer.iterations,
    // No norm is below 0: this only asks for it to be computed.
    stop: { gradNormBelow: 0 },
  };
  const hyper = optimizer.encodeHypers(optimizer.iterations, 1);
  const run = sync.start(sync.plan(plan.bytes, 1), call);
  try {
    for (;;) {
      const { status, reports, text } = sync.advance(run, 1, Number.MAX_VALUE, hyper);
      if (status === 'failed') throw refusal(new Error(text)) ?? new DescendError('ENGINE_FAILED', text);
      if (reports.length < REPORT_HEAD) continue;
      const [, skipped, gradNorm, learningRate] = reports as unknown as [number, number, number, number];
      if (skipped === 0) optimizer.setIterations(optimizer.iterations + 1);
      return { gradNorm, learningRate, skipped: skipped === 1 };
    }
  } finally {
    sync.release('run', run);
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
