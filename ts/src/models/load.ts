// A model from the bytes that `save` wrote. The file is not trusted: it can only name classes that are listed here or
// were handed over, every tensor must be the one the architecture calls for, and no property of it is ever followed.

import { DescendError, describeValue, fail, quote } from '../errors.js';
import { readSource, type Source, sourceName } from '../io/file.js';
import type { SafeTensor, SafetensorsFile } from '../io/safetensors.js';
import { readSealed } from '../io/sealed.js';
import { knowNames } from '../later.js';
import { LAYERS } from '../layers/named.js';
import { knowLayers } from '../layers/registry.js';
import { knowMadeMetrics } from '../metrics/rest.js';
import { wholeNumber } from '../numbers.js';
import { get as optimizerOf, type SerializedOptimizer } from '../optimizers/index.js';
import { memoryOf, type StateDict, statesOf } from '../optimizers/state.js';
import {
  assertOptions,
  type CustomObjects,
  isSerialized,
  type Serialized,
  Units,
  withCustomObjects,
} from '../units.js';
import type { CompileOptions } from './compiled.js';
import { FILE_VERSION, stateName, TRAINED } from './encode.js';
import { Model } from './model.js';
import { Network } from './network.js';
import { Sequential } from './sequential.js';
import { takeTensor } from './weights-file.js';

/** Options of `loadModel`. */
export interface LoadOptions {
  /** Layers, losses, metrics, initializers and functions of your own, by the names they were saved under. */
  customObjects?: CustomObjects;
  /** Whether to compile the model as it was, with the optimizer's state. Default true. */
  compile?: boolean;
}

const MODELS: Units<Network> = new Units('model', Network as never, [Sequential, Model as never]);

/**
 * The model in a file, at an address, or in bytes. Trained on, it goes on exactly where the saved one stood. Throws
 * FILE_IO, FILE_FORMAT, and UNKNOWN_NAME for a class that is not known here.
 */
export async function loadModel(source: Source, options: LoadOptions = {}): Promise<Network> {
  assertOptions('loadModel', options, ['customObjects', 'compile']);
  const bytes = await readSource(source);
  return decodeModel(readSealed(bytes, sourceName(source)), sourceName(source), options);
}

/**
 * A model from plain data, such as `{ className: 'Sequential', config: model.getConfig() }`: the same architecture, name
 * and seed, with weights of its own. Throws UNKNOWN_NAME for a class that is neither known here nor among `customObjects`.
 */
export function modelFromConfig(config: Serialized, options: { customObjects?: CustomObjects } = {}): Network {
  assertOptions('modelFromConfig', options, ['customObjects']);
  return withCustomObjects(options.customObjects ?? {}, () => modelOf(config));
}

function modelOf(config: unknown): Network {
  knowLayers();
  LAYERS.know([Sequential as never, Model as never]);
  knowNames();
  knowMadeMetrics();
  return MODELS.resolve(config);
}

function decodeModel(file: SafetensorsFile, name: string, options: LoadOptions): Network {
  const { compile = true, customObjects = {} } = options;
  const text = file.metadata.get('descend');
  if (text === undefined) throw fail('FILE_FORMAT', `reading ${name}`, 'a model saved by descend', 'other tensors');
  try {
    const description = new Description(JSON.parse(text));
    return withCustomObjects(customObjects, () => rebuild(description, file, compile));
  } catch (error) {
    if (error instanceof DescendError && error.code === 'UNKNOWN_NAME') throw error;
    throw fail('FILE_FORMAT', `reading ${name}`, 'a model saved by descend', reason(error), undefined, error);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : describeValue(error);
}

/** The JSON of a file, each part checked when it is asked for. */
class Description {
  readonly #parts: ReadonlyMap<string, unknown>;

  constructor(json: unknown) {
    this.#parts = new Map(Object.entries(object(json, 'description')));
    const version = this.#parts.get('version');
    if (version === FILE_VERSION) return;
    throw fail('FILE_FORMAT', 'description', `version ${FILE_VERSION}`, describeValue(version), 'update descend?');
  }

  get model(): unknown {
    const model = this.#parts.get('model');
    if (isSerialized(model)) return model;
    throw fail('FILE_FORMAT', 'description', 'a model { className, config }', describeValue(model));
  }

  get inputShape(): readonly number[] | undefined {
    const shape = this.#parts.get('inputShape');
    return shape === null ? undefined : (shape as readonly number[]);
  }

  get position(): { epochs: number; steps: number } {
    const { epochs, steps } = object(this.#parts.get('position'), 'position');
    return { epochs: wholeNumber(epochs, 'epochs', 0), steps: wholeNumber(steps, 'steps', 0) };
  }

  get compile(): (CompileOptions & { iterations: number }) | undefined {
    const compile = this.#parts.get('compile');
    if (compile === null) return undefined;
    const { iterations, ...options } = object(compile, 'compile');
    return { ...(options as unknown as CompileOptions), iterations: wholeNumber(iterations, 'iterations', 0) };
  }
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fail('FILE_FORMAT', what, 'an object', describeValue(value));
}

// Shapes are compared before a number is copied: an architecture of any size costs nothing until its weights are there.
function rebuild(description: Description, file: SafetensorsFile, compile: boolean): Network {
  const model = modelOf(description.model);
  const { inputShape, position } = description;
  if (inputShape !== undefined) model.build(inputShape);
  model.position = position;
  const tensors = new Map(file.tensors);
  for (const [weight, name] of model.names) {
    weight.assign({ data: takeTensor(tensors, name, weight.shape), shape: weight.shape });
  }
  const saved = description.compile;
  if (saved !== undefined && compile) {
    const { iterations, ...options } = saved;
    model.compile({ ...options, optimizer: optimizerOf(options.optimizer as unknown as SerializedOptimizer) });
    if (model.optimizer.hasPatterns) {
      throw fail('FILE_FORMAT', 'excludeFromWeightDecay', 'names', 'regular expressions', 'files may not carry them');
    }
    const variables = takeState(tensors, model);
    memoryOf(model.optimizer).load({ iterations, variables }, false);
    for (const [weight, own] of model.names) {
      const name = stateName(own, TRAINED);
      if (tensors.has(name)) weight.assign({ data: takeTensor(tensors, name, weight.shape), shape: weight.shape });
    }
  }
  const [extra] = tensors.keys();
  const ignored = saved !== undefined && !compile;
  if (extra === undefined || ignored) return model;
  throw fail('FILE_FORMAT', 'tensors', 'those of the architecture', `${quote(extra)} besides`);
}

// State is there for all trainable weights or, before the first step, for none.
function takeState(tensors: Map<string, SafeTensor>, model: Network): StateDict['variables'] {
  const variables: [string, StateDict['variables'][string]][] = [];
  for (const [weight, own] of model.names) {
    const states = statesOf(model.optimizer, own, weight.shape);
    if (!states.some(({ name }) => tensors.has(stateName(own, name)))) continue;
    const pieces = states.map(({ name, shape }) => {
      return [name, { data: takeTensor(tensors, stateName(own, name), shape), shape }] as const;
    });
    variables.push([own, Object.fromEntries(pieces)]);
  }
  return Object.fromEntries(variables);
}
