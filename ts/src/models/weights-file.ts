// Weights out of the tensors of a file: each under its name, of its shape, float32, and no other tensors.

import { formatShape } from '../data/shape.js';
import { fail, quote } from '../errors.js';
import { readSource, type Source, sourceName } from '../io/file.js';
import type { SafeTensor } from '../io/safetensors.js';
import { readSealed } from '../io/sealed.js';
import type { Network } from './network.js';

/**
 * Sets all weights of a model to those of the same names in a file that `saveWeights` or `save` wrote; what its optimizer
 * remembers stays. Keras has it as a method; as a function, only applications that use it carry a reader of files. Throws
 * NOT_BUILT, FILE_IO, FILE_FORMAT, and then changes nothing.
 */
export async function loadWeights(model: Network, source: Source): Promise<void> {
  model.assertBuilt('loadWeights');
  const name = sourceName(source);
  const tensors = new Map(readSealed(await readSource(source), name).tensors);
  const values = [...model.names].map(([{ shape }, key]) => ({ data: takeTensor(tensors, key, shape), shape }));
  // The file of a whole model has its optimizer's state besides.
  const extra = [...tensors.keys()].find((key) => !key.startsWith('optimizer:'));
  if (extra !== undefined) {
    throw fail('FILE_FORMAT', `reading ${name}`, 'the weights of this model', `${quote(extra)} besides`);
  }
  await model.setWeights(values);
}

/** Takes the float32 tensor of that name and shape out of `tensors`. Throws FILE_FORMAT. */
export function takeTensor(tensors: Map<string, SafeTensor>, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors.get(name);
  tensors.delete(name);
  if (tensor === undefined) throw fail('FILE_FORMAT', 'tensors', `one of the name ${quote(name)}`, 'none');
  if (tensor.dtype === 'F32' && formatShape(tensor.shape) === formatShape(shape)) return tensor.data as Float32Array;
  const got = `${tensor.dtype} ${formatShape(tensor.shape)}`;
  throw fail('FILE_FORMAT', `tensor ${quote(name)}`, `F32 ${formatShape(shape)}`, got);
}
