// A model as the bytes of one safetensors file. Its header carries the architecture, how the model is trained and how far
// it has come; the tensors are the weights under their names and the optimizer's state.

import { fail } from '../errors.js';
import type { SafeTensor } from '../io/safetensors.js';
import { writeSealed } from '../io/sealed.js';
import type { Weight } from '../layers/weight.js';
import { boolean } from '../numbers.js';
import { evaluatedWeights } from '../optimizers/evaluated.js';
import type { Optimizer } from '../optimizers/index.js';
import { memoryOf } from '../optimizers/state.js';
import { assertOptions, serialize } from '../units.js';
import type { Network } from './network.js';

/** Options of `save` and `toBytes`. */
export interface SaveOptions {
  /** Whether to save how the model is trained, with the optimizer's state. Default true. */
  includeOptimizer?: boolean;
}

/** The version of the layout that this file writes. */
export const FILE_VERSION = 1;

/** What the piece of state is called that weights are for training, where others are evaluated. */
export const TRAINED = 'trained';

/** The tensor of a piece of optimizer state; names of layers contain no colon. */
export function stateName(weight: string, state: string): string {
  return `optimizer:${state}:${weight}`;
}

/** The bytes of a model. */
export async function encodeModel(model: Network, options: SaveOptions): Promise<Uint8Array<ArrayBuffer>> {
  assertOptions('save', options, ['includeOptimizer']);
  const compiled = boolean(options.includeOptimizer ?? true, 'includeOptimizer') ? model.compiledOrNone : undefined;
  if (compiled?.optimizer.hasPatterns && !model.built) {
    const hint = 'patterns are saved as the names they match: build the model first';
    throw fail('NOT_BUILT', 'save', 'a model whose weights have names', 'one that was not built', hint);
  }
  const names = [...model.names.values()];
  const description = {
    version: FILE_VERSION,
    model: serialize(model),
    inputShape: model.savedShape,
    position: model.position,
    compile: compiled ? { ...compiled.getConfig(names), iterations: compiled.optimizer.steps } : null,
  };
  const tensors = await evaluatedTensors(model, compiled?.optimizer);
  // Before its first step an optimizer's state is what it begins with.
  if (compiled && compiled.optimizer.steps > 0) await addState(tensors, model, compiled.optimizer);
  const metadata = new Map([
    ['format', 'descend'],
    ['descend', JSON.stringify(description)],
  ]);
  return writeSealed(tensors, metadata);
}

/** The bytes of the weights alone. */
export async function encodeWeights(model: Network): Promise<Uint8Array<ArrayBuffer>> {
  return writeSealed(await weightTensors(model), new Map([['format', 'descend']]));
}

/** All weights by name, as they are worth evaluating; as they are trained too where that is something else. */
async function evaluatedTensors(model: Network, optimizer: Optimizer | undefined): Promise<Map<string, SafeTensor>> {
  const [tensors, { names }] = [await weightTensors(model), model];
  for (const [weight, evaluated] of await evaluatedWeights(optimizer, model.trainableWeights)) {
    const name = names.get(weight as Weight) as string;
    tensors.set(stateName(name, TRAINED), tensors.get(name) as SafeTensor);
    tensors.set(name, tensorOf(weight.shape, await evaluated.read()));
  }
  return tensors;
}

/** All weights by name. */
export async function weightTensors(model: Network): Promise<Map<string, SafeTensor>> {
  const tensors = new Map<string, SafeTensor>();
  for (const [weight, name] of model.names) tensors.set(name, tensorOf(weight.shape, await weight.read()));
  return tensors;
}

/** Adds the state of this model's weights: the optimizer may serve others as well. */
export async function addState(tensors: Map<string, SafeTensor>, model: Network, optimizer: Optimizer): Promise<void> {
  const memory = memoryOf(optimizer);
  const variables = new Map(Object.entries((await memory.read()).variables));
  for (const [weight, name] of model.names) {
    const states = variables.get(memory.nameOf(weight) ?? name);
    for (const [state, { data, shape }] of Object.entries(states ?? {})) {
      tensors.set(stateName(name, state), tensorOf(shape, data));
    }
  }
}

function tensorOf(shape: readonly number[], data: unknown): SafeTensor {
  return { dtype: 'F32', shape, data: data as Float32Array };
}
