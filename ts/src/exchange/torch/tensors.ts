// Tensors of a state dict by name: float32 of whatever floating kind they are, each counted as used when it is taken.

import { formatShape } from '../../data/shape.js';
import { fail, quote } from '../../errors.js';
import type { SafeTensor } from '../../io/safetensors.js';
import { halfOf } from '../hdf5/datatype.js';

/** A tensor as float32. */
export interface Floats {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The tensors of a file. */
export class Tensors {
  readonly #tensors: ReadonlyMap<string, SafeTensor>;
  readonly #unused: Set<string>;

  constructor(tensors: ReadonlyMap<string, SafeTensor>) {
    this.#tensors = tensors;
    this.#unused = new Set(tensors.keys());
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Names that nothing was taken of, but for counts, which nothing here needs. */
  get unused(): string[] {
    return [...this.#unused].filter((name) => !name.endsWith('num_batches_tracked'));
  }

  /** A tensor of so many axes. Throws FILE_FORMAT; `what` is the layer that needs it. */
  take(name: string, rank: number, what: string): Floats {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      const hint = 'say by names which module a layer is: names: { dense: "fc1" }';
      throw fail('FILE_FORMAT', what, `a tensor ${quote(name)}`, 'none in the file', hint);
    }
    this.#unused.delete(name);
    const data = floatsOf(tensor);
    if (data && tensor.shape.length === rank) return { data, shape: tensor.shape };
    const got = `${tensor.dtype} ${formatShape(tensor.shape)}`;
    throw fail('FILE_FORMAT', what, `${quote(name)} of ${rank} axes and floating point`, got);
  }
}

function floatsOf({ dtype, data }: SafeTensor): Float32Array | undefined {
  if (dtype === 'F32') return data as Float32Array;
  if (dtype === 'F64') return Float32Array.from(data as Float64Array);
  const bits = data as Uint16Array;
  if (dtype === 'F16') return Float32Array.from(bits, halfOf);
  if (dtype !== 'BF16') return undefined;
  // The upper half of a float32.
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}
