// Weights of a model out of Keras's HDF5 files: Keras 3 keeps them by what layers are made of (`layers/dense/vars/0`),
// its older form by the names of layers. Refuses weights that are missing or of another shape.

import { formatShape } from '../../data/shape.js';
import { fail, quote } from '../../errors.js';
import { Bidirectional } from '../../layers/bidirectional.js';
import { ConvLSTM } from '../../layers/conv-lstm.js';
import { InputLayer } from '../../layers/input.js';
import type { AnyLayer } from '../../layers/layer.js';
import { Recurrent } from '../../layers/recurrent.js';
import { RNN } from '../../layers/rnn.js';
import { StackedRNNCells } from '../../layers/stacked-cells.js';
import { TimeDistributed } from '../../layers/time-distributed.js';
import type { Weight } from '../../layers/weight.js';
import { Model } from '../../models/model.js';
import { Network } from '../../models/network.js';
import { classNameOf, snakeCase } from '../../units.js';
import type { Group } from '../hdf5/file.js';
import type { AnyNetwork } from '../network.js';
import { ownName } from './layers.js';

/** Where a weight's values are. */
type Places = Map<Weight, { group: Group; name: string }>;

/** Weights of attention of several heads, each pair of which is a layer of its own there. */
const HEADS = /^(?:attention_)?(query|key|value|output)_(?:kernel|bias)$/;

/** Older files call the same things so. */
const LAYERS_GROUPS = ['layers', '_layer_checkpoint_dependencies'];

/** Sets all weights of a model to those of a file. Throws FILE_FORMAT, and then changes nothing. */
export async function takeWeights(model: AnyNetwork, root: Group): Promise<void> {
  const places: Places = new Map();
  if (LAYERS_GROUPS.some((name) => root.has(name))) collect(model as unknown as AnyLayer, root, places);
  else collectByName(model, root.group('model_weights') ?? root, places);
  const values: { data: Float32Array; shape: readonly number[] }[] = [];
  for (const [weight, name] of model.names) {
    const place = places.get(weight);
    const dataset = place?.group.dataset(place.name);
    if (!place || !dataset) throw fail('FILE_FORMAT', 'weights', `values of ${name}`, 'none in the file');
    const { shape } = weight;
    if (formatShape(dataset.shape) !== formatShape(shape)) {
      const hint = `${place.group.path}/${place.name} in the file`;
      throw fail('FILE_FORMAT', name, `weights of shape ${formatShape(shape)}`, formatShape(dataset.shape), hint);
    }
    values.push({ data: Float32Array.from(await dataset.read()), shape });
  }
  await model.setWeights(values as { data: Float32Array; shape: number[] }[]);
}

// What Keras 3 walks through: the attributes of layers that hold other layers.
function collect(layer: AnyLayer, group: Group, places: Places): void {
  const through = (part: AnyLayer, name: string): void => collect(part, within(group, name, layer), places);
  if (layer instanceof Network) {
    const name = LAYERS_GROUPS.find((one) => group.has(one)) ?? 'layers';
    const inner = within(group, name, layer);
    for (const [part, key] of keysOf(layer.layers as readonly AnyLayer[], inner)) {
      if (part.weights.length > 0) collect(part, within(inner, key, part), places);
    }
  } else if (layer instanceof Bidirectional) {
    through(layer.forwardLayer as unknown as AnyLayer, 'forward_layer');
    through(layer.backwardLayer as unknown as AnyLayer, 'backward_layer');
  } else if (layer instanceof TimeDistributed) through(layer.layer as unknown as AnyLayer, 'layer');
  else if (layer.weights.length > 0 && layer.weights.every(({ ownName }) => HEADS.test(ownName))) {
    for (const word of ['query', 'key', 'value', 'output']) {
      const own = layer.weights.filter(({ ownName }) => HEADS.exec(ownName)?.[1] === word);
      place(own, within(group, `${word}_dense`, layer), layer, places);
    }
  } else if (layer instanceof RNN) through(layer.cell as unknown as AnyLayer, 'cell');
  else if (layer instanceof StackedRNNCells) {
    const inner = within(group, 'cells', layer);
    for (const [cell, key] of keysOf(layer.cells as unknown as readonly AnyLayer[], inner)) {
      collect(cell, within(inner, key, cell), places);
    }
  } else if (layer instanceof Recurrent || layer instanceof ConvLSTM)
    place(layer.weights, within(group, 'cell', layer), layer, places);
  else place(layer.weights, group, layer, places);
}

function place(weights: readonly Weight[], group: Group, layer: AnyLayer, places: Places): void {
  const vars = within(group, 'vars', layer);
  weights.forEach((weight, i) => {
    places.set(weight, { group: vars, name: String(i) });
  });
}

function within(group: Group, name: string, layer: AnyLayer): Group {
  const found = group.group(name);
  if (found) return found;
  const known = group.names.slice(0, 8).join(', ') || 'nothing';
  throw fail('FILE_FORMAT', layer.name, `a group ${group.path}/${name} with its weights`, known);
}

// Groups are called after classes, with numbers; what they were called besides tells more where all layers are known by it.
function keysOf(layers: readonly AnyLayer[], group: Group): [AnyLayer, string][] {
  const named = new Map<string, string>();
  for (const key of group.names) {
    const [name] = group.group(`${key}/vars`)?.texts('name') ?? [];
    if (name !== undefined) named.set(ownName(name), key);
  }
  const weighty = layers.filter(({ weights }) => weights.length > 0);
  if (weighty.every(({ name }) => named.has(name)))
    return weighty.map((layer) => [layer, named.get(layer.name) as string]);
  const used = new Map<string, number>();
  return layers.map((layer) => {
    const word = kerasName(layer);
    const count = used.get(word) ?? 0;
    used.set(word, count + 1);
    return [layer, count === 0 ? word : `${word}_${count}`];
  });
}

function kerasName(layer: AnyLayer): string {
  if (layer instanceof InputLayer) return 'input_layer';
  return layer instanceof Model ? 'functional' : snakeCase(classNameOf(layer));
}

// The older form: a group for each layer, with the names of its weights in order.
function collectByName(model: AnyNetwork, root: Group, places: Places): void {
  const groups = new Map<string, string>();
  for (const name of textsInParts(root, 'layer_names')) groups.set(ownName(name), name);
  for (const layer of model.layers as unknown as readonly AnyLayer[]) {
    const weights = legacyOrder(layer);
    if (weights.length === 0) continue;
    const key = groups.get(layer.name);
    const group = key === undefined ? undefined : root.group(key);
    if (!group) {
      const known = [...groups.values()].slice(0, 8).map(quote).join(', ') || 'none';
      throw fail('FILE_FORMAT', 'weights', `a layer ${quote(layer.name)} in the file`, known);
    }
    const names = textsInParts(group, 'weight_names');
    if (names.length < weights.length) {
      throw fail('FILE_FORMAT', layer.name, `${weights.length} weights`, `${names.length} in the file`);
    }
    weights.forEach((weight, i) => {
      places.set(weight, { group, name: names[i] as string });
    });
  }
}

/** Weights as Keras's older files have them: those that are trained first. */
export function legacyOrder(layer: AnyLayer): readonly Weight[] {
  const trained = layer.trainableWeights;
  return [...trained, ...layer.weights.filter((weight) => !trained.includes(weight))];
}

// Long lists are cut: layer_names0, layer_names1 …
function textsInParts(group: Group, name: string): string[] {
  const whole = group.texts(name);
  if (whole) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.texts(`${name}${i}`);
    if (part === undefined) break;
    parts.push(...part);
  }
  return parts;
}
