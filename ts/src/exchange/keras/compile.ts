// What a Keras 3 model was compiled with, and what its optimizer remembers, variable by variable: SGD with momentum, Adagrad,
// Adadelta, RMSprop, Adam, AdamW, Adamax, Nadam, Ftrl, Lion, Lamb, Adafactor, Muon. Refuses other forms of state.

import { formatShape } from '../../data/shape.js';
import { fail, quote } from '../../errors.js';
import type { CompileOptions } from '../../models/compiled.js';
import type { Network } from '../../models/network.js';
import { get as optimizerOf, type SerializedOptimizer } from '../../optimizers/index.js';
import { memoryOf, type StateDict, statesOf } from '../../optimizers/state.js';
import { classNameOf } from '../../units.js';
import type { Dataset } from '../hdf5/dataset.js';
import type { Group } from '../hdf5/file.js';
import { isObject, type Json, member, objectOf, textOf } from '../json.js';
import { optionsOf, plainOf } from './options.js';

/** Numbers beside the weights: the count of steps and the rate. */
const BESIDES = 2;
/** The state of Adafactor and the product of Nadam, as they are called here. */
const FACTORED = ['rows', 'columns', 'velocity'];
const PRODUCT = 'momentumProduct';
/** Options of optimizers that only say how Keras computes. */
const HOW = ['name', 'jit_compile', 'is_legacy_optimizer'];

/** Compiles a model as `config` says, with the state in `root`. Throws FILE_FORMAT, UNKNOWN_NAME, UNKNOWN_OPTION. */
export async function compileAs(model: Network, config: Json, root: Group): Promise<void> {
  const unit = objectOf(member(config, 'optimizer') ?? member(config, 'optimizer_config'), 'optimizer');
  const className = textOf(member(unit, 'class_name'), 'class_name of the optimizer').replace(/^.*>/, '');
  const own = objectOf(member(unit, 'config'), 'config of the optimizer');
  const kept = Object.fromEntries(Object.entries(own).filter(([name]) => !HOW.includes(name)));
  const serialized = { className, config: optionsOf(className, kept, className) } as unknown as SerializedOptimizer;
  const [loss, lossWeights, metrics, weighted] = ['loss', 'loss_weights', 'metrics', 'weighted_metrics'].map((name) =>
    plainOf(member(config, name) ?? undefined),
  );
  const options = {
    optimizer: optimizerOf(serialized),
    loss,
    ...(lossWeights !== undefined && { lossWeights }),
    ...(metrics !== undefined && { metrics }),
    ...(weighted !== undefined && { weightedMetrics: weighted }),
  };
  model.compile(options as unknown as CompileOptions);
  await takeState(model, datasetsIn(root));
}

// In the order in which the optimizer made them.
function datasetsIn(root: Group): Dataset[] {
  const group = root.group('optimizer/vars') ?? root.group('optimizer_weights');
  if (group === undefined) return [];
  const names = group.texts('weight_names') ?? group.names.sort((a, b) => Number(a) - Number(b));
  return names.flatMap((name) => group.dataset(name) ?? []);
}

async function takeState(model: Network, datasets: readonly Dataset[]): Promise<void> {
  const [count, , ...all] = datasets;
  const iterations = count ? ((await count.read())[0] as number) : 0;
  if (count === undefined || iterations === 0) return;
  // Nadam keeps one product for all variables, behind their state; here it is kept for each, as what is missing to 1.
  const product = classNameOf(model.optimizer) === 'Nadam' ? all.at(-1) : undefined;
  const rest = product ? 1 - ((await product.read())[0] as number) : 0;
  // An f64 as two floats.
  const missing = Float32Array.of(rest, rest - Math.fround(rest));
  const slots = product ? all.slice(0, -1) : all;
  const trained = [...model.names].filter(([weight]) => model.trainableWeights.includes(weight));
  const variables: [string, StateDict['variables'][string]][] = [];
  let at = 0;
  for (const [weight, own] of trained) {
    const pieces: [string, { data: Float32Array; shape: readonly number[] }][] = [];
    const states = statesOf(model.optimizer, own, weight.shape);
    // Adafactor has a place for each, whether or not it is in use.
    const used = states.filter(({ name, shape }) => name !== PRODUCT && !shape.includes(0)).map(({ name }) => name);
    const places = classNameOf(model.optimizer) === 'Adafactor' ? FACTORED : used;
    const found = new Map(places.map((name) => [name, slots[at++]]));
    for (const { name, shape } of states) {
      if (!used.includes(name)) {
        pieces.push([name, { data: name === PRODUCT ? missing : new Float32Array(), shape }]);
        continue;
      }
      const dataset = found.get(name);
      if (dataset === undefined || formatShape(dataset.shape) !== formatShape(shape)) throw otherForm(model, own);
      pieces.push([name, { data: Float32Array.from(await dataset.read()), shape }]);
    }
    variables.push([own, Object.fromEntries(pieces) as StateDict['variables'][string]]);
  }
  if (at !== slots.length) throw otherForm(model, `${slots.length + BESIDES} numbers`);
  memoryOf(model.optimizer).load({ iterations, variables: Object.fromEntries(variables) }, false);
}

function otherForm(model: Network, what: string): Error {
  const name = isObject(model.optimizer) ? model.optimizer.className : 'optimizer';
  const hint = 'leave out compile: true, and compile the model yourself';
  return fail('FILE_FORMAT', `${name} state`, `values for ${quote(what)} as they are kept here`, 'others', hint);
}
