// Where a model begins: the shape of one sample.

import { checkShape } from '../data/shape.js';
import type { DType } from '../data/typed.js';
import type { Tensor } from '../graph/tensor.js';
import { oneOf } from '../options.js';
import { assertOptions, type Config } from '../units.js';
import { type AnyLayer, Layer } from './layer.js';
import { inputOf, type SymbolicTensor } from './symbolic.js';

/** Options of Input. */
export interface InputOptions {
  /** The shape of one sample, without the batch: `[784]`. */
  shape: readonly number[];
  /** What data and messages call it. */
  name?: string;
  /** As what the layers are to see the numbers. Default 'float32'. */
  dtype?: 'float32' | 'int32';
}

/** States the shape of one sample, and passes it on. */
export class InputLayer extends Layer {
  static override readonly className: string = 'InputLayer';
  readonly dtype: DType;

  constructor(options: InputOptions) {
    assertOptions('Input', options, ['shape', 'name', 'dtype']);
    const { shape, name, dtype } = options;
    super({ ...(name !== undefined && { name }), inputShape: checkShape(shape, 'Input shape') });
    this.dtype = oneOf('float32', 'int32')(dtype ?? 'float32', 'Input dtype') as DType;
  }

  override get built(): boolean {
    return true;
  }

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): Config {
    const { name, dtype, inputShape = [] } = this;
    return { name, shape: [...inputShape], ...(dtype !== 'float32' && { dtype }) };
  }
}

/**
 * Where a model begins: `const x = Input({ shape: [784] })`, for layers to be applied to, or as the first entry of a
 * Sequential.
 */
export function Input(options: InputOptions): SymbolicTensor {
  const layer = new InputLayer(options);
  return inputOf(layer as unknown as AnyLayer, layer.inputShape ?? [], layer.dtype);
}
