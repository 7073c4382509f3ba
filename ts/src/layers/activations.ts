// Activations by name (every elementwise op of one operand is one), or as a function of the user's own.

import { describeValue, fail } from '../errors.js';
import { UNARY } from '../generated/unary.js';
import * as ops from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { isSerializedFunction, Names, refuseClass, type Serialized, serializeFunction } from '../units.js';

/** A function of tensors, element by element or along the last axis. */
export type ActivationFunction = (x: Tensor) => Tensor;

/** What an option for an activation takes: a name in any spelling or a function; null is 'linear'. */
export type ActivationLike = string | ActivationFunction | Serialized | null;

/** An activation, and how a configuration says it. */
export interface Activation {
  readonly apply: ActivationFunction;
  readonly config: string | Serialized;
}

const ACTIVATIONS: Names<Activation> = new Names<Activation>(
  'activation',
  Object.entries({
    linear: (x: Tensor): Tensor => x,
    ...UNARY,
    exponential: ops.exp,
    softmax: ops.softmax,
    log_softmax: ops.logSoftmax,
    leaky_relu: (x: Tensor): Tensor => ops.leakyRelu(x),
    elu: (x: Tensor): Tensor => ops.elu(x),
    selu: ops.selu,
    celu: (x: Tensor): Tensor => ops.celu(x),
    gelu_tanh: (x: Tensor): Tensor => ops.gelu(x, { approximate: true }),
    silu: ops.silu,
    swish: ops.silu,
    mish: ops.mish,
    softsign: ops.softsign,
    log_sigmoid: ops.logSigmoid,
    relu6: ops.relu6,
    hard_sigmoid: ops.hardSigmoid,
    hard_silu: ops.hardSilu,
    hard_swish: ops.hardSilu,
    hard_tanh: ops.hardTanh,
    tanh_shrink: ops.tanhShrink,
    soft_shrink: (x: Tensor): Tensor => ops.softShrink(x),
    hard_shrink: (x: Tensor): Tensor => ops.hardShrink(x),
    squareplus: (x: Tensor): Tensor => ops.squareplus(x),
    sparse_plus: ops.sparsePlus,
    sparse_sigmoid: ops.sparseSigmoid,
    sparsemax: ops.sparsemax,
    glu: (x: Tensor): Tensor => ops.glu(x),
  }).map(([name, apply]) => [name, { apply, config: name }] as const),
);

// A function without a name works as any other until it is to be saved.
function functionActivation(apply: ActivationFunction): Activation {
  return {
    apply,
    get config() {
      return serializeFunction('activation', apply, 'give it a name, such as const swish = (x) => …');
    },
  };
}

/** The activation that an option means. Throws UNKNOWN_NAME, INVALID_VALUE. */
export function activationOf(value: ActivationLike | undefined, what: string): Activation {
  if (value === undefined || value === null) return ACTIVATIONS.get('linear');
  if (typeof value === 'string') return ACTIVATIONS.get(value);
  refuseClass(value, `${what} activation`);
  if (typeof value === 'function') return functionActivation(value);
  if (isSerializedFunction(value)) {
    return functionActivation(ACTIVATIONS.customFunction(value.config) as ActivationFunction);
  }
  throw fail('INVALID_VALUE', `${what} activation`, 'a name or a function of tensors', describeValue(value));
}
