// Weights that PyTorch saved as safetensors, into a model at hand: `save_file(model.state_dict(), 'model.safetensors')`.

import { fail, quote } from '../../errors.js';
import { readSource, type Source, sourceName } from '../../io/file.js';
import { readSafetensors } from '../../io/safetensors.js';
import { InputLayer } from '../../layers/input.js';
import { type AnyLayer, sampleShape } from '../../layers/layer.js';
import type { SymbolicTensor } from '../../layers/symbolic.js';
import { Network } from '../../models/network.js';
import { boolean } from '../../numbers.js';
import { assertOptions } from '../../units.js';
import { product } from '../arrays.js';
import { guarded } from '../guard.js';
import type { AnyNetwork } from '../network.js';
import { type Link, orderOf } from './flatten.js';
import { takeLayer, type Values } from './layers.js';
import { Tensors } from './tensors.js';

/** Options of importTorch. */
export interface TorchOptions {
  /**
   * Which module each layer is: by the names of layers (of those in models `model/layer`) the names of modules, such as
   * `{ dense: 'classifier.0' }`, or a function from the one to the other; null: leave the layer as it is. Default: the
   * name of the layer, with dots for slashes. The second of stacked recurrent layers is called 'lstm.l1'.
   */
  names?: Readonly<Record<string, string | null>> | ((layer: string) => string | null);
  /** Whether inputs of Dense behind Flatten are taken in another order where convolutions stand before. Default true. */
  channelsFirst?: boolean;
  /** Whether the file may hold no tensors besides. Default true. */
  strict?: boolean;
}

/**
 * Sets the weights of a model to those of a PyTorch module in a safetensors file. Linear, Conv, ConvTranspose, BatchNorm,
 * LayerNorm, GroupNorm, RMSNorm, PReLU, Embedding, RNN, LSTM, GRU (both directions), MultiheadAttention. Kernels are
 * transposed, channels brought to the end, gates into Keras's order and the two biases of LSTM and RNN added up. What a
 * file cannot say is yours: PyTorch's epsilon of BatchNormalization is 1e-5. Throws NOT_BUILT, FILE_IO, FILE_FORMAT,
 * INVALID_VALUE, and then changes nothing.
 */
export async function importTorch(model: AnyNetwork, source: Source, options: TorchOptions = {}): Promise<void> {
  assertOptions('importTorch', options, ['names', 'channelsFirst', 'strict']);
  const channelsFirst = boolean(options.channelsFirst ?? true, 'importTorch channelsFirst');
  const strict = boolean(options.strict ?? true, 'importTorch strict');
  model.assertBuilt('importTorch');
  const name = sourceName(source);
  const bytes = await readSource(source);
  await guarded(name, async () => {
    const tensors = new Tensors(readSafetensors(bytes, name).tensors);
    const values: Values = new Map();
    for (const [path, link] of linksIn(model, '')) {
      const prefix = moduleOf(path, options.names);
      if (prefix === null) continue;
      takeLayer(link.layer, { tensors, prefix, values, order: channelsFirst ? orderOf(link) : undefined });
    }
    const [extra] = tensors.unused;
    if (strict && extra !== undefined) {
      const hint = 'strict: false leaves them out';
      throw fail('FILE_FORMAT', `reading ${name}`, 'the weights of this model', `${quote(extra)} besides`, hint);
    }
    await write(model, values);
  });
}

async function write(model: AnyNetwork, values: Values): Promise<void> {
  const all: { data: Float32Array; shape: number[] }[] = [];
  for (const [weight, name] of model.names) {
    const data = values.get(weight) ?? (await weight.read());
    if (data.length !== product(weight.shape)) {
      const expected = `${product(weight.shape)} numbers, for shape [${weight.shape.join(', ')}]`;
      throw fail('FILE_FORMAT', name, expected, `${data.length} in the file`);
    }
    all.push({ data, shape: [...weight.shape] });
  }
  await model.setWeights(all);
}

function moduleOf(path: string, names: TorchOptions['names']): string | null {
  const byDefault = path.replaceAll('/', '.');
  if (typeof names === 'function') return names(path);
  if (names === undefined || !Object.hasOwn(names, path)) return byDefault;
  return names[path] as string | null;
}

// The layers with weights, each once, and what stands before them.
function* linksIn(model: AnyNetwork, path: string): Generator<[path: string, link: Link]> {
  const links = new Map<AnyLayer, Link>();
  const layers = model.layers as unknown as readonly AnyLayer[];
  let last: Link | undefined;
  layers.forEach((layer, i) => {
    const [application] = layer.applications;
    const [input] = application?.inputs ?? [];
    const inputShape = input ? shapeOf(input) : i === 0 ? model.inputShapes[0] : model.outputShapes[i - 1];
    const before = input ? links.get(input.layer) : last;
    last = { layer, inputShape: inputShape as readonly number[], before };
    links.set(layer, last);
  });
  for (const link of links.values()) {
    const { layer } = link;
    const own = `${path}${layer.name}`;
    if (layer instanceof InputLayer || layer.weights.length === 0) continue;
    if (layer instanceof Network) yield* linksIn(layer as unknown as AnyNetwork, `${own}/`);
    else yield [own, link];
  }
}

const shapeOf = ({ shape, layer }: SymbolicTensor): number[] => sampleShape(shape, layer.name);
