// One step of an optimizer on gradients from anywhere, at once: gradients in JavaScript's memory are written into
// buffers kept for them, variables as gradients are read in place, and a plan of nothing but the update runs one step.

import { refusal } from '../engine/binding.js';
import { type Call, type LocalEngine, REPORT_HEAD } from '../engine/engine.js';
import { DescendError, describeValue, fail } from '../errors.js';
import { encodePlan } from '../graph/encode.js';
import type { Captured } from '../graph/tensor.js';
import { Tracer } from '../graph/trace.js';
import { localEngineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import { Variable } from '../variable.js';
import { Again } from './again.js';
import type { Optimizer } from './optimizer.js';
import { isRows, type RowGradient, type Rows, rowsOf, scattered } from './rows.js';
import { changedBy, memoryOf, updateSpec } from './state.js';

/** A gradient and the variable it is of. */
export type GradientPair = readonly [gradient: Captured | Variable | RowGradient, variable: Variable];

/** What some rules look at besides the gradients. */
export interface ApplyOptions {
  /** The loss whose gradients these are. */
  loss?: number | undefined;
  /** An estimate of the Hessian's diagonal for each pair, of its variable's shape. */
  hessianDiagonals?: readonly (Captured | Variable)[] | undefined;
}

/** What a step did. */
export interface StepReport {
  /** The L2 norm of all gradients together, before clipping. */
  gradNorm: number;
  /** The L2 norm of what was added to all variables; NaN without `measureUpdates`. */
  updateNorm: number;
  learningRate: number;
  /** Whether the step was left out because a gradient was not finite (`onNonFinite: 'skip'`). */
  skipped: boolean;
}

/** What a step is made on. */
interface Parts {
  readonly variables: readonly Variable[];
  /** Of rows two each: the indices and the values. */
  readonly gradients: readonly Variable[];
  readonly curvatures: readonly Variable[];
  readonly hasLoss: boolean;
}

/** The plan of an optimizer's last step, for steps on the same variables need no other. */
interface Prepared extends Parts {
  readonly bytes: Uint8Array;
  readonly slots: readonly Variable[];
  /** Numbers of the plan besides the loss. */
  readonly constants: readonly number[];
  /** Where the next step may be one like the last. */
  again?: Again | undefined;
}

const prepared = new WeakMap<Optimizer, Prepared>();

/**
 * Makes one step. Throws NON_FINITE with the variable's name, SHAPE_MISMATCH, DUPLICATE_NAME, BUSY; nothing has
 * changed then.
 */
export function applyGradients(
  optimizer: Optimizer,
  pairs: readonly GradientPair[],
  options?: ApplyOptions,
): StepReport {
  const report = asksNothing(options) ? prepared.get(optimizer)?.again?.step(optimizer, pairs) : undefined;
  return report ?? applyAnew(optimizer, pairs, options ?? {});
}

function applyAnew(optimizer: Optimizer, pairs: readonly GradientPair[], options: ApplyOptions): StepReport {
  const what = `${optimizer.className}.applyGradients`;
  const variables = checkPairs(pairs, what);
  const loss = checkLoss(optimizer, options, what);
  const diagonals = checkDiagonals(options.hessianDiagonals ?? [], variables.length, what);
  memoryOf(optimizer).meet(variables);
  optimizer.hooks.before(optimizer.steps);
  const engine = localEngineOf(variables);
  const placed = pairs.map(([gradient], i) => place(optimizer, engine, gradient, variables[i] as Variable));
  const gradients = placed.flat() as Variable[];
  const curvatures = diagonals.map((one, i) => dense(optimizer, engine, one, variables[i] as Variable, 'curvature'));
  let plan = prepared.get(optimizer);
  const hasLoss = loss !== undefined;
  const parts = { variables, gradients, curvatures, hasLoss };
  const again = plan !== undefined && isOn(plan, parts);
  plan?.again?.dispose();
  if (plan === undefined || !again) {
    plan = prepare(optimizer, parts, placed);
    prepared.set(optimizer, plan);
  }
  plan.again = undefined;
  const report = step(optimizer, engine, plan, loss === undefined ? [] : [loss]);
  // Who does the same twice will do it again.
  if (again && asksNothing(options) && placed.every((one) => one instanceof Variable)) {
    plan.again = stepAgain(optimizer, engine, plan, pairs);
  }
  optimizer.hooks.after(report, optimizer.steps);
  return report;
}

function asksNothing(options: ApplyOptions | undefined): boolean {
  return (
    options === undefined || (typeof options === 'object' && options !== null && Object.keys(options).length === 0)
  );
}

function isOn(plan: Prepared, { variables, gradients, curvatures, hasLoss }: Parts): boolean {
  const same = sameItems(plan.variables, variables) && sameItems(plan.gradients, gradients);
  return same && sameItems(plan.curvatures, curvatures) && plan.hasLoss === hasLoss;
}

function stepAgain(
  optimizer: Optimizer,
  engine: LocalEngine,
  plan: Prepared,
  pairs: readonly GradientPair[],
): Again | undefined {
  const { variables, gradients, slots, hasLoss } = plan;
  if (hasLoss || plan.curvatures.length > 0 || optimizer.hooks.any) return undefined;
  const { sync } = engine;
  const keep = () => sync.keep(sync.plan(plan.bytes, 1), callOf(optimizer, engine, plan, []));
  const given = pairs.map(([gradient]) => !(gradient instanceof Variable));
  return Again.after(optimizer, sync, keep, { variables, gradients, slots, given });
}

/** The loss, where the rule wants it or it was given. */
function checkLoss({ needs }: Optimizer, options: ApplyOptions, what: string): number | undefined {
  assertOptions(what, options, ['loss', 'hessianDiagonals']);
  const { loss } = options;
  if (needs.has('evaluations')) {
    const hint = 'minimize and fit evaluate it as often as the rule wants';
    throw fail('NEEDS_LOSS', what, 'a loss to evaluate at several points', 'gradients at one', hint);
  }
  if (loss === undefined) {
    if (!needs.has('loss')) return undefined;
    const hint = 'pass { loss }, or use minimize or fit';
    throw fail('NEEDS_LOSS', what, 'the loss of these gradients', 'gradients alone', hint);
  }
  if (typeof loss === 'number') return loss;
  throw fail('INVALID_VALUE', `${what}: loss`, 'a number', describeValue(loss));
}

function checkDiagonals(given: unknown, count: number, what: string): readonly (Captured | Variable)[] {
  if (Array.isArray(given) && (given.length === 0 || given.length === count)) return given;
  throw fail('INVALID_VALUE', `${what}: hessianDiagonals`, `a list of ${count}`, describeValue(given));
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

/** The gradient as something on the engine, of the variable's shape, or as rows. */
function place(
  optimizer: Optimizer,
  engine: LocalEngine,
  gradient: GradientPair[0],
  variable: Variable,
): Variable | Rows {
  if (isRows(gradient)) return rowsOf(gradient, variable, memoryOf(optimizer).of(variable).rows);
  return dense(optimizer, engine, gradient, variable);
}

/** An array of the variable's shape as something on the engine. */
function dense(
  optimizer: Optimizer,
  engine: LocalEngine,
  gradient: Captured | Variable,
  variable: Variable,
  kind: 'gradient' | 'curvature' = 'gradient',
): Variable {
  if (gradient instanceof Variable) {
    if (sameItems(gradient.shape, variable.shape)) return gradient;
    throw fail('SHAPE_MISMATCH', kind, `that of ${variable}`, String(gradient));
  }
  const kept = memoryOf(optimizer).of(variable);
  const options = { name: `${kind} of ${kept.name}`, dtype: 'float32', trainable: false } as const;
  kept[kind] ??= new Variable(0, variable.shape, options);
  kept[kind].placeNow(engine);
  kept[kind].assign(gradient);
  return kept[kind];
}

function prepare(optimizer: Optimizer, given: Parts, placed: readonly (Variable | Rows)[]): Prepared {
  const { variables, curvatures, hasLoss } = given;
  const tracer = new Tracer();
  const reports = hasLoss ? [tracer.scalar(0)] : [];
  const values = placed.map((gradient, i) =>
    gradient instanceof Variable ? tracer.variable(gradient) : scattered(tracer, gradient, variables[i] as Variable),
  );
  const pairs = variables.map((variable, i) => [variable, values[i] as (typeof values)[0]] as const);
  const curved = curvatures.map((one, i) => [variables[i] as Variable, tracer.variable(one)] as const);
  const curvature = new Map(curved);
  const bytes = encodePlan(tracer, { reports, update: updateSpec(optimizer, pairs, curvature) });
  // Numbers of constraints; that of the loss comes with each call.
  const constants = tracer.scalars.slice(reports.length);
  return { ...given, bytes, slots: tracer.slots as Variable[], constants };
}

function callOf(optimizer: Optimizer, engine: LocalEngine, plan: Prepared, scalars: readonly number[]): Call {
  return {
    variables: plan.slots.map((slot) => slot.placeNow(engine)),
    changes: changedBy(optimizer, plan.variables).map((variable) => variable.placeNow(engine)),
    updates: optimizer.steps,
    scalars: [...scalars, ...plan.constants],
    // No norm is below 0: this only asks for it to be computed.
    stop: { gradNormBelow: 0 },
  };
}

function step(optimizer: Optimizer, engine: LocalEngine, plan: Prepared, scalars: readonly number[]): StepReport {
  const { sync } = engine;
  const call = callOf(optimizer, engine, plan, scalars);
  const hyper = optimizer.encodeHypers(optimizer.steps, 1);
  const run = sync.start(sync.plan(plan.bytes, 1), call);
  try {
    for (;;) {
      const { status, reports, text } = sync.advance(run, 1, Number.MAX_VALUE, hyper);
      if (status === 'failed') throw refusal(new Error(text)) ?? new DescendError('ENGINE_FAILED', text);
      if (reports.length < REPORT_HEAD) continue;
      const [, skipped, gradNorm, learningRate, updateNorm] = reports as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      if (skipped === 0) optimizer.setSteps(optimizer.steps + 1);
      return { gradNorm, updateNorm, learningRate, skipped: skipped === 1 };
    }
  } finally {
    sync.release('run', run);
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
