// The plainest recurrent layer.

import { add, matmul } from '../graph/ops.js';
import { type Cell, Recurrent, type RecurrentOptions } from './recurrent.js';

/** Options of SimpleRNN. */
export type SimpleRNNOptions<S extends boolean = boolean> = RecurrentOptions<S>;

/** `h = activation(x · kernel + bias + h · recurrent_kernel)`, step by step. Elman 1990, https://doi.org/10.1207/s15516709cog1402_1 */
export class SimpleRNN<S extends boolean = false> extends Recurrent<S> {
  static override readonly className: string = 'SimpleRNN';
  protected override readonly gates = 1;
  override readonly stateCount = 1;

  protected override cell(): Cell {
    const { activation, recurrentKernel, bias } = this;
    return { bias, step: (x, _states, h, keep) => [keep(activation.apply(add(x, matmul(h, recurrentKernel))))] };
  }
}
