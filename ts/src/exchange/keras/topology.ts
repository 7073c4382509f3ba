// Models from Keras's configurations: layers in a chain, and layers that are applied to what others give, as Keras 3
// (objects with `__keras_tensor__`) and Keras 2 (lists) say it. Refuses loops and values that nothing makes.

import { describeValue, fail, quote } from '../../errors.js';
import { InputLayer } from '../../layers/input.js';
import type { AnyLayer, CallOptions } from '../../layers/layer.js';
import { inputOf, SymbolicTensor } from '../../layers/symbolic.js';
import { type Ends, Model } from '../../models/model.js';
import { Network } from '../../models/network.js';
import { Sequential } from '../../models/sequential.js';
import { classNameOf } from '../../units.js';
import { isObject, type Json, listOf, member, objectOf, textOf } from '../json.js';
import { type Assemble, layerOf, ownName, sampleOf } from './layers.js';
import { camelCase } from './options.js';

/** The layers of a file are in order but for a few. */
const MOST_PASSES = 64;
const MOST_MODELS = 64;

/** A value by its maker: a layer, its how many-th use, and the how many-th result. */
interface Place {
  readonly layer: string;
  readonly node: number;
  readonly index: number;
}

/** One use of a layer. */
interface Use {
  readonly inputs: readonly Place[];
  /** What it was applied to besides, which is refused where the layer is needed. */
  readonly constants: readonly unknown[];
  /** Named arguments. */
  readonly options: readonly (readonly [string, unknown])[];
}

/** The model of a configuration `{ class_name, config }`. Throws FILE_FORMAT, UNKNOWN_NAME. */
export function modelOf(entry: unknown): Network {
  let depth = 0;
  const assemble: Assemble = (className, config) => {
    if (++depth > MOST_MODELS) throw fail('FILE_FORMAT', 'model', `models ${MOST_MODELS} deep`, 'more');
    const model = className === 'Sequential' ? chainOf(config, assemble) : graphOf(config, assemble);
    depth--;
    return model as unknown as Network<never, never, unknown>;
  };
  const unit = objectOf(entry, 'model');
  const className = textOf(member(unit, 'class_name'), 'class_name of the model').replace(/^.*>/, '');
  if (['Sequential', 'Functional', 'Model'].includes(className)) {
    return assemble(className, configOf(unit)) as unknown as Network;
  }
  const hint = 'models of a class of its own are code: load their weights into a model that you make';
  throw fail('UNKNOWN_NAME', 'model', 'Sequential or Functional', quote(className), hint);
}

// Keras 1 had a list of layers for a config.
function configOf(unit: Json): Json {
  const config = member(unit, 'config');
  return Array.isArray(config) ? { layers: config } : objectOf(config, 'config of the model');
}

function nameOf(config: Json): { name?: string } {
  const name = member(config, 'name');
  return typeof name === 'string' && name !== '' ? { name: ownName(name) } : {};
}

function chainOf(config: Json, assemble: Assemble): Sequential {
  const layers = listOf(member(config, 'layers'), 'layers of a Sequential').map((entry) => layerOf(entry, assemble));
  const entries = layers.map((layer, i) => (i === 0 && layer instanceof InputLayer ? begun(layer) : layer));
  const model = new Sequential(entries as AnyLayer[], nameOf(config));
  const shape = member(config, 'build_input_shape');
  if (!model.built && Array.isArray(shape)) model.build(sampleOf(shape, model.name));
  if (member(config, 'trainable') === false) model.trainable = false;
  return model;
}

const begun = (layer: AnyLayer): SymbolicTensor =>
  inputOf(layer, layer.inputShape ?? [], (layer as unknown as InputLayer).dtype);

