// Functions of variables: their values and gradients, and their minimum. Each traces the user's function; the plan is
// found again by its bytes, so a call with other numbers compiles nothing.

import { type Chunk, runSteps } from './engine/loop.js';
import { describeValue, fail } from './errors.js';
import { coefOf, powerOf, shapeText, sizeOf } from './graph/dims.js';
import { encodePlan } from './graph/encode.js';
import type { Operand, Tensor } from './graph/tensor.js';
import { Tracer } from './graph/trace.js';
import { applyGradients } from './optimizers/apply.js';
import { curvatureOf } from './optimizers/curvature.js';
import { scaledLoss } from './optimizers/loss-scale.js';
import { Optimizer } from './optimizers/optimizer.js';
import { changedBy, updateSpec } from './optimizers/state.js';
import { knowSteps } from './optimizers/steps.js';
import { checkSeed, defaultSeed } from './seed.js';
import { bindSlots, engineOf } from './slots.js';
import { readStopWhen, type StopWhen } from './stop.js';
import { assertOptions } from './units.js';
import { Variable } from './variable.js';

/** A differentiable function: composed of `ops`, returns one number. */
export type LossFunction = () => Operand;

/** What random ops in a function depend on: the same two, the same numbers. */
export interface RandomOptions {
  /** That of `setSeed`, or a new one, unless given. */
  seed?: number;
  /** Which step it is; 0 unless given. */
  iteration?: number;
}

/** A gradient, as `applyGradients` takes it. */
export interface Gradient {
  data: Float32Array;
  shape: number[];
}

/** Options of `minimize`. */
export interface MinimizeOptions {
  /** What to change. */
  variables: readonly Variable[];
  optimizer: Optimizer;
  /** When to end; at least one rule. */
  stopWhen: StopWhen;
  /** Of random ops in the function. */
  seed?: number;
  /** Ends the loop at once: the promise rejects with its reason, the variables are as after the last completed step. */
  signal?: AbortSignal;
  /** Called after each step, when the variables are free to read and write; `false` ends the loop. */
  onStep?: (step: MinimizeStep) => unknown;
}

/** A completed step. */
export interface MinimizeStep {
  /** Counted from 0. */
  step: number;
  /** Before the step's update. */
  loss: number;
  /** L2 norm of the gradients; NaN where nothing computes it. */
  gradNorm: number;
  /** L2 norm of what was added to the variables; NaN without the optimizer's `measureUpdates`. */
  updateNorm: number;
  learningRate: number;
}

/** How a loop ended. */
export interface MinimizeResult {
  /** The last one seen: at the end where a rule on it stopped the loop, else before the last update. */
  loss: number;
  /** Updates made. */
  steps: number;
  stopReason: 'lossBelow' | 'maxSteps' | 'gradNormBelow' | 'minDelta' | 'stopped';
  /** The loss before the update of every step; of every second, fourth … step where that keeps it within 1,000. */
  history: number[];
}

/** The value of `fn` and its gradients with respect to `variables`, in their order. */
export async function valueAndGrad(
  fn: LossFunction,
  variables: readonly Variable[],
  options: RandomOptions = {},
): Promise<{ value: number; grads: Gradient[] }> {
  // These gradients are for steps.
  knowSteps(applyGradients);
  assertOptions('valueAndGrad', options, ['seed', 'iteration']);
  checkVariables(variables, 'valueAndGrad');
  const { tracer, loss, grads } = traceLoss(fn, variables, 'valueAndGrad');
  const plan = { reports: [loss], writes: grads };
  const { value, arrays } = await evaluated(tracer, variables, plan, options, 'valueAndGrad');
  return { value, grads: arrays };
}

