// Numbers as categories: which range one falls into, and what categories a sample has.

import { describeValue, fail } from '../errors.js';
import { cast, equal, expandDims, greaterEqual, max, reshape, sum } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { listOf, number, type OptionTable, oneOf, whole } from '../options.js';
import { Layer, type LayerOptions } from './layer.js';

/** How categories are given out: as their numbers, as one 1 among zeros, as a 1 for each that is there, or counted. */
export type CategoryMode = 'int' | 'one_hot' | 'multi_hot' | 'count';

/** Options of CategoryEncoding. */
export interface CategoryEncodingOptions extends LayerOptions {
  /** How many categories there are: inputs are from 0 to `numTokens − 1`; others count for none. */
  numTokens: number;
  /** Default 'multi_hot'. */
  outputMode?: Exclude<CategoryMode, 'int'>;
}

/**
 * The categories of a sample as numbers: `[batch, n]` becomes `[batch, numTokens]`, with 1 for each category that is there
 * ('multi_hot') or how often it is ('count'); as 'one_hot', `[…]` or `[…, 1]` becomes `[…, numTokens]`.
 */
export class CategoryEncoding extends Layer {
  static override readonly className: string = 'CategoryEncoding';
  /** @internal */
  static override readonly options: OptionTable = {
    numTokens: [undefined, whole(1)],
    outputMode: ['multi_hot', oneOf('multi_hot', 'one_hot', 'count')],
  };
  declare readonly numTokens: number;
  declare readonly outputMode: Exclude<CategoryMode, 'int'>;

  constructor(options: CategoryEncodingOptions) {
    super(options);
  }

  override call(x: Tensor): Tensor {
    return encoded(x, this.numTokens, this.outputMode);
  }

  override computeMask(): undefined {
    return undefined;
  }
}

/** Options of Discretization. */
export interface DiscretizationOptions extends LayerOptions {
  /** Where ranges begin, in ascending order: of `[0, 10]` there are three, below 0, below 10 and from there on. */
  binBoundaries?: readonly number[];
  /** How many ranges `adapt` is to find. */
  numBins?: number;
  /** Default 'int'. */
  outputMode?: CategoryMode;
}

/** The number of the range that each number falls into. */
export class Discretization extends Layer {
  static override readonly className: string = 'Discretization';
  /** @internal */
  static override readonly options: OptionTable = {
    binBoundaries: [null, listOf(number)],
    numBins: [null, whole(2)],
    outputMode: ['int', oneOf('int', 'one_hot', 'multi_hot', 'count')],
  };
  declare binBoundaries: readonly number[] | undefined;
  declare readonly numBins: number | undefined;
  declare readonly outputMode: CategoryMode;

  constructor(options: DiscretizationOptions) {
    super(options);
    const { binBoundaries, numBins } = this;
    if ((binBoundaries === undefined) === (numBins === undefined)) {
      throw fail('INVALID_VALUE', 'Discretization', 'binBoundaries or numBins', describeValue(options));
    }
    if (binBoundaries?.some((x, i) => i > 0 && x <= (binBoundaries[i - 1] as number))) {
      throw fail('INVALID_VALUE', 'Discretization binBoundaries', 'ascending numbers', describeValue(binBoundaries));
    }
  }

  /**
   * Finds the ranges, each of equally many of these numbers. Keras estimates the quantiles; these are exact. Equal ones are
   * one boundary, so that there may be fewer ranges.
   */
  adapt(data: ArrayLike<number>): void {
    const { numBins, name } = this;
    if (numBins === undefined) throw fail('INVALID_VALUE', `${name} adapt`, 'a layer with numBins', 'one without');
    if (data.length === 0) throw fail('INVALID_VALUE', `${name} adapt`, 'at least one number', 'none');
    const sorted = Float64Array.from(data).sort();
    const at = (i: number): number => sorted[Math.floor((i * sorted.length) / numBins)] as number;
    this.binBoundaries = [...new Set(Array.from({ length: numBins - 1 }, (_, i) => at(i + 1)))];
  }

  override call(x: Tensor): Tensor {
    const { binBoundaries, outputMode, name } = this;
    if (binBoundaries === undefined) {
      throw fail('NOT_BUILT', name, 'ranges', 'none', 'call adapt(numbers) before the model is used');
    }
    const above = cast(greaterEqual(expandDims(cast(x, 'float32'), -1), Float32Array.from(binBoundaries)), 'float32');
    const bins = sum(above, { axis: -1 });
    return outputMode === 'int' ? cast(bins, 'int32') : encoded(bins, binBoundaries.length + 1, outputMode);
  }

  override getConfig(): ReturnType<Layer['getConfig']> {
    const { numBins: _, ...config } = super.getConfig();
    return this.binBoundaries ? config : super.getConfig();
  }
}

function encoded(x: Tensor, size: number, mode: Exclude<CategoryMode, 'int'>): Tensor {
  const numbers: Operand = Float32Array.from({ length: size }, (_, i) => i);
  const spare = mode === 'one_hot' && x.shape.length > 1 && x.shape.at(-1) === 1;
  const flat = spare ? reshape(x, x.shape.slice(0, -1)) : x;
  const hot = cast(equal(expandDims(cast(flat, 'float32'), -1), numbers), 'float32');
  if (mode === 'one_hot' || flat.shape.length === 1) return hot;
  return mode === 'count' ? sum(hot, { axis: -2 }) : max(hot, { axis: -2 });
}
