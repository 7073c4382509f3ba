// A functional model as plain data: its layers, and which of them was applied to what. Refuses data that does not describe
// a model; nothing of it is followed but numbers of layers and of their results.

import { describeValue, fail } from '../errors.js';
import { InputLayer } from '../layers/input.js';
import type { AnyLayer, Layer } from '../layers/layer.js';
import { LAYERS } from '../layers/named.js';
import { type Application, inputOf, SymbolicTensor } from '../layers/symbolic.js';
import { wholeNumber } from '../numbers.js';
import { type Config, serialize } from '../units.js';
import { serializeLayer } from './composite.js';

/** A value: −1 and the number of an input, or the number of an application and of its result. */
type Place = readonly [application: number, index: number];

/** The parts of a model's configuration. */
export function modelConfig(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  layers: readonly Layer[],
  applications: readonly Application[],
  names: { inputs: readonly string[]; outputs: readonly string[] | undefined },
): Config {
  const place = (x: SymbolicTensor): Place => {
    const input = inputs.indexOf(x);
    return input >= 0 ? [-1, input] : [applications.indexOf(x.source), x.index];
  };
  // An input is described by itself.
  const others = layers.filter(
    (layer) => !inputs.some((x) => x.layer === (layer as unknown as AnyLayer) && isSource(x)),
  );
  return {
    layers: others.map(serializeLayer),
    inputs: inputs.map((x, i) => {
      const [, ...shape] = x.shape;
      return serialize(
        isSource(x) ? x.layer : new InputLayer({ shape: shape as number[], name: names.inputs[i] as string }),
      );
    }),
    applications: applications.map(({ layer, inputs: xs, listed, options }) => ({
      layer: others.indexOf(layer as unknown as Layer),
      inputs: listed ? xs.map(place) : place(xs[0] as SymbolicTensor),
      ...(Object.keys(options).length > 0 && { options }),
    })),
    outputs: outputs.map(place),
    ...(names.outputs && { outputNames: names.outputs }),
  };
}

const isSource = (x: SymbolicTensor): boolean => x.source.inputs.length === 0;

/** Inputs and outputs from such a configuration. Throws FILE_FORMAT and what layers throw. */
export function modelParts(config: Config): { inputs: SymbolicTensor[]; outputs: unknown } {
  const layers = list(config.layers, 'layers').map((layer) => LAYERS.resolve(layer) as unknown as AnyLayer);
  const inputs = list(config.inputs, 'inputs').map((input) => {
    const layer: unknown = LAYERS.resolve(input);
    if (!(layer instanceof InputLayer)) throw malformed('an InputLayer', input);
    return inputOf(layer as unknown as AnyLayer, layer.inputShape ?? [], layer.dtype);
  });
  const results: (readonly SymbolicTensor[])[] = [];
  const at = (place: unknown): SymbolicTensor => {
    const [application, index] = list(place, 'a place');
    const from = application === -1 ? inputs : results[wholeNumber(application, 'application', 0)];
    const x = from?.[wholeNumber(index, 'index', 0)];
    if (x === undefined) throw malformed('a value that was made before', place);
    return x;
  };
  for (const entry of list(config.applications, 'applications')) {
    const { layer, inputs: xs, options = {} } = (entry ?? {}) as Config;
    const used = layers[wholeNumber(layer, 'layer', 0)];
    if (used === undefined) throw malformed('the number of a layer', layer);
    const listed = list(xs, 'inputs').some(Array.isArray);
    const given = listed ? list(xs, 'inputs').map(at) : at(xs);
    const made = used.apply(given, options as object);
    results.push(made instanceof SymbolicTensor ? [made] : made);
  }
  const outputs = list(config.outputs, 'outputs').map(at);
  if (config.outputNames !== undefined) {
    const names = list(config.outputNames, 'outputNames').map(String);
    return { inputs, outputs: Object.fromEntries(names.map((name, i) => [name, outputs[i]])) };
  }
  return { inputs, outputs: config.list === true || outputs.length > 1 ? outputs : outputs[0] };
}

function list(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(`a list of ${what}`, value);
}

function malformed(expected: string, got: unknown): Error {
  return fail('FILE_FORMAT', 'Model', expected, describeValue(got));
}