/** What a traced function of variables gives: its first report, and the arrays that it writes. */
export async function evaluated(
  tracer: Tracer,
  variables: readonly Variable[],
  { reports = [], writes }: { reports?: readonly Tensor[]; writes: readonly Tensor[] },
  options: RandomOptions,
  what: string,
): Promise<{ value: number; arrays: Gradient[] }> {
  const engine = await engineOf(variables);
  const plan = await engine.plan(encodePlan(tracer, { reports, writes }), 1);
  const bound = await bindSlots(engine, tracer.slots);
  const outputs: number[] = [];
  try {
    const shapes = writes.map(({ shape }) => shape.map(coefOf));
    const sizes = shapes.map((shape) => shape.reduce((product, size) => product * size, 1));
    for (const size of sizes) outputs.push(await engine.alloc(4 * size));
    const call = { variables: bound.ids, outputs, scalars: tracer.scalars, ...randomness(options, what) };
    let value = Number.NaN;
    const onChunk = (chunk: Chunk): void => {
      if (reports.length > 0) value = chunk.report(0, 0);
    };
    await runSteps({ engine, plan, call, reports: reports.length, steps: 1, onChunk });
    const arrays: Gradient[] = [];
    for (const [i, shape] of shapes.entries()) {
      const [size, output] = [sizes[i] as number, outputs[i] as number];
      const bytes = await engine.read(output, 0, 4 * size);
      arrays.push({ data: new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, size), shape });
    }
    return { value, arrays };
  } finally {
    for (const id of outputs) engine.release('buffer', id);
    bound.free();
  }
}

/** The gradients alone. */
export async function grad(
  fn: LossFunction,
  variables: readonly Variable[],
  options: RandomOptions = {},
): Promise<Gradient[]> {
  return (await valueAndGrad(fn, variables, options)).grads;
}

/**
 * Changes `variables` until a rule of `stopWhen` holds. The function is traced once; many steps run per call of the
 * engine. Throws NON_FINITE with the step, INVALID_VALUE, UNKNOWN_OPTION, BUSY; rejects with the signal's reason.
 */
export async function minimize(fn: LossFunction, options: MinimizeOptions): Promise<MinimizeResult> {
  assertOptions('minimize', options, ['variables', 'optimizer', 'stopWhen', 'seed', 'signal', 'onStep']);
  const { variables, optimizer, onStep, signal } = options;
  if (onStep !== undefined && typeof onStep !== 'function') {
    throw fail('INVALID_VALUE', 'minimize: onStep', 'a function', describeValue(onStep));
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw fail('INVALID_VALUE', 'minimize: signal', 'an AbortSignal', describeValue(signal));
  }
  checkVariables(variables, 'minimize');
  if (!(optimizer instanceof Optimizer)) {
    throw fail('INVALID_VALUE', 'minimize: optimizer', 'an optimizer such as new Adam()', describeValue(optimizer));
  }
  const { maxSteps, ...stop } = readStopWhen(options.stopWhen, 'minimize');
  if (maxSteps === undefined && Object.keys(stop).length === 0) {
    throw fail('INVALID_VALUE', 'minimize: stopWhen', 'at least one rule', 'none', 'such as { maxSteps: 1000 }');
  }
  const random = randomness({ iteration: optimizer.steps, ...pick(options) }, 'minimize');
  const engine = await engineOf(variables);
  const { tracer, loss, grads } = traceLoss(fn, variables, 'minimize', optimizer);
  const update = updateSpec(
    optimizer,
    variables.map((variable, i) => [variable, grads[i] as Tensor]),
    curvatureOf(optimizer, tracer, loss, variables),
  );
  const assigns = [...tracer.assigned].map(([stored, value]) => [value, stored] as const);
  const plan = await engine.plan(encodePlan(tracer, { reports: [loss], update, assigns }), 1);
  const bound = await bindSlots(engine, tracer.slots);
  try {
    const changed = [...changedBy(optimizer, variables), ...(tracer.assigned.keys() as Iterable<Variable>)];
    const changes = await Promise.all(changed.map((variable) => variable.place(engine)));
    const call = {
      variables: bound.ids,
      changes,
      scalars: tracer.scalars,
      // No norm is below 0: this only asks for it to be computed.
      stop: onStep ? { gradNormBelow: 0, ...stop } : stop,
      ...random,
    };
    const history = new History();
    const { steps, reason } = await runSteps({
      engine,
      plan,
      call,
      reports: 1,
      signal,
      updater: optimizer,
      everyStep: onStep !== undefined,
      ...(maxSteps === undefined ? {} : { steps: maxSteps }),
      onChunk: (chunk) => {
        history.add(chunk);
        const [step, last] = [chunk.first, chunk.report(0, 0)];
        const [gradNorm, updateNorm, learningRate] = [chunk.gradNorm(0), chunk.updateNorm(0), chunk.learningRate(0)];
        return onStep?.({ step, loss: last, gradNorm, updateNorm, learningRate });
      },
    });
    return { loss: history.last, steps, stopReason: reason as MinimizeResult['stopReason'], history: history.points };
  } finally {
    bound.free();
  }
}

