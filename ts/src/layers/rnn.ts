// A recurrence of any cells: what one step does is a layer of its own. Refuses samples that are not sequences.

import { fail } from '../errors.js';
import { type Dim, shapeText } from '../graph/dims.js';
import { fill, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { flag, type OptionTable } from '../options.js';
import { type Config, type Serialized, serialize } from '../units.js';
import { cellOf, type RNNCell, sizesOf } from './cell.js';
import { type CallOptions, Layer, type LayerOptions, listOf, type SampleShape, type Several } from './layer.js';
import { maskThrough, swapped, through } from './loop.js';
import { LAYERS } from './named.js';
import type { RecurrentOutput } from './recurrence.js';
import { StackedRNNCells } from './stacked-cells.js';

/** Options of RNN; with `returnState: true` it gives a list, `[outputs, ...last states]`. */
export interface RNNOptions<S extends boolean = boolean> extends LayerOptions {
  /** One cell, or several, each on what the one before it gives. */
  cell: RNNCell | Serialized | readonly (RNNCell | Serialized)[];
  /** Whether to give the output of every step, `[T, size]`, instead of the last. Default false. */
  returnSequences?: boolean;
  /** Whether to give the last states too. Default false. */
  returnState?: S;
  /** Whether to begin with the last step; outputs are then in that order. Default false. */
  goBackwards?: boolean;
  /** Whether the output of a step that the mask leaves out is 0, not the one before it. Default false. */
  zeroOutputForMask?: boolean;
  /** Understood for Keras's sake: plans are compiled either way. */
  unroll?: boolean;
}

/**
 * A layer over sequences `[T, …]`, alone or in a list with the states to begin with (0 by default). A step that the mask
 * leaves out keeps the states and the output. `LSTM`, `GRU` and `SimpleRNN` do the same as with their cells, but faster: they
 * multiply the inputs of all steps at once.
 */
export class RNN<S extends boolean = false> extends Layer<Several, RecurrentOutput<S>> {
  static override readonly className: string = 'RNN';
  /** @internal */
  static override readonly options: OptionTable = {
    returnSequences: [false, flag],
    returnState: [false, flag],
    goBackwards: [false, flag],
    zeroOutputForMask: [false, flag],
    unroll: [false, flag],
  };
  override readonly takes = 'either';
  readonly cell: RNNCell;
  declare readonly returnSequences: boolean;
  declare readonly returnState: S;
  declare readonly goBackwards: boolean;
  declare readonly zeroOutputForMask: boolean;

  constructor(options: RNNOptions<S>) {
    super(options, ['cell']);
    const { cell } = options;
    const one = Array.isArray(cell) ? new StackedRNNCells({ cells: cell }) : LAYERS.resolve(cell as Serialized);
    this.cell = this.addLayer(cellOf(one, 'RNN cell'));
  }

  override call(x: Several, options: CallOptions): RecurrentOutput<S> {
    const [input, ...given] = listOf(x) as [Tensor, ...Tensor[]];
    const [batch, steps] = input.shape as [Dim, Dim];
    if (input.shape.length < 3 || typeof steps !== 'number') {
      this.#refuse(String(input));
    }
    const sizes = sizesOf(this.cell);
    const begin = given.length > 0 ? given : sizes.map((size) => fill([batch, size], 0));
    const fits = begin.every(({ shape }, i) => shape.length === 2 && shape[1] === sizes[i]);
    if (begin.length !== sizes.length || !fits) {
      const expected = `${sizes.length} states of sizes ${shapeText(sizes)} behind the sequence`;
      throw fail('SHAPE_MISMATCH', this.name, expected, given.join(', '));
    }
    const output = fill([batch, this.cell.outputSize ?? (sizes[0] as number)], 0);
    const { outputs, states } = through(this, {
      sequence: transpose(input, swapped(input)),
      begin: [output, ...begin],
      mask: input.mask,
      training: options.training,
      step: (entry, [, ...states]) => this.cell.apply([entry, ...states], options),
    });
    return (this.returnState ? [outputs, ...states.slice(1)] : outputs) as RecurrentOutput<S>;
  }

  override build(inputShape: SampleShape<Several>): void {
    const [first] = inputShape;
    const [steps, ...sample] = (Array.isArray(first) ? first : inputShape) as readonly number[];
    if (steps === undefined || sample.length === 0)
      this.#refuse(`samples of ${sample.length === 0 && steps === undefined ? 'no axis' : 'one axis'}`);
    // Weights are made outside of the loop.
    this.cell.computeOutputShape([sample, ...sizesOf(this.cell).map((size) => [size])]);
  }

  /** That of the sequence, where every step has an output. */
  override computeMask(x: Several, y: Tensor): Tensor | undefined {
    return y.shape.length === 3 ? maskThrough(this, listOf(x)[0]?.mask) : undefined;
  }

  #refuse(got: string): never {
    throw fail('SHAPE_MISMATCH', this.name, 'sequences (batch, steps, …)', got, 'Reshape adds an axis');
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cell: serialize(this.cell) };
  }
}
