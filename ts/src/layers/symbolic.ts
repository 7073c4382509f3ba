// The places of values in a model that is put together: what `Input` gives, and what layers make of it. They hold shapes
// and where they come from; each plan traces the layers between a model's inputs and outputs anew.

import type { DType } from '../data/typed.js';
import { describeValue, fail } from '../errors.js';
import { B, limited, type Shape, shapeText } from '../graph/dims.js';
import { Tracer } from '../graph/trace.js';
import { type AnyLayer, type CallOptions, listOf, type OperandOf, type Several } from './layer.js';

/** One use of a layer. */
export interface Application {
  readonly layer: AnyLayer;
  readonly inputs: readonly SymbolicTensor[];
  /** Whether the layer was given a list. */
  readonly listed: boolean;
  readonly options: Partial<CallOptions>;
  readonly outputs: readonly SymbolicTensor[];
}

/** The place of a value: Keras's KerasTensor. */
export class SymbolicTensor {
  /** Sizes, the batch `B` first. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal What makes it, and which of the results it is. */
  readonly source: Application;
  /** @internal */
  readonly index: number;

  /** @internal Made by `Input` and by `layer.apply`. */
  constructor(shape: Shape, dtype: DType, source: Application, index: number) {
    this.shape = shape;
    this.dtype = dtype;
    this.source = source;
    this.index = index;
  }

  /** The layer that makes it. */
  get layer(): AnyLayer {
    return this.source.layer;
  }

  /** `float32[B, 10] of dense`. */
  toString(): string {
    return `${this.dtype}${shapeText(this.shape)} of ${this.layer.name}`;
  }

  /** @internal What `layer` makes of symbolic values: traced once for its shapes, and noted. */
  through(layer: AnyLayer, xs: readonly unknown[], listed: boolean, options: Partial<CallOptions>): SymbolicTensor[] {
    const inputs = xs.map((x) => {
      if (x instanceof SymbolicTensor) return x;
      const hint = 'what a model is given comes in by Input; constants belong into a layer';
      throw fail('INVALID_VALUE', layer.name, 'symbolic tensors', describeValue(x), hint);
    });
    const { built } = layer;
    const tracer = new Tracer();
    try {
      const results = tracer.run(() => {
        const tensors = inputs.map(({ shape, dtype }) => tracer.parameter(shape, dtype));
        return listOf(layer.apply((listed ? tensors : tensors[0]) as OperandOf<Several>, options));
      });
      return apply(layer, inputs, listed, options, results);
    } catch (error) {
      if (!built) layer.unbuild();
      throw error;
    }
  }
}

function apply(
  layer: AnyLayer,
  inputs: readonly SymbolicTensor[],
  listed: boolean,
  options: Partial<CallOptions>,
  results: readonly { shape: Shape; dtype: DType }[],
): SymbolicTensor[] {
  const outputs: SymbolicTensor[] = [];
  const source: Application = { layer, inputs, listed, options, outputs };
  results.forEach(({ shape, dtype }, i) => {
    outputs.push(new SymbolicTensor(shape, dtype, source, i));
  });
  layer.applications.push(source);
  return outputs;
}

/** The place of samples of `shape`, which `layer` passes on. */
export function inputOf(layer: AnyLayer, shape: readonly number[], dtype: DType): SymbolicTensor {
  return apply(layer, [], false, {}, [{ shape: limited([B, ...shape], layer.name), dtype }])[0] as SymbolicTensor;
}
