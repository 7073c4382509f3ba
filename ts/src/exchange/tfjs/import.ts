// Layers models of TensorFlow.js: `model.json` and its shards. Graph models are refused: they are operations, not layers.

import { describeValue, fail } from '../../errors.js';
import { readSource, type Source, sourceName } from '../../io/file.js';
import { Bidirectional } from '../../layers/bidirectional.js';
import type { AnyLayer } from '../../layers/layer.js';
import type { Weight } from '../../layers/weight.js';
import { Network } from '../../models/network.js';
import { assertOptions } from '../../units.js';
import { guarded } from '../guard.js';
import { isObject, type Json, member, objectOf, parseJson } from '../json.js';
import { architectureOf, type ImportOptions } from '../keras/import.js';
import { ownName } from '../keras/layers.js';
import { legacyOrder } from '../keras/weights.js';
import { groupsOf, type NamedTensor, tensorsIn } from './manifest.js';

/** A model of TensorFlow.js in memory, as `exportTfjs` gives it. */
export interface TfjsModel {
  /** The contents of `model.json`, parsed. */
  modelJson: object;
  /** All shards, one behind the other in the order of the manifest. */
  weights: Uint8Array;
}

/**
 * The layers model of TensorFlow.js at a path or address of its `model.json`, whose shards lie beside it, or in memory: its
 * architecture and weights, not compiled. Quantised weights become float32. Throws as `importKeras` does.
 */
export async function importTfjs(source: string | URL | TfjsModel, options: ImportOptions = {}): Promise<Network> {
  assertOptions('importTfjs', options, ['customObjects']);
  const name = isInMemory(source) ? 'model.json' : sourceName(source);
  return await guarded(name, async () => {
    const json = isInMemory(source)
      ? objectOf(source.modelJson, 'modelJson')
      : objectOf(parseJson(await readSource(source), name), name);
    const format = member(json, 'format') ?? 'layers-model';
    if (format !== 'layers-model') {
      const hint = 'convert the Keras model itself, with tensorflowjs_converter or importKeras';
      throw fail('FILE_FORMAT', `reading ${name}`, 'a layers model', describeValue(format), hint);
    }
    const groups = groupsOf(json);
    const topology = objectOf(member(json, 'modelTopology'), 'modelTopology');
    const model = architectureOf(member(topology, 'model_config') ?? topology, options, { oldHardSigmoid: true });
    const bytes = isInMemory(source)
      ? [bytesOf(source.weights)]
      : await Promise.all(groups.map(({ paths }) => shards(source, paths)));
    const lists = isInMemory(source)
      ? [groups.flatMap(({ weights }) => weights)]
      : groups.map(({ weights }) => weights);
    const tensors = lists.flatMap((list, i) => tensorsIn(list, bytes[i] as Uint8Array));
    await assign(model, tensors);
    return model;
  });
}

function isInMemory(source: unknown): source is TfjsModel {
  return isObject(source) && !(source instanceof URL) && 'modelJson' in (source as Json);
}

function bytesOf(weights: unknown): Uint8Array {
  if (weights instanceof Uint8Array) return weights;
  throw fail('INVALID_VALUE', 'importTfjs weights', 'a Uint8Array', describeValue(weights));
}

async function shards(source: string | URL, paths: readonly string[]): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const path of paths) parts.push(await readSource(beside(source, path) as Source));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function beside(source: string | URL, path: string): string | URL {
  if (source instanceof URL || /^[a-z]+:\/\//i.test(source)) return new URL(path, source);
  return source.replace(/[^/\\]*$/, '') + path;
}

/** Sets the weights of a model to tensors of these names. Throws FILE_FORMAT, and then changes nothing. */
async function assign(model: Network, tensors: readonly NamedTensor[]): Promise<void> {
  const values = new Map<Weight, NamedTensor>();
  for (const layer of model.layers as unknown as readonly AnyLayer[]) match(layer, '', tensors, values);
  const all = [...model.names].map(([weight, name]) => {
    const found = values.get(weight);
    if (found && found.shape.join() === weight.shape.join()) return { data: found.data, shape: [...weight.shape] };
    const got = found ? `[${found.shape.join(', ')}]` : 'none';
    throw fail('FILE_FORMAT', name, `weights of shape [${weight.shape.join(', ')}]`, got);
  });
  await model.setWeights(all);
}

// Tensors are called after their layers; of layers in models, sometimes with the model's name before, sometimes without.
function match(layer: AnyLayer, path: string, tensors: readonly NamedTensor[], values: Map<Weight, NamedTensor>): void {
  const own = `${path}${layer.name}/`;
  if (layer instanceof Network) {
    for (const part of layer.layers as unknown as readonly AnyLayer[]) match(part, own, tensors, values);
    return;
  }
  const weights = layer instanceof Bidirectional ? layer.weights : legacyOrder(layer);
  if (weights.length === 0) return;
  const named = (prefix: string): NamedTensor[] => tensors.filter(({ name }) => ownPath(name).startsWith(prefix));
  const found = [named(own), named(`${layer.name}/`)].find(({ length }) => length === weights.length);
  if (found === undefined) {
    throw fail('FILE_FORMAT', layer.name, `${weights.length} tensors called ${own}…`, `${named(own).length}`);
  }
  weights.forEach((weight, i) => {
    const byName = found.filter(({ name }) => name.endsWith(`/${weight.ownName}`));
    values.set(weight, (byName.length === 1 ? byName[0] : found[i]) as NamedTensor);
  });
}

const ownPath = (name: string): string => name.split('/').map(ownName).join('/');