function graphOf(config: Json, assemble: Assemble): Model<Ends> {
  const noted = listOf(member(config, 'layers'), 'layers of a model').map(notedOf);
  const needed = neededBy(placesIn([member(config, 'output_layers')]), noted);
  for (const { layer } of placesIn([member(config, 'input_layers')])) needed.add(layer);
  const values = new Map<string, readonly SymbolicTensor[]>();
  const waiting: { layer: AnyLayer; name: string; uses: readonly Use[]; next: number }[] = [];
  for (const { name, entry, uses } of noted) {
    if (!needed.has(name)) continue;
    const layer = layerOf(entry, assemble);
    if (layer instanceof InputLayer) values.set(keyOf(name, 0), [begun(layer)]);
    else waiting.push({ layer, name, uses, next: 0 });
  }
  // Keras 2 counts from 1 the uses of models in models, whose first one is in themselves.
  const named = new Set(waiting.flatMap(({ uses }) => uses.flatMap(({ inputs }) => inputs.map(keyAt))));
  for (const place of placesIn([member(config, 'output_layers')])) named.add(keyAt(place));
  const first = ({ layer, name, uses }: (typeof waiting)[number]): number =>
    layer instanceof Network && named.has(keyOf(name, uses.length)) ? 1 : 0;
  const ready = (use: Use): boolean => use.inputs.every(({ layer, node }) => values.has(keyOf(layer, node)));
  for (let pass = 0, moved = true; moved; pass++) {
    if (pass > MOST_PASSES) throw fail('FILE_FORMAT', 'layers', 'layers behind those that they need', 'another order');
    moved = false;
    for (const one of waiting) {
      for (let use = one.uses[one.next]; use !== undefined && ready(use); use = one.uses[one.next]) {
        values.set(keyOf(one.name, first(one) + one.next++), applied(one.layer, use, values));
        moved = true;
      }
    }
  }
  const stuck = waiting.find(({ uses, next }) => next < uses.length);
  if (stuck) throw fail('FILE_FORMAT', stuck.name, 'inputs that layers before it make', 'a loop, or none');
  const inputs = endsOf(member(config, 'input_layers'), values, 'input_layers');
  const outputs = endsOf(member(config, 'output_layers'), values, 'output_layers');
  const model = new Model<Ends>({ inputs, outputs, ...nameOf(config) });
  if (member(config, 'trainable') === false) model.trainable = false;
  return model;
}

const keyOf = (layer: string, node: number): string => `${node} ${layer}`;
const keyAt = ({ layer, node }: Place): string => keyOf(layer, node);

/** What a file says of a layer. */
interface Noted {
  readonly name: string;
  readonly entry: Json;
  readonly uses: readonly Use[];
}

function notedOf(value: unknown): Noted {
  const entry = objectOf(value, 'layer');
  const config = member(entry, 'config');
  const given = member(entry, 'name') ?? (isObject(config) ? member(config, 'name') : undefined);
  const name = textOf(given, 'name of a layer');
  const uses = listOf(member(entry, 'inbound_nodes') ?? [], `inbound_nodes of ${name}`);
  return { name, entry, uses: uses.map((use) => useOf(use, name)) };
}

// The layers that these values are made by: Keras notes what makes masks, too, which travel by themselves here.
function neededBy(ends: readonly Place[], noted: readonly Noted[]): Set<string> {
  const byName = new Map(noted.map((one) => [one.name, one]));
  const needed = new Set<string>();
  const stack = ends.map(({ layer }) => layer);
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    for (const { inputs } of byName.get(name)?.uses ?? []) stack.push(...inputs.map(({ layer }) => layer));
  }
  return needed;
}

function applied(layer: AnyLayer, use: Use, values: ReadonlyMap<string, readonly SymbolicTensor[]>): SymbolicTensor[] {
  const xs = use.inputs.map((place) => valueAt(place, values));
  if (use.constants.length > 0) {
    const hint = 'write what it computes as a layer';
    throw fail('UNKNOWN_OPTION', layer.name, 'inputs that layers make', describeValue(use.constants[0]), hint);
  }
  const apply = layer.apply.bind(layer) as (x: unknown, options: object) => SymbolicTensor | SymbolicTensor[];
  const listed = layer.takes === 'list' || xs.length > 1;
  const made = apply(listed ? xs : xs[0], optionsOfCall(use.options, layer, layer.name));
  return made instanceof SymbolicTensor ? [made] : [...made];
}

