// What cells are: layers of one step.

import { describeValue, fail } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import { Layer } from './layer.js';

/**
 * What an RNN does at each step: of `[x, ...states]` it gives `[output, ...states]`, all `[B, size]`. Of one's own: a class
 * that extends `Layer<readonly Tensor[], readonly Tensor[]>`, takes a list and says the sizes.
 */
export interface RNNCell extends Layer<readonly Tensor[], readonly Tensor[]> {
  /** The size of its state, or of each of several. */
  readonly stateSize: number | readonly number[];
  /** The size of its output. Default: that of its first state. */
  readonly outputSize?: number;
}

/** The sizes of a cell's states. */
export function sizesOf({ stateSize }: RNNCell): readonly number[] {
  return typeof stateSize === 'number' ? [stateSize] : stateSize;
}

/** Throws INVALID_VALUE for what is no cell. */
export function cellOf(value: unknown, what: string): RNNCell {
  if (value instanceof Layer && 'stateSize' in value && value.takes === 'list') return value as unknown as RNNCell;
  throw fail('INVALID_VALUE', what, 'a cell', describeValue(value), 'such as new LSTMCell({ units: 8 })');
}
