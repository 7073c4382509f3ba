// Keras's files as models: `.keras` (a zip archive) and whole-model `.h5`; and weights alone into a model at hand.

import { fail } from '../../errors.js';
import { readSource, type Source, sourceName } from '../../io/file.js';
import { knowLayers } from '../../layers/registry.js';
import type { Network } from '../../models/network.js';
import { boolean } from '../../numbers.js';
import { assertOptions, type CustomObjects, withCustomObjects } from '../../units.js';
import { guarded } from '../guard.js';
import { type Group, isHdf5, readHdf5 } from '../hdf5/file.js';
import { isObject, type Json, member, objectOf, parseJson } from '../json.js';
import type { AnyNetwork } from '../network.js';
import { isZip, Zip } from '../zip.js';
import { hardSigmoidOfKeras2 } from './hard-sigmoid.js';
import { modelOf } from './topology.js';
import { takeWeights } from './weights.js';

/** Options of importers that make models. */
export interface ImportOptions {
  /** Layers and functions of your own, by the names that the file has for them. */
  customObjects?: CustomObjects;
}

/** Options of importKeras. */
export interface KerasOptions extends ImportOptions {
  /**
   * Whether to compile the model as it was, with its optimizer's state, for training to go on: of Keras 3, where the state
   * is kept weight by weight (all but ScheduleFreeAdamW and LossScaleOptimizer). Default false.
   */
  compile?: boolean;
}

/**
 * The model in a `.keras` file, or in an `.h5` file that Keras 2 or 3 wrote as a whole: its architecture and weights, not
 * compiled unless asked for. A `Sequential` or a `Model`, as it was there. Throws FILE_IO, FILE_FORMAT, UNKNOWN_NAME for a layer that is
 * neither known here nor among `customObjects`, and UNKNOWN_OPTION for an option of one that has no meaning here.
 */
export async function importKeras(source: Source, options: KerasOptions = {}): Promise<Network> {
  assertOptions('importKeras', options, ['customObjects', 'compile']);
  const compile = boolean(options.compile ?? false, 'importKeras compile');
  const name = sourceName(source);
  const bytes = await readSource(source);
  return await guarded(name, async () => {
    const { config, training, weights, version } = await opened(bytes, name);
    if (config === undefined) {
      const hint = 'make the model and call importKerasWeights(model, file)';
      throw fail('FILE_FORMAT', `reading ${name}`, 'a whole model', 'weights alone', hint);
    }
    const model = architectureOf(config, options, { oldHardSigmoid: version < 3 });
    await takeWeights(model, weights);
    if (!compile) return model;
    const isCompiled = isObject(training) && (member(training, 'optimizer') ?? member(training, 'optimizer_config'));
    if (!isCompiled || version < 3) {
      throw fail('FILE_FORMAT', `reading ${name}`, 'a model that Keras 3 compiled', 'one that was not');
    }
    // Optimizers are many, and few ask for them.
    await (await import('./compile.js')).compileAs(model, training as Json, weights);
    return model;
  });
}

/**
 * Sets all weights of a model to those in a `.weights.h5`, `.h5` or `.keras` file; layers are found by their names or,
 * as Keras does it, by their classes and order. Throws NOT_BUILT, FILE_IO, FILE_FORMAT, and then changes nothing.
 */
export async function importKerasWeights(model: AnyNetwork, source: Source): Promise<void> {
  model.assertBuilt('importKerasWeights');
  const name = sourceName(source);
  const bytes = await readSource(source);
  await guarded(name, async () => takeWeights(model, (await opened(bytes, name)).weights));
}

/** What differs between versions. */
interface Dialect {
  /** Whether `hard_sigmoid` is that of Keras 2. */
  readonly oldHardSigmoid?: boolean;
}

/** The model of a Keras configuration, without the weights of the file. */
export function architectureOf(config: unknown, { customObjects = {} }: ImportOptions, dialect: Dialect = {}): Network {
  knowLayers();
  const own = { hardSigmoidOfKeras2, ...customObjects };
  return withCustomObjects(own, () => modelOf(dialect.oldHardSigmoid ? withOldSigmoids(config) : config));
}

// Names of activations are texts wherever they stand.
function withOldSigmoids(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOldSigmoids);
  if (!isObject(value)) return value;
  const entries = Object.keys(value).map((name) => {
    const is = /activation$/.test(name) && /^hard_?sigmoid$/i.test(String(value[name]));
    return [name, is ? hardSigmoidOfKeras2 : withOldSigmoids(value[name])] as const;
  });
  return Object.fromEntries(entries);
}

/** What a file holds: the architecture, if any, and where its weights are. */
interface Opened {
  readonly config: unknown;
  /** What it was compiled with, if it was. */
  readonly training: unknown;
  /** Of Keras: 2, 3. */
  readonly version: number;
  readonly weights: Group;
}

async function opened(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Opened> {
  if (isZip(bytes)) {
    const zip = new Zip(bytes, name);
    const config = parseJson(await zip.read('config.json'), `config.json of ${name}`);
    const weights = readHdf5(await zip.read('model.weights.h5'), `model.weights.h5 of ${name}`);
    const { keras_version: version } = zip.has('metadata.json')
      ? objectOf(parseJson(await zip.read('metadata.json'), `metadata.json of ${name}`), 'metadata.json')
      : {};
    const training = isObject(config) ? member(config, 'compile_config') : undefined;
    return { config, training, weights, version: versionOf(version) };
  }
  if (!isHdf5(bytes)) throw fail('FILE_FORMAT', `reading ${name}`, 'a .keras or .h5 file', 'other bytes');
  const weights = readHdf5(bytes, name);
  const [text] = weights.texts('model_config') ?? [];
  const config = text === undefined ? undefined : parseJson(text, `model_config of ${name}`);
  const [noted] = weights.texts('training_config') ?? [];
  const training = noted === undefined ? undefined : parseJson(noted, `training_config of ${name}`);
  return { config, training, weights, version: versionOf(weights.texts('keras_version')?.[0]) };
}

// Files from before versions were noted are of Keras 2 or older.
function versionOf(version: unknown): number {
  return Number.parseInt(typeof version === 'string' ? version : '2', 10);
}