/** The trace of a function of variables, with its value and its gradients. */
export function traceLoss(
  fn: LossFunction,
  variables: readonly Variable[],
  what: string,
  optimizer?: Optimizer,
): { tracer: Tracer; loss: Tensor; grads: Tensor[] } {
  if (typeof fn !== 'function') throw fail('INVALID_VALUE', what, 'a function', describeValue(fn));
  const tracer = new Tracer();
  const loss = tracer.operand(tracer.run(fn), `${what}: result`);
  const size = sizeOf(loss.shape);
  if (coefOf(size) !== 1 || powerOf(size) !== 0 || loss.dtype !== 'float32') {
    const hint = `of shape ${shapeText(loss.shape)}: take ops.mean or ops.sum of it`;
    throw fail('SHAPE_MISMATCH', what, 'a function that returns one float32 number', String(loss), hint);
  }
  const grads = tracer.gradients(
    [optimizer ? scaledLoss(optimizer, tracer, loss, variables) : loss],
    variables.map((variable) => tracer.variable(variable)),
  );
  return { tracer, loss, grads };
}

/** Throws unless these are float32 variables, each once. */
export function checkVariables(variables: unknown, what: string): void {
  if (!Array.isArray(variables) || variables.length === 0) {
    throw fail('INVALID_VALUE', `${what}: variables`, 'a list of variables', describeValue(variables));
  }
  for (const variable of variables) {
    if (!(variable instanceof Variable)) {
      throw fail(
        'INVALID_VALUE',
        `${what}: variables`,
        'variables',
        describeValue(variable),
        'make them by variable(data)',
      );
    }
    if (variable.dtype !== 'float32') {
      throw fail('NOT_DIFFERENTIABLE', `${what}: variables`, 'float32 variables', String(variable));
    }
  }
  if (new Set(variables).size === variables.length) return;
  throw fail('DUPLICATE_NAME', `${what}: variables`, 'each variable once', 'one of them twice');
}

function randomness({ seed, iteration = 0 }: RandomOptions, what: string): { seed: number; iteration: number } {
  return { seed: seed === undefined ? defaultSeed() : checkSeed(seed, `${what}: seed`), iteration };
}

const pick = ({ seed }: MinimizeOptions): RandomOptions => (seed === undefined ? {} : { seed });

/** At most 1,000 numbers of arbitrarily many, at even distances from the first on. */
class History {
  points: number[] = [];
  last: number = Number.NaN;
  #stride = 1;

  add(chunk: Chunk): void {
    const { first, count } = chunk;
    this.last = chunk.report(count - 1, 0);
    // From the first step on that is a multiple of the stride.
    for (let i = -first % this.#stride; i < count; i += this.#stride) {
      if (i < 0) continue;
      this.points.push(chunk.report(i, 0));
      if (this.points.length <= 1000) continue;
      this.#stride *= 2;
      this.points = this.points.filter((_, k) => k % 2 === 0);
    }
  }
}
