// Runs the plan that gives a weight its first values: one step that computes the initializer's tensor and assigns it.

import { refusal } from '../engine/binding.js';
import type { Call, Engine, LocalEngine } from '../engine/engine.js';
import { runSteps } from '../engine/loop.js';
import { DescendError, fail } from '../errors.js';
import { shapeText } from '../graph/dims.js';
import { encodePlan } from '../graph/encode.js';
import { Tensor } from '../graph/tensor.js';
import { Tracer } from '../graph/trace.js';
import type { Initializer } from '../initializers/index.js';
import type { Variable } from '../variable.js';

/** A weight to be filled. */
type Unfilled = Variable & { readonly initializer: Initializer; readonly stream: string };

/** Fills `buffer`, the place of `weight` on `engine`. */
export async function fillFrom(engine: Engine, buffer: number, weight: Unfilled, seed: number): Promise<void> {
  const { bytes, call } = traced(buffer, weight, seed);
  const plan = await engine.plan(bytes, 1);
  await runSteps({ engine, plan, call, reports: 0, steps: 1 });
}

/** The same at once. */
export function fillFromNow({ sync }: LocalEngine, buffer: number, weight: Unfilled, seed: number): void {
  const { bytes, call } = traced(buffer, weight, seed);
  const run = sync.start(sync.plan(bytes, 1), call);
  try {
    let outcome = sync.advance(run, 1, Number.MAX_SAFE_INTEGER, new Uint8Array());
    while (outcome.status === 'more' && outcome.reports.length === 0) {
      outcome = sync.advance(run, 1, Number.MAX_SAFE_INTEGER, new Uint8Array());
    }
    if (outcome.status === 'failed')
      throw refusal(new Error(outcome.text)) ?? new DescendError('ENGINE_FAILED', outcome.text);
  } finally {
    sync.release('run', run);
  }
}

function traced(buffer: number, weight: Unfilled, seed: number): { bytes: Uint8Array; call: Call } {
  const { name, stream, shape, initializer } = weight;
  const tracer = new Tracer();
  const value = tracer.run(() => initializer.call(shape, stream));
  const fits = value instanceof Tensor && shapeText(value.shape) === shapeText(shape) && value.dtype === 'float32';
  if (!fits) throw fail('SHAPE_MISMATCH', `initializer of ${name}`, `float32${shapeText(shape)}`, String(value));
  const slot = tracer.slotOf(weight);
  if (slot !== 0 || tracer.slots.length > 1) {
    throw fail('INVALID_VALUE', `initializer of ${name}`, 'numbers made by ops', 'captured arrays or variables');
  }
  const bytes = encodePlan(tracer, { assigns: [[value, weight]] });
  return { bytes, call: { variables: [buffer], scalars: tracer.scalars, seed, changes: [buffer] } };
}
