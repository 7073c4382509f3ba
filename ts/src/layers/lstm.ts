// Long short-term memory.

import { add, concat, matmul, mul, slice } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { Initializer, type InitializerLike } from '../initializers/index.js';
import { INITIALIZERS } from '../initializers/registry.js';
import { flag, type OptionTable } from '../options.js';
import type { Activation, ActivationLike } from './activations.js';
import { activation } from './options.js';
import { type Cell, Recurrent, type RecurrentOptions } from './recurrent.js';

/** Options of LSTM. */
export interface LSTMOptions<S extends boolean = boolean> extends RecurrentOptions<S> {
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation?: ActivationLike;
  /** Whether the bias of the forget gate begins at 1 (Jozefowicz et al. 2015). Default true. */
  unitForgetBias?: boolean;
}

/** The bias of four gates, the second of which begins at 1. */
export class ForgetBias extends Initializer<{ others: InitializerLike }> {
  /** @internal */
  static override readonly options: OptionTable = { others: ['zeros', (value) => INITIALIZERS.resolve(value)] };
  declare readonly others: Initializer;

  override call([width = 0]: readonly number[], stream: string): Tensor {
    const units = width / 4;
    const ones = INITIALIZERS.resolve('ones').call([units], stream);
    return concat([this.others.call([units], stream), ones, this.others.call([2 * units], `${stream}/rest`)]);
  }
}

/**
 * `c = f ∘ c + i ∘ activation(g)`, `h = o ∘ activation(c)`, where the gates i, f, o (through `recurrentActivation`) and g
 * are one product: `x · kernel + h · recurrent_kernel + bias`, in Keras's order i, f, g, o. States are h and c.
 * Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of Gers et al. 2000.
 */
export class LSTM<S extends boolean = false> extends Recurrent<S> {
  static override readonly className: string = 'LSTM';
  /** @internal */
  static override readonly options: OptionTable = {
    ...Recurrent.options,
    recurrentActivation: ['sigmoid', activation],
    unitForgetBias: [true, flag],
  };
  /** @internal */
  declare readonly recurrentActivation: Activation;
  declare readonly unitForgetBias: boolean;
  protected override readonly gates = 4;
  override readonly stateCount = 2;

  constructor(options: LSTMOptions<S>) {
    super(options);
  }

  protected override biasBegin(): InitializerLike {
    const { biasInitializer, unitForgetBias } = this;
    return unitForgetBias ? new ForgetBias({ others: biasInitializer }) : biasInitializer;
  }

  protected override cell(): Cell {
    const { activation, recurrentActivation, recurrentKernel, units, bias } = this;
    const step: Cell['step'] = (x, states, h, keep) => {
      const z = add(x, matmul(h, recurrentKernel));
      const part = (i: number): Tensor => slice(z, { axis: 1, start: i * units, length: units });
      const gate = (i: number): Tensor => keep(recurrentActivation.apply(part(i)));
      const [i, f, o] = [gate(0), gate(1), gate(3)];
      const c = add(mul(f, states[1] as Tensor), mul(i, keep(activation.apply(part(2)))));
      return [mul(o, keep(activation.apply(c))), c];
    };
    return { bias, step };
  }
}
