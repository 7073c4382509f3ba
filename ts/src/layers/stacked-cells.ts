// Several cells as one.

import { describeValue, fail } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import { type Config, type Serialized, serialize } from '../units.js';
import { cellOf, type RNNCell, sizesOf } from './cell.js';
import { type CallOptions, Layer, type LayerOptions } from './layer.js';
import { LAYERS } from './named.js';

/** Options of StackedRNNCells. */
export interface StackedRNNCellsOptions extends LayerOptions {
  /** The first takes the input, each other one the output of the one before it. */
  cells: readonly (RNNCell | Serialized)[];
}

/** Cells one upon the other, as one cell of an RNN; its states are those of all of them in order. */
export class StackedRNNCells extends Layer<readonly Tensor[], readonly Tensor[]> implements RNNCell {
  static override readonly className: string = 'StackedRNNCells';
  override readonly takes = 'list';
  readonly cells: readonly RNNCell[];

  constructor(options: StackedRNNCellsOptions) {
    super(options, ['cells']);
    const { cells } = options;
    if (!Array.isArray(cells) || cells.length === 0) {
      throw fail('INVALID_VALUE', 'StackedRNNCells cells', 'a list of cells', describeValue(cells));
    }
    this.cells = cells.map((cell) => this.addLayer(cellOf(LAYERS.resolve(cell), 'StackedRNNCells cells')));
  }

  get stateSize(): readonly number[] {
    return this.cells.flatMap(sizesOf);
  }

  get outputSize(): number {
    const last = this.cells.at(-1) as RNNCell;
    return last.outputSize ?? (sizesOf(last)[0] as number);
  }

  override call([x, ...states]: readonly Tensor[], options: CallOptions): readonly Tensor[] {
    let [value, at] = [x as Tensor, 0];
    const next: Tensor[] = [];
    for (const cell of this.cells) {
      const own = states.slice(at, at + sizesOf(cell).length);
      const [output, ...after] = cell.apply([value, ...own], options) as [Tensor, ...Tensor[]];
      value = output;
      at += own.length;
      next.push(...after);
    }
    return [value, ...next];
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cells: this.cells.map((cell) => serialize(cell)) };
  }
}
