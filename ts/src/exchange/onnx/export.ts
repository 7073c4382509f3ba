// Models as ONNX files: what they predict, with their weights, for onnxruntime and its like.

import { VERSION } from '../../engine/version.js';
import { fail } from '../../errors.js';
import { Bidirectional } from '../../layers/bidirectional.js';
import type { AnyLayer } from '../../layers/layer.js';
import type { SymbolicTensor } from '../../layers/symbolic.js';
import type { Weight } from '../../layers/weight.js';
import { assemble } from '../../models/graph.js';
import { Model } from '../../models/model.js';
import { Network } from '../../models/network.js';
import { Sequential } from '../../models/sequential.js';
import { classNameOf } from '../../units.js';
import type { AnyNetwork } from '../network.js';
import { Builder, type End } from './builder.js';
import type { Context, Values } from './context.js';
import { Value } from './value.js';
import { WRITERS } from './writers.js';

/**
 * What a model predicts as an ONNX file (opset 17, float32, any batch): operators for layers, channels turned only where
 * convolutions meet something else. Inputs and outputs are called as in the model, those of a Sequential 'input' and
 * 'output'. Throws NOT_BUILT, and INVALID_VALUE, naming the layer, for layers of your own, masks, and what else ONNX has no
 * operators for.
 */
export async function exportOnnx(model: AnyNetwork): Promise<Uint8Array<ArrayBuffer>> {
  model.assertBuilt('exportOnnx');
  const values = new Map<Weight, Float32Array>();
  for (const [weight] of model.names) values.set(weight, await weight.read());
  const writer = new OnnxWriter(values);
  return writer.model(model);
}

class OnnxWriter {
  readonly #b = new Builder();
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  model(model: AnyNetwork): Uint8Array<ArrayBuffer> {
    const { inputShapes, inputDtypes, outputNames } = model;
    const names = model instanceof Model ? (model as unknown as Model).inputNames : ['input'];
    const inputs = inputShapes.map((shape, i) => ({
      name: names[i] as string,
      shape,
      integer: inputDtypes[i] === 'int32',
    }));
    const results = outputNames.map((name) => name || 'output');
    // An output may be called as an input is, where a layer is both.
    const ends = results.map((name) => (names.includes(name) ? `${name}_output` : name));
    for (const name of [...names, ...ends]) this.#b.reserve(name);
    const xs = inputs.map(({ name, shape }) => Value.last(this.#b, name, shape));
    const ys = this.#network(model, xs);
    const outputs: End[] = ys.map((y, i) => {
      this.#b.output(y.last, ends[i] as string);
      return { name: ends[i] as string, shape: y.shape, integer: false };
    });
    return this.#b.finish(model.name, inputs, outputs, VERSION);
  }

  #network(model: AnyNetwork, xs: readonly Value[]): Value[] {
    if (model instanceof Sequential) {
      return model.layers.reduce((ys, layer) => this.#layer(layer as unknown as AnyLayer, ys, {}), [...xs]);
    }
    if (model instanceof Model) return this.#graph(model as unknown as Model, xs);
    throw fail('INVALID_VALUE', model.name, 'a Sequential or a Model', classNameOf(model));
  }

  #graph(model: Model, xs: readonly Value[]): Value[] {
    const values = new Map<SymbolicTensor, Value>(model.inputs.map((input, i) => [input, xs[i] as Value]));
    const at = (x: SymbolicTensor): Value => values.get(x) as Value;
    for (const { layer, inputs, outputs, options } of assemble(model.inputs, model.outputs).applications) {
      const odd = Object.entries(options).find(([name, value]) => name !== 'useCausalMask' && value !== false);
      if (odd) throw fail('INVALID_VALUE', layer.name, 'a layer applied as to predict', `${odd[0]} in its call`);
      const made = this.#layer(layer, inputs.map(at), options);
      outputs.forEach((output, i) => {
        values.set(output, made[i] as Value);
      });
    }
    return model.outputs.map(at);
  }

  #layer(layer: AnyLayer, xs: readonly Value[], options: Context['options']): Value[] {
    return this.#b.within(layer.name, () => {
      if (layer instanceof Network) return this.#network(layer as unknown as AnyNetwork, xs);
      const write = WRITERS.get(classNameOf(layer));
      if (write === undefined) {
        const hint = 'cut the model before it: new Model({ inputs, outputs }), and compute the rest yourself';
        throw fail('INVALID_VALUE', layer.name, 'a layer that is written as ONNX', classNameOf(layer), hint);
      }
      const made = write(this.#context(layer, xs, options), xs);
      return Array.isArray(made) ? made : [made];
    });
  }

  #context(layer: AnyLayer, xs: readonly Value[], options: Context['options']): Context {
    const named = new Map(layer.namedWeights().map(([name, weight]) => [name.slice(layer.name.length + 1), weight]));
    return {
      b: this.#b,
      layer,
      config: layer.getConfig(),
      options,
      outputShape: shapeOf(layer, xs),
      weight: (name) => {
        const weight = named.get(name);
        return weight && { data: this.#values.get(weight) as Float32Array, shape: weight.shape };
      },
      write: (inner, ys) => this.#layer(inner, ys, {}),
    };
  }
}

// Recurrent layers say theirs themselves, for they may give several.
function shapeOf(layer: AnyLayer, xs: readonly Value[]): number[] {
  const shapes = xs.map(({ shape }) => [...shape]);
  if (layer instanceof Bidirectional) return [];
  const given = layer.takes === 'one' || (layer.takes === 'either' && shapes.length === 1) ? shapes[0] : shapes;
  return layer.computeOutputShape(given as never);
}
