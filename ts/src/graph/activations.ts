// Activations beyond the elementwise ops of the core, with Keras's names and defaults. Those worth a pass of their own are
// ops of the core with numbers, the others compositions. Refuses parameters that are no finite numbers.

import { fail } from '../errors.js';
import {
  abs,
  add,
  div,
  gelu as exactGelu,
  greater,
  mul,
  neg,
  relu,
  sigmoid,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
} from '../generated/ops.js';
import { assertOptions } from '../units.js';
import { fixedSize } from './arranging.js';
import { axisOf, numberThat } from './axes.js';
import { type Dim, shapeText } from './dims.js';
import { floating } from './elementwise.js';
import { lastAxis } from './entry.js';
import { clip, where } from './logic.js';
import { type Attrs, float } from './node.js';
import { cumsum, sum } from './reductions.js';
import { cast, slice } from './shapes.js';
import { topK } from './sorting.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer } from './trace.js';

const traced = (x: Operand, name: string): Tensor => floating(currentTracer(name).operand(x, name), name);

function curve(name: string, operand: Operand, attrs: Attrs): Tensor {
  const x = traced(operand, name);
  return x.tracer.op(name, [x], attrs, [x])[0] as Tensor;
}

/** The number that an option is, or its default; `above`: what it must be larger than. */
function number<K extends string>(
  options: { readonly [key in K]?: number },
  key: K,
  standard: number,
  name: string,
  above = Number.NEGATIVE_INFINITY,
): number {
  assertOptions(`ops.${name}`, options, [key]);
  const expected = above === Number.NEGATIVE_INFINITY ? 'a finite number' : `a finite number above ${above}`;
  return numberThat(options[key] ?? standard, (x) => x > above, expected, `${name}: ${key}`);
}

/** `x`, or `negativeSlope · x` (0.2) below 0. The gradient at 0 is the slope. */
export function leakyRelu(x: Operand, options: { negativeSlope?: number } = {}): Tensor {
  return curve('leaky_relu', x, { slope: float(number(options, 'negativeSlope', 0.2, 'leakyRelu')) });
}

/** `x`, or `alpha · (eˣ − 1)` below 0; `alpha` (1) is above 0 (Clevert et al., 2016). */
export function elu(x: Operand, options: { alpha?: number } = {}): Tensor {
  return curve('elu', x, { alpha: float(number(options, 'alpha', 1, 'elu', 0)) });
}

/** The scaled `elu` that keeps mean and variance: 1.0507 · elu with alpha 1.6733 (Klambauer et al., 2017). */
export function selu(x: Operand): Tensor {
  return mul(elu(x, { alpha: 1.6732632423543772 }), 1.0507009873554805);
}

/** `max(x, 0) + min(alpha · (e^(x/alpha) − 1), 0)`; `alpha` (1) is above 0 (Barron, 2017). */
export function celu(x: Operand, options: { alpha?: number } = {}): Tensor {
  const alpha = number(options, 'alpha', 1, 'celu', 0);
  return alpha === 1 ? elu(x) : mul(elu(div(x, alpha)), alpha);
}

/**
 * `x · Φ(x)`, Φ being the distribution function of the standard normal distribution; `approximate`: by `tanh`, as
 * `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))` (Hendrycks and Gimpel, 2016).
 */
export function gelu(x: Operand, options: { approximate?: boolean } = {}): Tensor {
  assertOptions('ops.gelu', options, ['approximate']);
  if (options.approximate !== true) return exactGelu(x);
  const slope = Math.sqrt(8 / Math.PI);
  return curve('swish', x, { a: float(slope), b: float(0.044715 * slope) });
}

/** `x · sigmoid(x)`, also called swish (Ramachandran et al., 2017). */
export function silu(x: Operand): Tensor {
  return curve('swish', x, { a: float(1), b: float(0) });
}

/** `x · tanh(softplus(x))` (Misra, 2019). */
export function mish(x: Operand): Tensor {
  return mul(x, tanh(softplus(x)));
}

/** `x / (1 + |x|)`. */
export function softsign(x: Operand): Tensor {
  return div(x, add(abs(x), 1));
}

/** `ln sigmoid(x)`, without its loss of digits. */
export function logSigmoid(x: Operand): Tensor {
  return neg(softplus(neg(x)));
}

/** `min(max(x, 0), 6)`. The gradient at 0 is 0, that at 6 is 1. */
export function relu6(x: Operand): Tensor {
  return clip(relu(x), 0, 6);
}

