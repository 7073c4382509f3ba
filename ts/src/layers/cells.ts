// The cells of the recurrent layers: one step of them, for an RNN.

import { fail } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import type { Config } from '../units.js';
import type { RNNCell } from './cell.js';
import { GRU, type GRUOptions } from './gru.js';
import { Layer, type LayerOptions, type SampleShape } from './layer.js';
import { LSTM, type LSTMOptions } from './lstm.js';
import type { Recurrent, RecurrentOptions } from './recurrent.js';
import { SimpleRNN } from './simple-rnn.js';
import type { Weight } from './weight.js';

/** What layers say of whole sequences, a cell does not. Dropout (one choice for all steps) is the layers' affair, too. */
export type OfSequences =
  | 'returnSequences'
  | 'returnState'
  | 'goBackwards'
  | 'zeroOutputForMask'
  | 'unroll'
  | 'stateful'
  | 'batchSize'
  | 'dropout'
  | 'recurrentDropout';

const OF_SEQUENCES: readonly string[] = [
  'returnSequences',
  'returnState',
  'goBackwards',
  'zeroOutputForMask',
  'unroll',
  'stateful',
  'batchSize',
  'dropout',
  'recurrentDropout',
] satisfies OfSequences[];

/** Options of SimpleRNNCell: those of SimpleRNN that say what one step does. */
export type SimpleRNNCellOptions = Omit<RecurrentOptions, OfSequences>;
/** Options of GRUCell. */
export type GRUCellOptions = Omit<GRUOptions, OfSequences>;
/** Options of LSTMCell. */
export type LSTMCellOptions = Omit<LSTMOptions, OfSequences>;

/** One step of a recurrent layer, whose weights it has. */
abstract class Cell extends Layer<readonly Tensor[], readonly Tensor[]> implements RNNCell {
  override readonly takes = 'list';
  readonly #recurrent: Recurrent;

  constructor(options: object, Class: new (options: never) => Recurrent) {
    const names = Object.keys((Class as unknown as typeof Layer).options);
    const own = names.filter((name) => !OF_SEQUENCES.includes(name));
    super(options as LayerOptions, own);
    const { name, trainable, inputShape, activityRegularizer, ...others } = options as Config;
    this.#recurrent = this.addLayer(new Class(others as never));
  }

  get units(): number {
    return this.#recurrent.units;
  }

  get stateSize(): readonly number[] {
    return new Array<number>(this.#recurrent.stateCount).fill(this.units);
  }

  override build([first]: SampleShape<readonly Tensor[]>): void {
    if (first?.length === 1) this.#recurrent.computeOutputShape([1, ...first]);
    else
      throw fail(
        'SHAPE_MISMATCH',
        this.name,
        'vectors (batch, features)',
        `samples of shape [${first?.join(', ')}]`,
        'put it into new RNN({ cell })',
      );
  }

  override call([x, ...states]: readonly Tensor[]): readonly Tensor[] {
    const fits = states.length === this.stateSize.length && states.every(({ shape }) => shape[1] === this.units);
    if (!fits) {
      const expected = `${this.stateSize.length} states of ${this.units} numbers behind the input`;
      throw fail('SHAPE_MISMATCH', this.name, expected, states.join(', ') || 'none');
    }
    const next = this.#recurrent.oneStep(x as Tensor, states);
    return [next[0] as Tensor, ...next];
  }

  /** @internal */
  override namedWeights(): [name: string, weight: Weight][] {
    return this.weights.map((weight) => [`${this.name}/${weight.ownName}`, weight]);
  }

  override getConfig(): Config {
    const own = Object.entries(this.#recurrent.getConfig());
    const kept = own.filter(([name]) => ![...OF_SEQUENCES, 'name', 'trainable', 'inputShape'].includes(name));
    return { ...Object.fromEntries(kept), ...super.getConfig() };
  }
}

/** One step of SimpleRNN. */
export class SimpleRNNCell extends Cell {
  static override readonly className: string = 'SimpleRNNCell';

  constructor(options: SimpleRNNCellOptions) {
    super(options, SimpleRNN);
  }
}

/** One step of GRU. */
export class GRUCell extends Cell {
  static override readonly className: string = 'GRUCell';

  constructor(options: GRUCellOptions) {
    super(options, GRU);
  }
}

/** One step of LSTM. */
export class LSTMCell extends Cell {
  static override readonly className: string = 'LSTMCell';

  constructor(options: LSTMCellOptions) {
    super(options, LSTM);
  }
}
