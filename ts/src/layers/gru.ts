// Gated recurrent units.

import { add, matmul, mul, reshape, slice, sub } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { flag, type OptionTable } from '../options.js';
import type { Activation, ActivationLike } from './activations.js';
import { activation } from './options.js';
import { type Cell, Recurrent, type RecurrentOptions } from './recurrent.js';

/** Options of GRU. */
export interface GRUOptions<S extends boolean = boolean> extends RecurrentOptions<S> {
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation?: ActivationLike;
  /** Whether the reset gate acts behind the product of the state (one product per step, two biases). Default true. */
  resetAfter?: boolean;
}

/**
 * `h = z ∘ h + (1 − z) ∘ activation(x · W + r ∘ (h · U + b))`, or `… + (r ∘ h) · U` with `resetAfter: false`; the gates z and r
 * are functions of `x · W + h · U` through `recurrentActivation`. Cho et al. 2014, https://arxiv.org/abs/1406.1078
 */
export class GRU<S extends boolean = false> extends Recurrent<S> {
  static override readonly className: string = 'GRU';
  /** @internal */
  static override readonly options: OptionTable = {
    ...Recurrent.options,
    recurrentActivation: ['sigmoid', activation],
    resetAfter: [true, flag],
  };
  /** @internal */
  declare readonly recurrentActivation: Activation;
  declare readonly resetAfter: boolean;
  protected override readonly gates = 3;
  override readonly stateCount = 1;

  constructor(options: GRUOptions<S>) {
    super(options);
  }

  /** One for the inputs, and one for the state where its product has one. */
  protected override biasShape(): number[] {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  protected override cell(): Cell {
    return this.resetAfter ? this.#after() : this.#before();
  }

  #after(): Cell {
    const { units, activation, recurrentActivation: gate, recurrentKernel } = this;
    const [bias, inner] = [0, 1].map(
      (i) => this.bias && reshape(slice(this.bias, { start: i, length: 1 }), [3 * units]),
    );
    const step: Cell['step'] = (x, [last], h, keep) => {
      const product = matmul(h, recurrentKernel);
      const m = inner ? add(product, inner) : product;
      const gates = keep(gate.apply(add(part(x, 0, 2 * units), part(m, 0, 2 * units))));
      const [z, r] = [part(gates, 0, units), part(gates, units, units)];
      const sum = add(part(x, 2 * units, units), mul(r, keep(part(m, 2 * units, units))));
      return [mixed(z, last as Tensor, keep(activation.apply(sum)))];
    };
    return { bias, step };
  }

  #before(): Cell {
    const { units, activation, recurrentActivation: gate, recurrentKernel, bias } = this;
    const [forGates, forState] = [part(recurrentKernel, 0, 2 * units), part(recurrentKernel, 2 * units, units)];
    const step: Cell['step'] = (x, [last], h, keep) => {
      const gates = keep(gate.apply(add(part(x, 0, 2 * units), matmul(h, forGates))));
      const [z, r] = [part(gates, 0, units), part(gates, units, units)];
      const proposal = activation.apply(add(part(x, 2 * units, units), matmul(mul(r, h), forState)));
      return [mixed(z, last as Tensor, keep(proposal))];
    };
    return { bias, step };
  }
}

function part(x: Operand, start: number, length: number): Tensor {
  return slice(x, { axis: 1, start, length });
}

// z ∘ a + (1 − z) ∘ b
function mixed(z: Tensor, a: Tensor, b: Tensor): Tensor {
  return add(mul(z, a), mul(sub(1, z), b));
}
