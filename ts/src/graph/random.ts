// Randomness and gradients as ops: what asks the trace for more than a node.

import { describeValue, fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { listOf, numberThat } from './axes.js';
import { checkDims, type Shape } from './dims.js';
import { floating } from './elementwise.js';
import { one, traced } from './entry.js';
import { dims, float, int } from './node.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

/** A name for the random numbers of an op; by default a count within the traced function. */
export interface StreamOptions {
  name?: string;
}

/** Sets a random share `rate` (0 ≤ rate < 1) of the elements to 0 and scales the others by 1 / (1 − rate). */
export function dropout(x: Operand, rate: number, options: StreamOptions = {}): Tensor {
  assertOptions('ops.dropout', options, ['name']);
  const input = floating(traced(x, 'dropout'), 'dropout');
  numberThat(rate, (r) => r >= 0 && r < 1, 'a rate from 0 up to, not including, 1', 'dropout');
  const stream = int(currentTracer('dropout').stream('dropout', options.name));
  return one('dropout', [input], { rate: float(rate), stream }, input.shape);
}

/** Random numbers from `low` (0) up to, not including, `high` (1). */
export function randomUniform(shape: Shape, options: StreamOptions & { low?: number; high?: number } = {}): Tensor {
  assertOptions('ops.randomUniform', options, ['low', 'high', 'name']);
  const target = checkDims(shape, 'random_uniform');
  const [low, high] = [options.low ?? 0, options.high ?? 1];
  numberThat(low, () => true, 'a finite low', 'random_uniform');
  numberThat(high, (x) => x >= low, 'a finite high, not below low', 'random_uniform');
  const stream = int(currentTracer('random_uniform').stream('random_uniform', options.name));
  return one('random_uniform', [], { dims: dims(target), low: float(low), high: float(high), stream }, target);
}

/**
 * What `fn` gives, whose steps between its inputs and its results are not kept for the gradients but computed again for
 * them: less memory, more work, the same bits. What `keras.remat` and `jax.checkpoint` do; of calls within calls the
 * outermost counts. Chen et al. 2016, https://arxiv.org/abs/1604.06174
 */
export function recompute<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw fail('INVALID_VALUE', 'ops.recompute', 'a function', describeValue(fn));
  return currentTracer('recompute').again(fn);
}

/** The gradients of Σ y with respect to each of `xs`; more graph, so they nest. */
export function gradients(y: Operand, xs: readonly Operand[]): Tensor[] {
  const tracer = currentTracer('gradients');
  return tracer.gradients(
    [traced(y, 'gradients')],
    Array.from(listOf(xs, 'gradients'), (x) => traced(x, 'gradients')),
  );
}
