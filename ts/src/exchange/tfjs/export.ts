// Models for TensorFlow.js: `model.json` and one file of weights, which `tf.loadLayersModel` reads.

import { fail, quote } from '../../errors.js';
import { writeFile } from '../../io/file.js';
import { makeFolder } from '../../io/folder.js';
import { Bidirectional } from '../../layers/bidirectional.js';
import { InputLayer } from '../../layers/input.js';
import { type AnyLayer, sampleShape } from '../../layers/layer.js';
import type { Application, SymbolicTensor } from '../../layers/symbolic.js';
import { TimeDistributed } from '../../layers/time-distributed.js';
import type { Weight } from '../../layers/weight.js';
import { assemble } from '../../models/graph.js';
import { Model } from '../../models/model.js';
import { Network } from '../../models/network.js';
import { Sequential } from '../../models/sequential.js';
import { assertOptions, type Config, classNameOf } from '../../units.js';
import type { AnyNetwork } from '../network.js';
import { type Entry, entryOf, wordOf } from './config.js';
import type { TfjsModel } from './import.js';

const SHARD = 'group1-shard1of1.bin';

/** Options of exportTfjs. */
export interface TfjsExportOptions {
  /** Where to write `model.json` and `group1-shard1of1.bin`, besides. A path; Node, Deno and Bun only. */
  folder?: string;
}

/**
 * A model as TensorFlow.js reads it: `model.json` and the weights. Initializers are left out, for weights have their
 * values; optimizers too. Throws NOT_BUILT, and INVALID_VALUE, before anything is written, for layers and options that
 * TensorFlow.js does not have: attention, GRU with `resetAfter`, groups, bilinear up-sampling and others.
 */
export async function exportTfjs(model: AnyNetwork, options: TfjsExportOptions = {}): Promise<TfjsModel> {
  assertOptions('exportTfjs', options, ['folder']);
  model.assertBuilt('exportTfjs');
  const topology = entryOfModel(model as unknown as AnyLayer, true);
  const named = namesIn(model as unknown as AnyLayer);
  assertUnique(named.map(([name]) => name));
  const specs = named.map(([name, { shape }]) => ({ name, shape: [...shape], dtype: 'float32' }));
  const weights = new Uint8Array(named.reduce((sum, [, { size }]) => sum + 4 * size, 0));
  const view = new DataView(weights.buffer);
  let at = 0;
  for (const [, weight] of named) {
    for (const value of await weight.read()) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  const modelJson = {
    format: 'layers-model',
    generatedBy: 'descend',
    convertedBy: null,
    modelTopology: { ...topology, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    weightsManifest: [{ paths: [SHARD], weights: specs }],
  };
  const { folder } = options;
  if (folder !== undefined) {
    await makeFolder(folder);
    await writeFile(`${folder}/${SHARD}`, weights);
    await writeFile(`${folder}/model.json`, new TextEncoder().encode(JSON.stringify(modelJson)));
  }
  return { modelJson, weights };
}

function assertUnique(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      const hint =
        'TensorFlow.js keeps weights by the names of their layers alone, without those of models around them';
      throw fail('DUPLICATE_NAME', 'exportTfjs', 'layers of different names', `${quote(name)} twice`, hint);
    }
    seen.add(name);
  }
}

// Weights by the names that TensorFlow.js gives them.
function namesIn(layer: AnyLayer): [string, Weight][] {
  if (layer instanceof Network) return (layer.layers as unknown as readonly AnyLayer[]).flatMap(namesIn);
  const named = (part: { weights: readonly Weight[] }, path: string): [string, Weight][] =>
    part.weights.map((weight) => [`${path}/${kernelName(part, weight)}`, weight]);
  if (!(layer instanceof Bidirectional))
    return named(layer instanceof TimeDistributed ? layer.layer : layer, layer.name);
  const word = wordOf(layer);
  const ahead = named(layer.forwardLayer, `${layer.name}/forward_${word}`);
  return [...ahead, ...named(layer.backwardLayer, `${layer.name}/backward_${word}`)];
}

function kernelName(layer: object, { ownName }: Weight): string {
  return ownName === 'kernel' && /^Depthwise/.test(classNameOf(layer)) ? 'depthwise_kernel' : ownName;
}

function entryOfModel(layer: AnyLayer, outermost = false): Entry {
  if (layer instanceof Sequential) return chain(layer);
  if (layer instanceof Model) return graph(layer as unknown as Model);
  if (layer instanceof Network) {
    const what = outermost ? 'exportTfjs' : layer.name;
    throw fail('INVALID_VALUE', what, 'a Sequential or a Model', classNameOf(layer));
  }
  return entryOf(layer);
}

function chain(model: Sequential): Entry {
  const layers = model.layers.map((layer) => entryOfModel(layer as unknown as AnyLayer));
  const [first] = layers;
  // A chain begins with the shape of its samples, whoever said it.
  if (first) (first.config as Config).batch_input_shape ??= [null, ...model.inputShape];
  return { class_name: 'Sequential', config: { name: model.name, layers } };
}

type Place = [layer: string, node: number, index: number];

function graph(model: Model): Entry {
  const { applications, layers } = assemble(model.inputs, model.outputs);
  const uses = new Map<AnyLayer, Application[]>();
  for (const application of applications) {
    uses.set(application.layer, [...(uses.get(application.layer) ?? []), application]);
  }
  const names = new Map(model.inputs.map((x, i) => [x, inputName(x, model.inputNames[i] as string)]));
  const place = (x: SymbolicTensor): Place => {
    const name = names.get(x);
    if (name !== undefined) return [name, 0, 0];
    // The first use of a model is in itself.
    const use = (uses.get(x.layer) ?? []).indexOf(x.source) + (x.layer instanceof Network ? 1 : 0);
    return [x.layer.name, use, x.index];
  };
  const inputs = model.inputs.map((x) => {
    const name = names.get(x) as string;
    const config = { name, batch_input_shape: [null, ...sampleShape(x.shape, name)], dtype: x.dtype, sparse: false };
    return { name, class_name: 'InputLayer', config, inbound_nodes: [] };
  });
  const others = (layers as unknown as readonly AnyLayer[]).filter((layer) => !(layer instanceof InputLayer));
  const entries = others.map((layer) => ({
    name: layer.name,
    ...entryOfModel(layer),
    inbound_nodes: (uses.get(layer) ?? []).map(({ inputs: xs, options }) => {
      if (Object.keys(options).length > 0) {
        throw fail('INVALID_VALUE', layer.name, 'a layer applied without options', Object.keys(options).join(', '));
      }
      return xs.map((x) => [...place(x), {}]);
    }),
  }));
  const config = {
    name: model.name,
    layers: [...inputs, ...entries],
    input_layers: model.inputs.map(place),
    output_layers: model.outputs.map(place),
  };
  return { class_name: 'Model', config };
}

// What another layer gives is an input of this model by another name.
const inputName = (x: SymbolicTensor, name: string): string =>
  x.source.inputs.length === 0 ? x.layer.name : `${name}_input`;
