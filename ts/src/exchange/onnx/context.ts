// What the parts of the exporter hand each other: a layer's options and weights, and the graph that grows.

import { fail } from '../../errors.js';
import type { AnyLayer, CallOptions } from '../../layers/layer.js';
import type { Weight } from '../../layers/weight.js';
import type { Config } from '../../units.js';
import type { Builder } from './builder.js';
import type { Value } from './value.js';

/** A weight's values. */
export interface Floats {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A layer that is being written. */
export interface Context {
  readonly b: Builder;
  readonly layer: AnyLayer;
  readonly config: Config;
  readonly options: Partial<CallOptions>;
  /** Of the result, where there is one. */
  readonly outputShape: readonly number[];
  /** The weight of that name in the layer, if there is one. */
  weight(name: string): Floats | undefined;
  /** A layer inside of this one. */
  write(layer: AnyLayer, xs: readonly Value[]): Value[];
}

/** What a layer becomes. */
export type Writer = (context: Context, xs: readonly Value[]) => Value | Value[];

/** The weight of that name. */
export function weightOf(context: Context, name: string): Floats {
  const found = context.weight(name);
  if (found) return found;
  throw fail('INVALID_VALUE', context.layer.name, `a weight ${name}`, 'none');
}

/** Values of all weights, read before anything is written. */
export type Values = ReadonlyMap<Weight, Float32Array>;
