// A gradient of the user's own making, composed of ops like any function. Refuses rules that give no gradient, or one of
// another shape, for a value that may need it.

import { describeValue, fail } from '../errors.js';
import { listOf } from './axes.js';
import { sameShape, shapeText } from './dims.js';
import { floating } from './elementwise.js';
import { one } from './entry.js';
import { graph, int, ints } from './node.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer, Tracer } from './trace.js';

/** Gives the gradients by `xs` of what has the gradient `dy` by `y`; null for none. */
export type GradientRule = (dy: Tensor, xs: Tensor[], y: Tensor) => readonly (Operand | null)[];

/**
 * `forward(...xs)`, whose gradient is what `rule` says instead of what follows from its ops: a straight-through estimate, a
 * gradient clipped or reversed on its way, a formula that rounds better. Of what `forward` uses besides `xs` nothing flows
 * back. The rule is differentiated where gradients nest.
 */
export function customGradient(
  xs: readonly Operand[],
  forward: (...xs: Tensor[]) => Operand,
  rule: GradientRule,
): Tensor {
  const tracer = currentTracer('customGradient');
  for (const fn of [forward, rule]) {
    if (typeof fn !== 'function') throw fail('INVALID_VALUE', 'customGradient', 'a function', describeValue(fn));
  }
  const inputs = listOf(xs, 'customGradient').map((x) => tracer.operand(x, 'customGradient'));
  const y = floating(tracer.operand(forward(...inputs), 'customGradient'), 'customGradient');
  const inner = new Tracer(tracer);
  const [dy, ...values] = [y, ...inputs, y].map(({ shape, dtype }) => inner.parameter(shape, dtype)) as [
    Tensor,
    ...Tensor[],
  ];
  const made = inner.run(() => rule(dy, values.slice(0, -1), values.at(-1) as Tensor));
  const gradients = listOf(made, 'customGradient: result of the rule');
  if (gradients.length !== inputs.length) {
    const expected = `a rule that gives ${inputs.length} gradients`;
    throw fail('INVALID_VALUE', 'customGradient', expected, `${gradients.length}`, 'null where there is none');
  }
  const of = gradients.flatMap((gradient, i) => (gradient === null ? [] : [i]));
  inner.results = of.map((i) => {
    const [gradient, x] = [inner.operand(gradients[i] as Operand, 'customGradient'), inputs[i] as Tensor];
    if (gradient.dtype === 'float32' && x.dtype === 'float32' && sameShape(gradient.shape, x.shape)) return gradient;
    const expected = x.dtype === 'float32' ? `float32${shapeText(x.shape)}` : `null, for there is none by ${x}`;
    throw fail('SHAPE_MISMATCH', `customGradient: gradient ${i}`, expected, String(gradient));
  });
  const attrs = { body: graph(inner), count: int(inputs.length), of: ints(of) };
  return one('custom_gradient', [y, ...inputs, ...inner.lifted.keys()], attrs, y.shape);
}
