// Features to mean 0 and variance 1, by numbers that are known or that `adapt` finds in data.

import { describeValue, fail } from '../errors.js';
import { type Dim, sizeOf } from '../graph/dims.js';
import { add, div, maximum, mul, reshape, sqrt, sub } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { finiteNumber } from '../numbers.js';
import { axis, type Check, flag, type OptionTable, oneOrMore } from '../options.js';
import { axesBehindBatch } from './affine.js';
import { Layer, type LayerOptions } from './layer.js';
import { Moments } from './moments.js';
import type { Weight } from './weight.js';

/** Options of Normalization. */
export interface NormalizationOptions extends LayerOptions {
  /** The axis, or axes, whose entries have a mean and a variance each; null: one for all numbers. Default −1. */
  axis?: number | readonly number[] | null;
  /** What is subtracted, for each entry; with `variance`, instead of `adapt`. */
  mean?: number | readonly number[];
  /** The square of what is divided by. */
  variance?: number | readonly number[];
  /** Whether to undo it instead: `x · √variance + mean`. Default false. */
  invert?: boolean;
}

/** Keras's epsilon: deviations count at least so much. */
const EPSILON = 1e-7;

const numbers: Check = (value, what) =>
  Array.isArray(value) ? value.map((entry) => finiteNumber(entry, what)) : finiteNumber(value, what);

/**
 * `(x − mean) / √variance`, feature by feature. Without numbers given it has them as weights that no training changes,
 * set by `adapt` before the model is built or after; until then it passes on what it gets.
 */
export class Normalization extends Layer {
  static override readonly className: string = 'Normalization';
  /** @internal */
  static override readonly options: OptionTable = { invert: [false, flag] };
  declare readonly invert: boolean;
  readonly axis: number | readonly number[] | null;
  readonly mean: number | readonly number[] | undefined;
  readonly variance: number | readonly number[] | undefined;
  #mean: Weight | undefined;
  #variance: Weight | undefined;
  #found: Moments | undefined;

  constructor(options: NormalizationOptions = {}) {
    super(options, ['axis', 'mean', 'variance']);
    const { axis: own = -1, mean, variance } = options;
    this.axis = own === null ? null : (oneOrMore(axis)(own, 'Normalization axis') as number);
    if ((mean === undefined) !== (variance === undefined)) {
      throw fail('INVALID_VALUE', 'Normalization', 'both mean and variance, or neither', 'one of them');
    }
    if (mean === undefined) return;
    this.mean = numbers(mean, 'Normalization mean') as number;
    this.variance = numbers(variance, 'Normalization variance') as number;
  }

  override build(inputShape: readonly number[]): void {
    if (this.mean !== undefined) return;
    const shape = this.#axes(inputShape.length + 1).map((at) => inputShape[at - 1] as number);
    this.#mean = this.addWeight({ name: 'mean', shape, initializer: 'zeros', trainable: false });
    this.#variance = this.addWeight({ name: 'variance', shape, initializer: 'ones', trainable: false });
    if (this.#found) this.#take(this.#found);
  }

  override call(x: Tensor): Tensor {
    const axes = this.#axes(x.shape.length);
    const sizes = x.shape.slice(axes[0] ?? x.shape.length);
    const shape = sizes.map((size, i) => (axes.includes((axes[0] as number) + i) ? size : 1));
    const along = (v: Weight | number | readonly number[]): Tensor | number =>
      typeof v === 'number' ? v : reshape(this.#fitting(v, shape), shape);
    const mean = along(this.mean ?? (this.#mean as Weight));
    const deviation = maximum(sqrt(along(this.variance ?? (this.#variance as Weight))), EPSILON);
    return this.invert ? add(mean, mul(x, deviation)) : div(sub(x, mean), deviation);
  }

  /**
   * Finds mean and variance of the features: in an array, whose first axis counts samples, or in all arrays of a stream.
   * Computed in f64, and anew each time. Throws INVALID_VALUE where they were given, or where there is no data.
   */
  async adapt(data: unknown): Promise<void> {
    const what = `${this.name} adapt`;
    if (this.mean !== undefined) throw fail('INVALID_VALUE', what, 'a layer without mean and variance', 'one with');
    const found = new Moments((rank) => this.#axes(rank));
    if (isArrays(data)) for await (const batch of data) found.add(Array.isArray(batch) ? batch[0] : batch, what);
    else found.add(data, what);
    if (found.isEmpty) throw fail('INVALID_VALUE', what, 'at least one sample', describeValue(data));
    this.#found = found;
    if (this.built) await this.#write(found);
  }

  // One number for each feature.
  #fitting<T extends Weight | readonly number[]>(v: T, shape: readonly Dim[]): T {
    const [given, features] = [Array.isArray(v) ? v.length : (v as Weight).size, sizeOf(shape)];
    if (given === features) return v;
    const hint = 'mean and variance are one number, or one for each entry of axis';
    throw fail('SHAPE_MISMATCH', this.name, `${given} features, as many as there are means`, `${features}`, hint);
  }

  #take({ mean, variance }: Moments): void {
    this.#mean?.assign(Float32Array.from(mean));
    this.#variance?.assign(Float32Array.from(variance));
  }

  async #write({ mean, variance }: Moments): Promise<void> {
    await this.#mean?.write(Float32Array.from(mean));
    await this.#variance?.write(Float32Array.from(variance));
  }

  #axes(rank: number): number[] {
    return this.axis === null ? [] : axesBehindBatch(this.axis, rank, this.name);
  }

  override getConfig(): ReturnType<Layer['getConfig']> {
    const { axis, mean, variance } = this;
    return { ...super.getConfig(), axis, ...(mean !== undefined && { mean, variance }) };
  }
}

function isArrays(data: unknown): data is AsyncIterable<unknown> {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || ArrayBuffer.isView(data)) return false;
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}