/** `x / 6 + 1/2` between 0 and 1, Keras 3's (Keras 2 had a slope of 0.2). */
export function hardSigmoid(x: Operand): Tensor {
  return clip(add(div(x, 6), 0.5), 0, 1);
}

/** `x · hardSigmoid(x)`, also called hard swish (Howard et al., 2019). */
export function hardSilu(x: Operand): Tensor {
  return mul(x, hardSigmoid(x));
}

/** `x` between −1 and 1. */
export function hardTanh(x: Operand): Tensor {
  return clip(x, -1, 1);
}

/** `x − tanh(x)`. */
export function tanhShrink(x: Operand): Tensor {
  return sub(x, tanh(x));
}

/** `x` moved towards 0 by `threshold` (0.5), and 0 within it. */
export function softShrink(x: Operand, options: { threshold?: number } = {}): Tensor {
  const bound = numberThat(number(options, 'threshold', 0.5, 'softShrink'), (t) => t >= 0, 'at least 0', 'softShrink');
  return sub(x, clip(x, -bound, bound));
}

/** `x`, or 0 within ± `threshold` (0.5). */
export function hardShrink(x: Operand, options: { threshold?: number } = {}): Tensor {
  const bound = number(options, 'threshold', 0.5, 'hardShrink');
  return where(greater(abs(x), bound), x, 0);
}

/** `x` where it is above `threshold`, elsewhere `defaultValue`. */
export function threshold(x: Operand, options: { threshold: number; defaultValue: number }): Tensor {
  assertOptions('ops.threshold', options, ['threshold', 'defaultValue']);
  const [bound, otherwise] = (['threshold', 'defaultValue'] as const).map((key) =>
    numberThat(options?.[key], () => true, 'a finite number', `threshold: ${key}`),
  ) as [number, number];
  return where(greater(x, bound), x, otherwise);
}

/** `(x + √(x² + b)) / 2`; `b` (4) is at least 0 (Barron, 2021). */
export function squareplus(x: Operand, options: { b?: number } = {}): Tensor {
  const b = numberThat(number(options, 'b', 4, 'squareplus'), (n) => n >= 0, 'at least 0', 'squareplus: b');
  return mul(add(x, sqrt(add(square(x), b))), 0.5);
}

/** 0 up to −1, `x` from 1 on, `(x + 1)² / 4` between. */
export function sparsePlus(x: Operand): Tensor {
  const near = square(mul(add(clip(x, -1, 1), 1), 0.5));
  return add(near, relu(sub(x, 1)));
}

/** 0 up to −1, 1 from 1 on, `(x + 1) / 2` between. */
export function sparseSigmoid(x: Operand): Tensor {
  return clip(mul(add(x, 1), 0.5), 0, 1);
}

/**
 * The nearest point to `x` with elements from 0 on that add up to 1, along the last axis (Martins and Astudillo, 2016,
 * algorithm 1). Keras 3.15 adds up running sums in place of elements, and its result does not add up to 1.
 */
export function sparsemax(x: Operand): Tensor {
  const input = traced(x, 'sparsemax');
  const axis = lastAxis(input, 'sparsemax');
  const size = fixedSize(input, axis, 'sparsemax');
  const { values } = topK(input, size);
  const places = Float32Array.from({ length: size }, (_, i) => i + 1);
  // The largest k for which 1 + k · z(k) is above the sum of the k largest; those k lose the same and keep 1 together.
  const kept = cast(greater(add(mul(values, places), 1), cumsum(values, { axis })), 'float32');
  const over = { axis, keepDims: true };
  const loss = div(sub(sum(mul(kept, values), over), 1), sum(kept, over));
  return relu(sub(input, loss));
}

/** The first half of an axis (the last by default) times the sigmoid of the second (Dauphin et al., 2017). */
export function glu(x: Operand, options: { axis?: number } = {}): Tensor {
  assertOptions('ops.glu', options, ['axis']);
  const input = traced(x, 'glu');
  const axis = axisOf(options.axis ?? -1, input, 'glu');
  const size = input.shape[axis] as Dim;
  if (typeof size !== 'number' || size % 2 !== 0) {
    throw fail('SHAPE_MISMATCH', 'glu', `an even size of axis ${axis}`, shapeText(input.shape));
  }
  const half = (start: number) => slice(input, { axis, start, length: size / 2 });
  return mul(half(0), sigmoid(half(size / 2)));
}