function valueAt(
  { layer, node, index }: Place,
  values: ReadonlyMap<string, readonly SymbolicTensor[]>,
): SymbolicTensor {
  const value = values.get(keyOf(layer, node))?.[index];
  if (value) return value;
  throw fail('FILE_FORMAT', 'model', 'values that layers make', `result ${index} of use ${node} of ${quote(layer)}`);
}

function endsOf(value: unknown, values: ReadonlyMap<string, readonly SymbolicTensor[]>, what: string): Ends {
  if (isPlace(value)) return valueAt(placeOf(value), values);
  if (isObject(value)) {
    const entries = Object.keys(value).map((name) => [name, valueAt(placeOf(value[name]), values)] as const);
    return Object.fromEntries(entries);
  }
  const list = listOf(value, what).map((one) => valueAt(placeOf(one), values));
  // Keras 2 writes one as a list of one.
  return list.length === 1 ? (list[0] as SymbolicTensor) : list;
}

// What a layer was applied to: positional values, and those among the named arguments that are values.
function useOf(node: unknown, name: string): Use {
  const named: [string, unknown][] = [];
  const inputs: Place[] = [];
  const constants: unknown[] = [];
  if (Array.isArray(node)) {
    for (const input of node) {
      if (!Array.isArray(input)) throw fail('FILE_FORMAT', name, 'uses as lists', describeValue(input));
      inputs.push(placeOf(input));
      if (isObject(input[3])) named.push(...Object.entries(input[3]));
    }
  } else {
    const args = listOf(member(objectOf(node, name), 'args'), `args of ${name}`);
    constants.push(...args.filter((value) => value !== null && value !== false && placesIn([value]).length === 0));
    inputs.push(...placesIn(args));
    const kwargs = member(node as Json, 'kwargs');
    if (isObject(kwargs)) named.push(...Object.entries(kwargs));
  }
  const options: [string, unknown][] = [];
  for (const [key, value] of named) {
    if (key === 'mask') continue;
    const places = placesIn([value]);
    if (places.length > 0) inputs.push(...places);
    else options.push([key, value]);
  }
  if (inputs.length === 0) throw fail('FILE_FORMAT', name, 'a layer applied to something', 'nothing');
  return { inputs, options, constants };
}

const CALL_OPTIONS = ['use_causal_mask', 'training'];

function optionsOfCall(named: Use['options'], layer: AnyLayer, name: string): Partial<CallOptions> {
  const kept = named.filter(([key, value]) => {
    if (value === null || value === undefined) return false;
    if (!CALL_OPTIONS.includes(key)) {
      if (value === false) return false;
      throw fail('UNKNOWN_OPTION', name, `calls with ${CALL_OPTIONS.join(', ')}`, `${key} ${describeValue(value)}`);
    }
    // Keras also notes `training: false` where nobody said so; it matters to models that are not to be trained further.
    const matters = layer.layers.length > 0 || classNameOf(layer) === 'BatchNormalization';
    return key !== 'training' || value === true || matters;
  });
  return Object.fromEntries(kept.map(([key, value]) => [camelCase(key), value]));
}

function placesIn(values: readonly unknown[]): Place[] {
  return values.flatMap((value) => {
    if (isPlace(value)) return [placeOf(value)];
    if (Array.isArray(value)) return placesIn(value);
    if (!isObject(value)) return [];
    if (member(value, 'class_name') !== '__keras_tensor__') return [];
    return [placeOf(member(objectOf(member(value, 'config'), '__keras_tensor__'), 'keras_history'))];
  });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isPlace(value: unknown): value is [string, number, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && isCount(value[1]) && isCount(value[2]);
}

function placeOf(value: unknown): Place {
  if (isPlace(value)) return { layer: value[0], node: value[1], index: value[2] };
  throw fail('FILE_FORMAT', 'model', '[layer, use, result]', describeValue(value));
}
