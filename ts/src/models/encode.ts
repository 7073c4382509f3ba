// A model as the bytes of one safetensors file. Its header carries the architecture, how the model is trained and how far
// it has come; the tensors are the weights under their names and the optimizer's state.

import { fail } from '../errors.js';
import { type SafeTensor, writeSafetensors } from '../io/safetensors.js';
import { boolean } from '../numbers.js';
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
  const names = model.weights.map(({ name }) => name);
  const description = {
    version: FILE_VERSION,
    model: serialize(model),
    inputShape: model.built ? model.inputShape : null,
    position: model.position,
    compile: compiled ? { ...compiled.getConfig(names), iterations: compiled.optimizer.iterations } : null,
  };
  const tensors = new Map<string, SafeTensor>();
  for (const weight of model.weights) tensors.set(weight.name, tensorOf(weight.shape, await weight.read()));
  // Before its first step an optimizer's state is what it begins with.
  if (compiled && compiled.optimizer.iterations > 0) await addState(tensors, model, compiled.optimizer);
  const metadata = new Map([
    ['format', 'descend'],
    ['descend', JSON.stringify(description)],
  ]);
  return writeSafetensors(tensors, metadata);
}

// The state of this model's weights: the optimizer may serve others as well.
async function addState(tensors: Map<string, SafeTensor>, model: Network, optimizer: Optimizer): Promise<void> {
  const { variables } = await memoryOf(optimizer).read();
  const own = new Set(model.weights.map(({ name }) => name));
  for (const [name, states] of Object.entries(variables)) {
    if (!own.has(name)) continue;
    for (const [state, { data, shape }] of Object.entries(states)) {
      tensors.set(stateName(name, state), tensorOf(shape, data));
    }
  }
}

function tensorOf(shape: readonly number[], data: unknown): SafeTensor {
  return { dtype: 'F32', shape, data: data as Float32Array };
}
